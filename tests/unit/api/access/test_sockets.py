"""Who may open a WebSocket."""

from collections.abc import Mapping, Sequence

import pytest
from starlette.types import Message, Receive, Scope, Send

from fadearena.api.access import AccessOptions
from fadearena.api.callers import Caller
from fadearena.kit.jumping import run_jumping
from fadearena.ports.access import Role
from tests.support.access import HOUR, OWN, DoorRoom, door_room

FOREIGN = "https://evil.example"
ELSEWHERE = AccessOptions(host="0.0.0.0")  # noqa: S104 - it is what the tests are about
seen: list[Scope] = []


async def accept(scope: Scope, receive: Receive, send: Send) -> None:
    """Take whoever comes."""
    seen.append(scope)
    await receive()
    await send({"type": "websocket.accept"})


async def knock(
    door: DoorRoom, headers: Mapping[str, str], protocols: Sequence[str] = (), extensions: Sequence[str] = ()
) -> list[Message]:
    """Ask for a WebSocket, and return what was said."""
    told: list[Message] = []
    given = {"host": "127.0.0.1:4800", **headers}
    scope: Scope = {
        "type": "websocket",
        "scheme": "ws",
        "path": "/ws",
        "raw_path": b"/ws",
        "query_string": b"",
        "headers": [(name.encode(), text.encode()) for name, text in given.items()],
        "client": ("127.0.0.1", 1),
        "subprotocols": list(protocols),
        "extensions": {name: {} for name in extensions},
    }
    if protocols:
        scope["headers"].append((b"sec-websocket-protocol", ", ".join(protocols).encode()))

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        told.append(message)

    await door.door(scope, receive, send)
    return told


def is_let_in(told: list[Message]) -> bool:
    """Tell whether a WebSocket was opened."""
    return bool(told[0]["type"] == "websocket.accept")


@pytest.mark.parametrize(
    ("origin", "here", "elsewhere"),
    [("", True, False), (OWN, True, False), (FOREIGN, False, False), ("null", False, False)],
)
def test_without_anything_only_this_machine_gets_in(origin: str, here: bool, elsewhere: bool) -> None:
    """And never the page of somebody else."""
    headers = {"origin": origin} if origin else {}
    for options, expected in ((None, here), (ELSEWHERE, elsewhere)):
        door = door_room(options, accept)
        assert is_let_in(run_jumping(knock(door, headers), door.clock)) is expected


@pytest.mark.parametrize(
    ("age", "origin", "expected"),
    [(0, OWN, True), (0, "", False), (0, FOREIGN, False), (0, "null", False), (12 * HOUR, OWN, False)],
)
def test_a_session_gets_in_from_our_own_page(age: int, origin: str, expected: bool) -> None:
    """The browser sends the cookie whoever's page it is: the origin tells."""
    door = door_room(ELSEWHERE, accept)

    async def story() -> list[Message]:
        cookie = await door.session(Role.VIEWER, age=age)
        return await knock(door, {**cookie, **({"origin": origin} if origin else {})})

    assert is_let_in(run_jumping(story(), door.clock)) is expected


def test_a_token_comes_as_a_protocol() -> None:
    """Scripts of a page can send no other header. `bearer` is selected, and what the token was stands nowhere later."""
    door = door_room(ELSEWHERE, accept)

    async def story() -> None:
        _, header = await door.token(Role.VIEWER, name="ann")
        text = header["authorization"].removeprefix("Bearer ")
        (accepted,) = await knock(door, {"origin": OWN}, ("bearer", text))
        assert accepted == {"type": "websocket.accept", "subprotocol": "bearer"}
        scope = seen[-1]
        assert (scope["subprotocols"], scope["state"]["caller"].actor) == (["bearer"], "api:ann")
        assert text not in repr(scope)
        assert is_let_in(await knock(door, header))
        assert text not in repr(seen[-1])
        for protocols in (("bearer", text[:-1]), ("bearer",), (text, "bearer"), ("other", text)):
            assert not is_let_in(await knock(door, {"origin": OWN}, protocols))
        assert not is_let_in(await knock(door, {"origin": FOREIGN}, ("bearer", text)))

    run_jumping(story(), door.clock)


def test_who_is_not_let_in_is_told_why() -> None:
    """With the status of HTTP where the server can; the name and the path are looked at as with any request."""
    door = door_room(ELSEWHERE, accept)

    async def story() -> list[int]:
        asked: tuple[dict[str, str], ...] = ({}, {"origin": FOREIGN}, {"host": "evil.example"}, {"host": ""})
        found = [await knock(door, headers, extensions=("websocket.http.response",)) for headers in asked]
        assert {message["type"] for told in found for message in told} == {
            "websocket.http.response.start", "websocket.http.response.body"
        }  # fmt: skip
        return [told[0]["status"] for told in found]

    assert run_jumping(story(), door.clock) == [401, 403, 421, 400]


def test_a_socket_can_be_asked_again_who_it_is() -> None:
    """A token that was revoked meanwhile may nothing any more."""
    door = door_room(ELSEWHERE, accept)

    async def story() -> list[Caller]:
        token, header = await door.token(Role.VIEWER, name="ann")
        await knock(door, {}, ("bearer", header["authorization"].removeprefix("Bearer ")))
        recheck = seen[-1]["state"]["recheck"]
        before = await recheck()
        await door.access.revoke(token.name, door.clock.now_ms())
        return [before, await recheck()]

    assert [caller.role for caller in run_jumping(story(), door.clock)] == [Role.VIEWER, None]
