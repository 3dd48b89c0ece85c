"""
Who may do what: every operation that the application has, with everything that one can show.

The operations are those of its own description, so that none can be forgotten. Behind the door stands something that
only says that it was reached: what an operation does then is told elsewhere.
"""

from collections.abc import Awaitable, Callable, Iterator

import pytest
from fastapi.routing import APIRoute
from starlette.types import Receive, Scope, Send

from fadearena.api.access import AccessOptions
from fadearena.api.access.middleware import OPEN
from fadearena.api.access.options import SAFE
from fadearena.api.app import create_app
from fadearena.api.callers import operator, viewer
from fadearena.kit.jumping import run_jumping
from fadearena.ports.access import Role
from tests.support.access import HOUR, OWN, DoorRoom, changes, door_room, operations
from tests.support.api import api_room

REACHED = 299
FOREIGN = "https://evil.example"
Shown = Callable[[DoorRoom], Awaitable[dict[str, str]]]


async def reached(scope: Scope, receive: Receive, send: Send) -> None:
    """Say that the door was passed."""
    await send({"type": "http.response.start", "status": REACHED, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def nothing(door: DoorRoom) -> dict[str, str]:
    """Show nothing."""
    return {}


async def wrong(door: DoorRoom) -> dict[str, str]:
    """Show a token that nobody made."""
    return {"authorization": f"Bearer fa_0123456789ab_{'x' * 43}"}


async def other_secret(door: DoorRoom) -> dict[str, str]:
    """Show the id of a token that there is, with another secret."""
    token, _ = await door.token(Role.OPERATOR)
    return {"authorization": f"Bearer fa_{token.id}_{'x' * 43}"}


async def basic(door: DoorRoom) -> dict[str, str]:
    """Show something that is no token."""
    return {"authorization": "Basic b3BlcmF0b3I6eA=="}


async def revoked(door: DoorRoom) -> dict[str, str]:
    """Show a token that was revoked a moment ago."""
    token, header = await door.token(Role.OPERATOR)
    await door.access.revoke(token.name, door.clock.now_ms())
    return header


async def expired(door: DoorRoom) -> dict[str, str]:
    """Show a token whose last moment has passed."""
    _, header = await door.token(Role.OPERATOR, expires=door.clock.now_ms())
    return header


async def a_viewer(door: DoorRoom) -> dict[str, str]:
    """Show a viewer's token."""
    return (await door.token(Role.VIEWER))[1]


async def an_operator(door: DoorRoom) -> dict[str, str]:
    """Show an operator's token."""
    return (await door.token(Role.OPERATOR))[1]


async def an_operator_elsewhere(door: DoorRoom) -> dict[str, str]:
    """Show an operator's token from somebody else's page."""
    return {**(await door.token(Role.OPERATOR))[1], "origin": FOREIGN}


async def a_session(door: DoorRoom) -> dict[str, str]:
    """Show a session's cookie, and no origin."""
    return await door.session(Role.OPERATOR)


async def our_page(door: DoorRoom) -> dict[str, str]:
    """Show a session's cookie from our own page."""
    return await door.session(Role.OPERATOR, origin=OWN)


async def our_page_of_a_viewer(door: DoorRoom) -> dict[str, str]:
    """Show a viewer's session from our own page."""
    return await door.session(Role.VIEWER, origin=OWN)


async def their_page(door: DoorRoom) -> dict[str, str]:
    """Show a session's cookie from somebody else's page."""
    return await door.session(Role.OPERATOR, origin=FOREIGN)


async def no_page(door: DoorRoom) -> dict[str, str]:
    """Show a session's cookie from a page that has no origin."""
    return await door.session(Role.OPERATOR, origin="null")


async def an_old_session(door: DoorRoom) -> dict[str, str]:
    """Show the cookie of a session that has expired, from our own page."""
    return await door.session(Role.OPERATOR, age=12 * HOUR, origin=OWN)


TABLE: dict[Shown, tuple[int, int, int]] = {
    # changing something, looking from this machine, looking from elsewhere
    nothing: (401, REACHED, 401),
    wrong: (401, 401, 401),
    other_secret: (401, 401, 401),
    basic: (401, 401, 401),
    revoked: (401, 401, 401),
    expired: (401, 401, 401),
    a_viewer: (403, REACHED, REACHED),
    an_operator: (REACHED, REACHED, REACHED),
    an_operator_elsewhere: (403, REACHED, REACHED),
    a_session: (403, REACHED, REACHED),
    our_page: (REACHED, REACHED, REACHED),
    our_page_of_a_viewer: (403, REACHED, REACHED),
    their_page: (403, REACHED, REACHED),
    no_page: (403, REACHED, REACHED),
    an_old_session: (401, REACHED, 401),
}
LOOKS = [(method, path) for method, path in operations() if method in SAFE and path not in OPEN]


def statuses(door: DoorRoom, shown: Shown, asked: list[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Return what each operation answers to somebody."""

    async def story() -> dict[tuple[str, str], int]:
        headers = await shown(door)
        return {each: (await door.ask(*each, headers)).status for each in asked}

    return run_jumping(story(), door.clock)


def test_the_operations_are_those_of_the_contract() -> None:
    """The table is about something: what stops, trades and sets is in it."""
    contract = {
        ("POST", "/api/settings"),
        ("POST", "/api/kill-switch"),
        ("POST", "/api/trading-state"),
        ("POST", "/api/bots"),
        ("PATCH", "/api/bots/1"),
        ("DELETE", "/api/bots/1"),
        ("POST", "/api/bots/preview"),
        ("POST", "/api/dead-letters/1/retry"),
    }
    assert contract <= set(changes())
    assert {("GET", "/api/state"), ("GET", "/metrics")} <= set(LOOKS)


@pytest.mark.parametrize("shown", TABLE, ids=lambda shown: shown.__name__)
def test_every_change_asks_who_it_is(shown: Shown) -> None:
    """Only an operator may change anything, by a token, or by a session from our own page."""
    expected = TABLE[shown][0]
    assert statuses(door_room(app=reached), shown, changes()) == dict.fromkeys(changes(), expected)


@pytest.mark.parametrize("shown", TABLE, ids=lambda shown: shown.__name__)
def test_looking_needs_a_role(shown: Shown) -> None:
    """On this machine nothing has to be shown; what is shown has to be right all the same. Elsewhere one needs it."""
    _, here, elsewhere = TABLE[shown]
    assert statuses(door_room(app=reached), shown, LOOKS) == dict.fromkeys(LOOKS, here)
    public = door_room(AccessOptions(host="0.0.0.0"), app=reached)  # noqa: S104 - it is what the test is about
    assert statuses(public, shown, LOOKS) == dict.fromkeys(LOOKS, elsewhere)


@pytest.mark.parametrize("path", ["/api/not-there", "/api", "/metrics/x", "/openapi.json", "/ws"])
def test_what_is_not_listed_is_closed_too(path: str) -> None:
    """A path that nobody thought of changes nothing without an operator, and shows nothing to strangers."""
    public = door_room(AccessOptions(host="0.0.0.0"), app=reached)  # noqa: S104 - it is what the test is about
    asked = [("POST", path), ("DELETE", path), ("PUT", path), ("BREW", path)]
    assert statuses(public, nothing, asked) == dict.fromkeys(asked, 401)
    assert statuses(public, nothing, [("GET", path)]) == {("GET", path): REACHED if path == "/api" else 401}


def routes(app: object) -> Iterator[APIRoute]:
    """Return all endpoints of an application."""
    for route in getattr(app, "routes", ()):
        if isinstance(route, APIRoute):
            yield route
        elif hasattr(route, "original_router"):
            yield from routes(route.original_router)


def test_every_endpoint_says_itself_who_may_use_it() -> None:
    """The door is the second lock: each endpoint depends on a viewer or an operator, too, but those that are open."""
    found = list(routes(create_app(api_room().doors)))
    assert len(found) >= len({path for _, path in operations()})
    for route in found:
        if route.path in OPEN:
            continue
        calls = {each.call for each in route.dependant.dependencies} | {
            inner.call for each in route.dependant.dependencies for inner in each.dependencies
        }
        needed = viewer if set(route.methods or ()) <= SAFE else operator
        assert needed in calls or operator in calls, f"{route.methods} {route.path} asks nobody who he is"
