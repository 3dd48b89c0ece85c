"""What the door makes of bodies: strict JSON of a bounded size that comes in time, or nothing."""

from collections.abc import Mapping

import pytest
from starlette.types import Message

from fadearena.api.access.bodies import DEPTH_MAX
from fadearena.kit.jumping import run_jumping
from fadearena.ports.access import Role
from tests.support.access import door_room, echo, scope_of
from tests.support.api import Answer


def sent(body: bytes, headers: Mapping[str, str] | None = None, role: Role = Role.OPERATOR) -> Answer:
    """Return the answer to a body that somebody sends."""
    door = door_room(app=echo)

    async def story() -> Answer:
        _, token = await door.token(role)
        return await door.ask("POST", "/api/settings", {**token, **(headers or {})}, body)

    return run_jumping(story(), door.clock)


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 1e400}',
        b'{"a": -1e999999}',
        b'{"a": 1',
        b"{'a': 1}",
        b'{"a": 1} x',
        b"\xff\xfe{\x00}\x00",
        b'{"a": "\xff"}',
        b'{"a": 01}',
        b'{"a": "\\ud800"}',
        b"9" * 5_000,
        b"[" * (DEPTH_MAX + 2) + b"]" * (DEPTH_MAX + 2),
        b"[" * 200_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    ],
    ids=range(16),
)
def test_a_body_is_strict_json_or_nothing(body: bytes) -> None:
    """No number that is none, nothing that a double cannot hold, no depth without end; UTF-8 only."""
    refused = sent(body)
    assert (refused.status, refused.media_type) == (400, "application/problem+json")


@pytest.mark.parametrize(
    "body", [b"{}", b"[" * DEPTH_MAX + b"]" * DEPTH_MAX, b'{"a": 1e300, "b": "\\u00e4"}', b"null", b""]
)
def test_a_body_passes_as_it_came(body: bytes) -> None:
    """Nothing of it is changed."""
    assert (sent(body).status, sent(body).body) == (200, body)


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ('application/json;charset="UTF-8"', 200),
        ("application/json; charset=utf-16", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/jsonp", 415),
        ("", 415),
    ],
)
def test_a_body_says_that_it_is_json(kind: str, status: int) -> None:
    """A form of a foreign page never does."""
    assert sent(b"{}", {"content-type": kind}).status == status
    assert sent(b"{}", {"content-encoding": "gzip"}).status == 415


def test_a_body_has_a_size() -> None:
    """A small one for who may change nothing; what is announced as too large is not waited for."""
    large, small = b'"' + b"a" * (1 << 20) + b'"', b'"' + b"a" * (1 << 15) + b'"'
    assert [sent(large).status, sent(small).status] == [413, 200]
    assert sent(small[:20_000], {"content-length": str(1 << 40)}).headers["connection"] == "close"
    door = door_room(app=echo)
    login = run_jumping(door.ask("POST", "/api/login", content=small), door.clock)
    assert login.status == 413


@pytest.mark.parametrize(
    "headers",
    [
        {"content-length": "2", "transfer-encoding": "chunked"},
        {"content-length": "+2"},
        {"content-length": "9" * 5_000},
    ],
)
def test_a_body_has_one_length(headers: dict[str, str]) -> None:
    """A request that a proxy could cut elsewhere is refused, and the connection closed."""
    refused = sent(b"{}", headers)
    assert (refused.status, refused.headers["connection"]) == (400, "close")


def test_a_body_of_a_look_means_nothing() -> None:
    """It is read within the limits, and dropped, whatever it is."""
    door = door_room(app=echo)

    async def story() -> list[int]:
        sizes = (9, 1 << 15)
        return [(await door.ask("GET", "/api/state", {"content-type": "x/y"}, b"[" * size)).status for size in sizes]

    assert run_jumping(story(), door.clock) == [200, 413]


def test_a_slow_body_is_not_waited_for() -> None:
    """It has ten seconds in all, however often a byte of it comes."""
    door = door_room(app=echo)
    told: list[Message] = []

    async def dripping() -> Message:
        await door.clock.sleep_until(door.clock.now_ms() + 3_000)
        return {"type": "http.request", "body": b" ", "more_body": True}

    async def send(message: Message) -> None:
        told.append(message)

    async def story() -> None:
        _, token = await door.token(Role.OPERATOR)
        headers = {**token, "host": "localhost", "content-type": "application/json", "transfer-encoding": "chunked"}
        await door.door(scope_of("http", headers), dripping, send)

    began = door.clock.now_ms()
    run_jumping(story(), door.clock)
    assert (told[0]["status"], door.clock.now_ms() - began) == (408, 10_000)


def test_nobody_is_answered_who_went_away() -> None:
    """What came of his body is dropped, and nothing was done."""
    door = door_room(app=echo)
    told: list[Message] = []

    async def gone() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        told.append(message)

    async def story() -> None:
        _, token = await door.token(Role.OPERATOR)
        headers = {**token, "host": "localhost", "content-type": "application/json", "content-length": "9"}
        await door.door(scope_of("http", headers), gone, send)

    run_jumping(story(), door.clock)
    assert told == []
