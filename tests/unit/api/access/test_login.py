"""How a session begins and ends, and how often somebody may try."""

import asyncio
import dataclasses

import pytest

from fadearena.api.access import AccessOptions
from fadearena.api.access.login import WAITING_MAX
from fadearena.api.access.throttle import ADDRESSES_MAX, Throttle
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.ports.access import Role
from tests.support.access import HOUR, OWN, PASSWORD, DoorRoom, door_room

DAY = 24 * HOUR
WRONG = {"password": "not the right one"}


def cookie_of(set_cookie: str) -> dict[str, str]:
    """Return the header with which a browser sends a cookie back."""
    return {"cookie": set_cookie.partition(";")[0], "origin": OWN}


def test_a_password_begins_a_session() -> None:
    """Its cookie is out of reach of scripts and of other sites, and lets one do what the role may, for twelve hours."""
    door = door_room()

    async def story() -> None:
        await door.password(Role.OPERATOR)
        begun = await door.ask("POST", "/api/login", {"origin": OWN}, {"password": PASSWORD})
        now = door.clock.now_ms()
        shown = {
            "role": "operator",
            "actor": "web:operator@127.0.0.1",
            "proof": "session",
            "expiresAt": now + 12 * HOUR,
        }
        assert (begun.status, begun.json) == (200, shown)
        name, *rest = begun.headers["set-cookie"].split("; ")
        assert name.startswith("fadearena_session=")
        assert rest == ["Max-Age=43200", "Path=/", "HttpOnly", "SameSite=Strict"]
        cookie = cookie_of(begun.headers["set-cookie"])
        assert (await door.ask("GET", "/api/me", cookie)).json == shown
        door.clock.move_by(12 * HOUR)
        assert (await door.ask("GET", "/api/me", cookie)).json["proof"] == "nothing"
        (entry,) = await door.notes()
        assert (entry.what, entry.status, entry.actor) == ("POST /api/login", 200, "web:operator@127.0.0.1")

    run_jumping(story(), door.clock)


@pytest.mark.parametrize("public_url", [None, "https://fade.example"])
def test_behind_tls_the_cookie_asks_for_it(public_url: str | None) -> None:
    """It is of this host alone, and never sent in the clear."""
    door = door_room(AccessOptions(public_url=public_url))

    async def story() -> str:
        await door.password(Role.VIEWER)
        asked = {"password": PASSWORD, "role": "viewer"}
        begun = await door.ask("POST", "/api/login", {"host": "localhost"}, asked)
        return begun.headers["set-cookie"]

    cookie = run_jumping(story(), door.clock)
    assert cookie.startswith("__Host-") is (public_url is not None)
    assert cookie.endswith("; Secure") is (public_url is not None)


def test_a_token_begins_a_session_that_ends_with_it() -> None:
    """It may do what the token may, not longer than the token is good for, and not after it was revoked."""
    door = door_room()

    async def story() -> None:
        end = door.clock.now_ms() + HOUR
        token, header = await door.token(Role.VIEWER, name="ann", expires=end)
        asked = {"token": header["authorization"].removeprefix("Bearer ")}
        begun = await door.ask("POST", "/api/login", content=asked)
        assert begun.json == {
            "role": "viewer", "actor": "web:ann@127.0.0.1", "proof": "session", "expiresAt": end
        }  # fmt: skip
        cookie = cookie_of(begun.headers["set-cookie"])
        assert (await door.ask("GET", "/api/me", cookie)).json["role"] == "viewer"
        await door.access.revoke(token.name, door.clock.now_ms())
        assert (await door.ask("GET", "/api/me", cookie)).json["proof"] == "nothing"
        assert (await door.ask("POST", "/api/login", content=asked)).status == 401

    run_jumping(story(), door.clock)


def test_who_logs_out_is_out() -> None:
    """The session is gone, not only its cookie; a page of others logs nobody out; without a session nothing happens."""
    door = door_room()

    async def story() -> None:
        cookie = await door.session(Role.VIEWER, origin=OWN)
        assert (await door.ask("POST", "/api/logout", {**cookie, "origin": "https://evil.example"})).status == 403
        assert (await door.ask("POST", "/api/logout", {"cookie": cookie["cookie"]})).status == 403
        out = await door.ask("POST", "/api/logout", cookie)
        assert (out.status, "Max-Age=0" in out.headers["set-cookie"]) == (204, True)
        assert (await door.ask("GET", "/api/me", cookie)).json["proof"] == "nothing"
        assert (await door.ask("POST", "/api/logout")).status == 204

    run_jumping(story(), door.clock)


@pytest.mark.parametrize(
    "asked", [{}, {"password": PASSWORD, "token": "fa"}, {"password": PASSWORD, "role": "root"}, {"user": "x"}, [], 7]
)
def test_a_login_is_one_password_or_one_token(asked: object) -> None:
    """Anything else is refused, and what was sent is not repeated."""
    door = door_room()
    answer = run_jumping(door.ask("POST", "/api/login", content=asked), door.clock)
    assert (answer.status, PASSWORD.encode() in answer.body) == (422, False)


def test_a_login_from_somebody_elses_page_is_refused() -> None:
    """Nobody is logged in by a page that he only looks at."""
    door = door_room()

    async def story() -> int:
        await door.password(Role.OPERATOR)
        headers = {"origin": "https://evil.example"}
        return (await door.ask("POST", "/api/login", headers, {"password": PASSWORD})).status

    assert run_jumping(story(), door.clock) == 403


async def tries(door: DoorRoom, count: int, asked: object = WRONG) -> list[int]:
    """Try to log in, again and again."""
    return [(await door.ask("POST", "/api/login", content=asked)).status for _ in range(count)]


def test_wrong_passwords_wait_longer_and_longer() -> None:
    """Also the right one has to wait; it is told for how long, and with it everything is forgotten."""
    door = door_room()

    async def story() -> None:
        await door.password(Role.OPERATOR)
        assert await tries(door, 7) == [401] * 5 + [429] * 2
        door.clock.move_by(1_000)
        assert await tries(door, 2) == [401, 429]
        held = await door.ask("POST", "/api/login", content={"password": PASSWORD})
        assert (held.status, held.headers["retry-after"]) == (429, "2")
        door.clock.move_by(2_000)
        assert await tries(door, 1, {"password": PASSWORD}) == [200]
        assert await tries(door, 6) == [401] * 5 + [429]

    run_jumping(story(), door.clock)


def test_a_role_without_a_password_says_no_all_the_same() -> None:
    """Nobody learns which roles have one."""
    door = door_room()

    async def story() -> None:
        await door.password(Role.OPERATOR)
        first = await door.ask("POST", "/api/login", content={**WRONG, "role": "viewer"})
        second = await door.ask("POST", "/api/login", content={**WRONG, "role": "operator"})
        assert (first.status, first.body) == (second.status, second.body) == (401, first.body)

    run_jumping(story(), door.clock)


def test_many_tries_at_once_are_not_more_than_one_after_the_other() -> None:
    """A try counts from its beginning."""
    door = door_room()

    async def story() -> list[int]:
        await door.password(Role.OPERATOR)
        return [one.status for one in await asyncio.gather(
            *(door.ask("POST", "/api/login", content=WRONG) for _ in range(20))
        )]  # fmt: skip

    assert sorted(run_jumping(story(), door.clock)) == [401] * 5 + [429] * 15


def test_only_some_wait_for_their_turn() -> None:
    """However many addresses they come from: one password is hashed at a time, and eight may wait."""
    door = door_room()

    async def story() -> list[int]:
        await door.password(Role.OPERATOR)
        doors = [dataclasses.replace(door, client=(f"192.0.2.{number}", 1)) for number in range(12)]
        asked = [each.ask("POST", "/api/login", {"host": "localhost"}, WRONG) for each in doors]
        return [answer.status for answer in await asyncio.gather(*asked)]

    assert sorted(run_jumping(story(), door.clock)) == [401] * WAITING_MAX + [429] * 4


def test_waits_double_up_to_a_quarter_of_an_hour() -> None:
    """After an hour of peace all is forgotten."""
    clock = ManualClock(1_000_000)
    throttle, waits = Throttle(clock), []
    for _ in range(18):
        wait = throttle.begin("192.0.2.7")
        waits.append(wait // 1_000)
        clock.move_by(wait)
        if wait:
            assert throttle.begin("192.0.2.7") == 0
    assert waits == [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]
    clock.move_by(HOUR + 1)
    assert throttle.begin("192.0.2.7") == 0


def test_all_addresses_together_are_held_back_too() -> None:
    """By a minute at most: who has a token is never held back. Of addresses a bounded number is remembered."""
    clock = ManualClock(1_000_000)
    throttle = Throttle(clock)
    waits = [throttle.begin(f"192.0.2.{number}") for number in range(60)]
    assert (waits[:50], waits[50:]) == ([0] * 50, [1_000] * 10)
    for number in range(ADDRESSES_MAX + 10):
        clock.move_by(60_000)
        assert throttle.begin(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}") == 0
    assert throttle.begin("198.51.100.1") == 60_000
    assert len(throttle._addresses) == ADDRESSES_MAX


def test_one_network_of_ipv6_is_one_address() -> None:
    """Whoever has one has 2^64 addresses; an IPv4 address in the form of IPv6 is that address."""
    throttle = Throttle(ManualClock(1_000_000))
    waits = [throttle.begin(f"2001:db8::{number:x}") for number in range(6)]
    assert waits == [0] * 5 + [1_000]
    assert [throttle.begin("2001:db8:0:1::1"), throttle.begin("::ffff:192.0.2.1")] == [0, 0]
    assert [throttle.begin("192.0.2.1") for _ in range(5)] == [0] * 4 + [1_000]
