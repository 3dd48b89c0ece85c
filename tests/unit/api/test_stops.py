"""The kill switch and winding down over HTTP, with a whole worker behind it and without one."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from fadearena.model.order import OrderStatus
from fadearena.model.record import Drift
from fadearena.model.units import Side
from tests.support.api import ApiRoom, in_room
from tests.support.api_worker import with_worker
from tests.support.archived import D, fill
from tests.support.room import Room, ordered
from tests.support.shown import latch, order

KILL, STATE = "/api/kill-switch", "/api/trading-state"
STOPPED = "No order leaves any more, and positions stay as they are"


def test_a_kill_is_confirmed_and_released() -> None:
    """The answer comes when it can be read; releasing what is not stopped is refused with the worker's reason."""

    async def story(api: ApiRoom, room: Room) -> None:
        answer = await api.send("POST", KILL, {"active": True, "flatten": False})
        assert answer.status == 200
        assert answer.json == {
            "success": True,
            "killSwitch": True,
            "tradingState": "halted",
            "flat": True,
            "message": STOPPED,
        }
        state = (await api.get("/api/state")).json
        assert (state["killSwitch"], state["tradingState"]) == (True, "halted")
        assert (await room.control.entries(None, 1))[0].actor == "api:test"
        released = (await api.send("POST", KILL, {"active": False})).json
        assert (released["killSwitch"], released["tradingState"], released["flat"]) == (False, "active", False)
        refused = await api.send("POST", KILL, {"active": False, "rejoin": True})
        assert (refused.status, refused.json["reasons"]) == (409, ["nothing here is halted"])
        assert refused.json["error"] == refused.json["detail"] == "nothing here is halted"

    with_worker(story)


def test_flat_is_said_when_nothing_is_held() -> None:
    """A kill leaves positions as they are; with flatten it is flat once they are closed and the exchange says so."""

    async def story(api: ApiRoom, room: Room) -> None:
        room.wallets.trade("BTC", "1")
        await room.wait(3_000)
        assert [order.terms.side for order in ordered(room)] == [Side.SELL]
        assert (await api.send("POST", KILL, {"active": True})).json["flat"] is False
        flattening = (await api.send("POST", KILL, {"active": True, "flatten": True})).json
        assert (flattening["tradingState"], flattening["killSwitch"], flattening["flat"]) == ("flattening", True, False)
        await room.wait(8_000)
        again = (await api.send("POST", KILL, {"active": True})).json
        assert (again["tradingState"], again["flat"]) == ("halted", True)

    with_worker(story)


async def _nothing(_room: ApiRoom) -> None:
    """Leave everything as it is."""


async def _residue(room: ApiRoom) -> None:
    await room.tell(fill("k", bot=None))


async def _drift(room: ApiRoom) -> None:
    await room.tell(Drift(account="main", coin="BTC", ours=D(0), theirs=D(1), is_open=True))


async def _resting(room: ApiRoom) -> None:
    await room.tell(order("0x1", OrderStatus.SUBMITTED))
    await room.tell(*(order(f"0x{n:x}", OrderStatus.FILLED) for n in range(2, 1_100)))


@pytest.mark.parametrize(("left", "is_flat"), [(_nothing, True), (_residue, False), (_drift, False), (_resting, False)])
def test_what_belongs_to_no_bot_is_not_flat(left: Callable[[ApiRoom], Awaitable[None]], *, is_flat: bool) -> None:
    """Neither is what the exchange shows and we do not, nor an order that rests, however many came after it."""

    async def story(room: ApiRoom) -> None:
        await room.tell(latch("all", "kill", "halted"))
        await left(room)
        answer, _ = await asyncio.gather(room.send("POST", KILL, {"active": True}), room.confirm())
        assert (answer.status, answer.json["flat"]) == (200, is_flat)
        assert (await room.send("POST", KILL, {"active": True})).json["flat"] is False  # nobody answers any more

    in_room(story)


def test_without_a_worker_a_stop_is_queued_and_says_so() -> None:
    """After two seconds 202: not confirmed, and how things stand meanwhile. What goes on is not queued."""

    async def story(room: ApiRoom) -> None:
        began = room.clock.now_ms()
        answer = await room.send("POST", KILL, {"active": True})
        assert 2_000 <= room.clock.now_ms() - began < 2_100
        assert answer.status == 202
        assert (answer.json["success"], answer.json["confirmed"], answer.json["killSwitch"]) == (True, False, False)
        assert "NOT confirmed" in answer.json["message"]
        paused = await room.send("POST", STATE, {"state": "reducing"})
        assert (paused.status, paused.json["confirmed"], paused.json["state"]) == (202, False, "active")
        assert (await room.send("POST", KILL, {"active": False})).status == 503
        on = await room.send("POST", STATE, {"state": "active"})
        assert (on.status, "No worker" in on.json["detail"]) == (503, True)
        assert len(await room.control.take()) == 2

    in_room(story)


def test_a_stop_that_a_worker_took_and_never_answered_is_not_confirmed() -> None:
    """It is queued still: the next worker does it first. Whoever asks with the key hears when it was done."""

    async def story(room: ApiRoom) -> None:
        async def taken() -> None:
            await room.clock.sleep_until(room.clock.now_ms() + 100)
            await room.control.take()

        key = {"Idempotency-Key": "k"}
        answer, _ = await asyncio.gather(room.send("POST", KILL, {"active": True}, headers=key), taken())
        assert (answer.status, answer.json["confirmed"], answer.json["flat"]) == (202, False, False)
        await room.confirm()
        again = await room.send("POST", KILL, {"active": True}, headers=key)
        assert (again.status, len(await room.control.entries(None, 9))) == (200, 1)

    in_room(story)


def test_what_makes_no_sense_is_refused() -> None:
    """Fields that do not fit together, are unknown or of another type are named; nothing is ordered."""

    async def story(room: ApiRoom) -> None:
        for path, content in (
            (KILL, {}),
            (KILL, {"active": "true"}),
            (KILL, {"active": True, "rejoin": True}),
            (KILL, {"active": False, "flatten": True}),
            (KILL, {"active": True, "bot": "a"}),
            (STATE, {"state": "halted"}),
            (STATE, b"["),
        ):
            answer = await room.send("POST", path, content)
            assert (answer.status, answer.media_type, bool(answer.json["errors"])) == (
                422,
                "application/problem+json",
                True,
            )
        assert await room.control.take() == ()

    in_room(story)


def test_a_kill_file_keeps_it_stopped(tmp_path: Path) -> None:
    """As long as it is there a release is refused, and says what to remove."""
    (tmp_path / "KILL").touch()

    async def story(api: ApiRoom, room: Room) -> None:
        answer = await api.send("POST", KILL, {"active": False})
        assert (answer.status, "remove it" in answer.json["detail"]) == (409, True)
        assert await room.control.entries(None, 9) == ()

    with_worker(story, kill_file=tmp_path / "KILL")


def test_winding_down_and_going_on() -> None:
    """Going on where nothing stops is no command; a kill switch has an endpoint of its own."""

    async def story(api: ApiRoom, room: Room) -> None:
        on = {"success": True, "state": "active", "confirmed": True, "message": "Positions may open, grow and shrink"}
        assert (await api.send("POST", STATE, {"state": "active"})).json == on
        assert await room.control.entries(None, 9) == ()
        paused = (await api.send("POST", STATE, {"state": "reducing"})).json
        assert (paused["state"], paused["confirmed"]) == ("reducing", True)
        assert (await api.send("POST", STATE, {"state": "active"})).json == on
        await api.send("POST", KILL, {"active": True})
        refused = await api.send("POST", STATE, {"state": "active"})
        assert (refused.status, "POST /api/kill-switch" in refused.json["detail"]) == (409, True)

    with_worker(story)


@pytest.mark.parametrize("path", [KILL, STATE, "/api/settings", "/api/bots"])
def test_a_command_is_named_for_the_record(path: str) -> None:
    """Whoever keeps what was asked for finds the number of the command that it led to."""
    content = {
        KILL: {"active": True},
        STATE: {"state": "reducing"},
        "/api/settings": {"maxDrawdown": "0.3"},
        "/api/bots": {"id": "new", "walletAddress": "0x" + "f" * 40},
    }[path]

    async def story(api: ApiRoom, room: Room) -> None:
        seen: list[dict[str, object]] = []
        inside = api.asgi

        async def watched(scope, receive, send) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
            seen.append(scope["state"])
            await inside(scope, receive, send)

        api.asgi = watched
        await api.send("POST", path, content)
        assert seen[0]["control_id"] == (await room.control.entries(None, 1))[0].id

    with_worker(story)
