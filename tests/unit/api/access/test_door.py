"""What the door makes of a request, whoever sends it: names, paths, bodies, headers, records."""

from collections.abc import Iterable, Mapping

import pytest
from starlette.types import Message
from structlog.testing import capture_logs

from fadearena.adapters.memory.access import MemoryAccess
from fadearena.api.access import AccessOptions
from fadearena.api.access.recorder import BURST, Recorder
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.model.error import StorageUnavailable
from fadearena.ports.access import AccessEntry, Role, Session, Token
from tests.support.access import OWN, DoorRoom, door_room, echo, scope_of
from tests.support.api import Answer

EVERYWHERE = AccessOptions(host="0.0.0.0")  # noqa: S104 - it is what the tests are about
PUBLIC = AccessOptions(public_url="https://fade.example", origins=("https://board.example",))


def asked(
    path: str = "/api/state",
    headers: Mapping[str, str] | None = None,
    *,
    options: AccessOptions | None = None,
    method: str = "GET",
    client: str = "127.0.0.1",
) -> Answer:
    """Return the answer to one request."""
    door = door_room(options, echo)
    door.client = (client, 1)
    return run_jumping(door.ask(method, path, headers), door.clock)


@pytest.mark.parametrize(
    ("host", "options", "status"),
    [
        ("localhost:4800", None, 200),
        ("LOCALHOST.", None, 200),
        ("127.0.0.9", None, 200),
        ("[::1]:4800", None, 200),
        ("evil.example", None, 421),
        ("127.0.0.1.evil.example", None, 421),
        ("192.0.2.7", None, 421),
        ("a b", None, 400),
        ("", None, 400),
        ("localhost:4800/", None, 400),
        ("user@localhost", None, 400),
        ("192.0.2.7:4800", EVERYWHERE, 401),
        ("evil.example", EVERYWHERE, 421),
        ("fade.example", PUBLIC, 401),
        ("evil.example", PUBLIC, 421),
    ],
)
def test_only_our_names_are_answered(host: str, options: AccessOptions | None, status: int) -> None:
    """A page whose name points to this machine gets nothing; beyond loopback any address will do, a name is set."""
    assert asked(headers={"host": host}, options=options).status == status


def test_who_shows_a_token_may_call_us_anything() -> None:
    """No browser sends one by itself, and programs know us by many names."""
    door = door_room(app=echo)

    async def story() -> list[int]:
        _, token = await door.token(Role.VIEWER)
        right = await door.ask("GET", "/metrics", {**token, "host": "api:4800"})
        wrong = await door.ask("GET", "/metrics", {"authorization": "Bearer x", "host": "evil.example"})
        probe = await door.ask("GET", "/healthz", {"host": "10.1.2.3"})
        odd = await door.ask("POST", "/api/x", {**token, "host": "[::", "origin": "http://[::"})
        return [right.status, wrong.status, probe.status, odd.status]

    assert run_jumping(story(), door.clock) == [200, 401, 200, 403]


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "X-Forwarded-Host"])
def test_what_a_proxy_hands_on_is_not_from_here(header: str) -> None:
    """A proxy on this machine that nobody told us of opens nothing to others; neither does one that we believe."""
    assert [asked(headers={header: "192.0.2.7"}).status, asked(client="192.0.2.7").status] == [401, 401]
    assert asked(options=PUBLIC, headers={"host": "fade.example"}).status == 401


@pytest.mark.parametrize(
    "path",
    [
        "/../etc/passwd",
        "/api/../../etc/passwd",
        "/api/%2e%2e/secret",
        "/api/.%2e/secret",
        "/api/bots/..%2f..%2fetc",
        "/api/bots/..%5c..%5cetc",
        "/api\\bots",
        "//evil.example/api",
        "/api//state",
        "/api/./state",
        "/api/bots/a%00b",
        "/api/bots/%0d%0aSet-Cookie:x",
        "/api/bots/%ff%fe",
        "/api/bots/%c0%ae%c0%ae",
        "/api/bots/%zz",
        "/api/bots/%",
        "/" + "a" * 3_000,
    ],
)
def test_a_path_that_can_be_read_in_two_ways_is_refused(path: str) -> None:
    """Dots, double slashes, slashes in disguise, control characters and broken escapes."""
    refused = asked(path)
    assert (refused.status, refused.media_type) == (400, "application/problem+json")


@pytest.mark.parametrize(
    "path", ["/api/bots/xyz%3ANVDA", "/api/bots/deepseek-chat-v3.1", "/api/bots/a%20b", "/", "/api/"]
)
def test_plain_paths_pass(path: str) -> None:
    """Also with an escape where one is needed."""
    assert asked(path).status == 200


def test_a_token_in_a_url_is_refused() -> None:
    """It would stand in logs and histories; the answer says so, and does not repeat it."""
    token = f"fa_0123456789ab_{'x' * 43}"
    for path in (f"/api/bots/{token}", "/api/state"):
        door = door_room(app=echo)
        answer = asked(path) if token in path else run_jumping(_with_query(door, token), door.clock)
        assert (answer.status, token.encode() in answer.body) == (400, False)


async def _with_query(door: DoorRoom, token: str) -> Answer:
    from tests.support.api import ask  # noqa: PLC0415

    return await ask(door.door, "GET", "/api/state", query={"token": token})


def test_a_head_has_a_size() -> None:
    """In headers and in bytes."""
    many = {f"x-{number}": "a" for number in range(101)}
    assert [asked(headers=many).status, asked(headers={"x": "a" * 40_000}).status] == [431, 431]


def test_every_answer_tells_browsers_what_not_to_do() -> None:
    """What is no page loads nothing and is kept nowhere; a page loads what is ours, and no script of its own text."""
    api, page, script, refused = asked(), asked("/page"), asked("/app.js"), asked(headers={"host": "evil.example"})
    for answer in (api, page, script, refused):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert not {"server", "access-control-allow-origin", "strict-transport-security"} & answer.headers.keys()
    assert api.headers["content-security-policy"].startswith("default-src 'none'")
    assert page.headers["content-security-policy"].startswith("default-src 'self'")
    assert [each.headers.get("cache-control") for each in (api, refused, page, script)] == [
        "no-store", "no-store", None, None
    ]  # fmt: skip


def test_behind_tls_browsers_stay_with_it() -> None:
    """For a year; only an answer that came by TLS says so."""
    door = door_room(app=echo)
    told: list[Message] = []

    async def send(message: Message) -> None:
        told.append(message)

    async def nothing() -> Message:
        return {"type": "http.disconnect"}

    scope = {**scope_of("http", {"host": "localhost"}), "scheme": "https", "method": "GET"}
    run_jumping(door.door(scope, nothing, send), door.clock)
    assert (b"strict-transport-security", b"max-age=31536000") in told[0]["headers"]


def test_pages_of_other_origins_are_kept_out_unless_configured() -> None:
    """A browser asks first: those that are configured may go on, with credentials, and read the answer."""
    first = {"host": "fade.example", "access-control-request-method": "POST"}
    welcome = asked(headers={**first, "origin": "https://board.example"}, options=PUBLIC, method="OPTIONS")
    assert welcome.status == 204
    assert welcome.headers["access-control-allow-origin"] == "https://board.example"
    assert "Authorization" in welcome.headers["access-control-allow-headers"]
    other = asked(headers={**first, "origin": "https://evil.example"}, options=PUBLIC, method="OPTIONS")
    assert (other.status, "access-control-allow-origin" in other.headers) == (403, False)
    read = asked("/page", {"host": "fade.example", "origin": "https://board.example"}, options=PUBLIC)
    assert (read.headers["access-control-allow-origin"], read.headers["vary"]) == ("https://board.example", "Origin")


def test_what_would_change_something_is_recorded() -> None:
    """Who, from where, what, with which answer, and which command it led to; also what was refused. Looks are not."""
    door = door_room(app=echo)

    async def story() -> None:
        _, token = await door.token(Role.OPERATOR, name="ann")
        _, other = await door.token(Role.VIEWER, name="bob")
        await door.ask("GET", "/api/state", token)
        await door.ask("POST", "/api/kill-switch", token, {})
        await door.ask("DELETE", "/api/bots/a", other)
        await door.ask("PATCH", "/api/bots/..")
        await door.ask("POST", "/api/kill-switch", {**token, "origin": "https://evil.example"}, {})
        found = [(each.actor, each.what, each.status, each.control_id, each.address) for each in await door.notes()]
        assert found == [
            ("api:ann", "POST /api/kill-switch", 200, 42, "127.0.0.1"),
            ("api:bob", "DELETE /api/bots/a", 403, None, "127.0.0.1"),
            ("anonymous", "PATCH /api/bots/..", 400, None, "127.0.0.1"),
            ("api:ann", "POST /api/kill-switch", 403, None, "127.0.0.1"),
        ]

    run_jumping(story(), door.clock)


def test_a_flood_of_refused_requests_fills_nothing() -> None:
    """Some are kept, then one a second; the next says how many were left out. What an operator does is always kept."""
    door = door_room(app=echo)

    async def story() -> None:
        _, token = await door.token(Role.OPERATOR)
        for _ in range(BURST + 40):
            await door.ask("POST", "/api/settings")
        assert len(await door.notes()) == BURST
        await door.ask("POST", "/api/settings", token, {})
        door.clock.move_by(1_000)
        await door.ask("POST", "/api/settings")
        *_, operators, last = await door.notes()
        assert (operators.status, last.status, last.detail) == (200, 401, "(40 more were refused and not kept)")

    run_jumping(story(), door.clock)


class _Full(MemoryAccess):
    """Keeps nothing, and knows nobody."""

    async def note(self, entry: AccessEntry) -> None:
        raise StorageUnavailable("the disk is full: make room")

    async def session(self, session_id: bytes) -> Session | None:
        raise StorageUnavailable("the disk is full: make room")

    async def token(self, token_id: str) -> Token | None:
        raise StorageUnavailable("the disk is full: make room")


def test_what_cannot_be_recorded_is_logged() -> None:
    """The answer goes out all the same: what was done was done."""
    entry = AccessEntry(time=1, actor="api:ann", address="::1", what="POST /api/kill-switch", status=200)
    clock = ManualClock(1)
    with capture_logs() as lines:
        run_jumping(Recorder(_Full(), clock).note(entry, is_refused=False), clock)
    assert [(line["event"], line["actor"], line["what"]) for line in lines] == [
        ("access_not_recorded", "api:ann", "POST /api/kill-switch")
    ]


def test_without_the_database_nobody_is_known() -> None:
    """Who shows something is told to try again, or how to stop without it, and not let in; a probe is answered."""
    door = door_room(app=echo)
    door.door._identity._store = _Full()

    async def story() -> list[int]:
        token = {"authorization": f"Bearer fa_0123456789ab_{'x' * 43}"}
        shown: Iterable[Mapping[str, str]] = (token, {"cookie": "fadearena_session=x", "origin": OWN})
        found = [(await door.ask("POST", "/api/settings", each)).status for each in shown]
        assert "the file KILL" in (await door.ask("POST", "/api/kill-switch", token)).json["detail"]
        return [*found, (await door.ask("GET", "/healthz")).status]

    assert run_jumping(story(), door.clock) == [503, 503, 200]
