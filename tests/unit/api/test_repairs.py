"""What people mend over HTTP: dead letters, drifts, breached limits, events that were set aside."""

import asyncio

import pytest

from fadearena.model.event import (
    AcceptDrift,
    DiscardDeadLetter,
    OperatorAction,
    Resume,
    RetryDeadLetter,
    SkipQuarantined,
)
from fadearena.model.record import ControlAnswer, DeadLetter, SettingsChange
from tests.support.api import ApiRoom, in_room
from tests.support.api_worker import with_worker
from tests.support.room import Room, notice, poisoned
from tests.support.world import settings

LETTER = DeadLetter(id="0xab", state="open", kind="order", subject="bot BTC", error="rejected: lot", attempts=3)


async def answered(room: ApiRoom) -> None:
    """Beat, and accept the next command."""
    await room.beat()
    while not (taken := await room.control.take()):
        await room.clock.sleep_until(room.clock.now_ms() + 20)
    await room.tell(ControlAnswer(control_id=taken[0].id, accepted=True))


@pytest.mark.parametrize(
    ("path", "content", "action"),
    [
        ("/api/dead-letters/0xab/retry", None, RetryDeadLetter(letter="0xab")),
        ("/api/dead-letters/0xab/discard", None, DiscardDeadLetter(letter="0xab")),
        ("/api/accounts/main/resume", None, Resume(account="main")),
        ("/api/accounts/main/accept-drift", {"asset": "BTC"}, AcceptDrift(account="main", coin="BTC")),
        ("/api/quarantine/57/skip", None, SkipQuarantined(seq=57)),
    ],
)
def test_each_repair_is_one_command(path: str, content: object, action: OperatorAction) -> None:
    """It is handed over as it was asked for, and answered once it was done."""

    async def story(room: ApiRoom) -> None:
        await room.tell(SettingsChange(version=1, actor="test", policy=settings()), LETTER)
        answer, _ = await asyncio.gather(room.send("POST", path, content), answered(room))
        assert (answer.status, answer.json["success"]) == (200, True)
        assert (await room.control.entries(None, 9))[0].action == action

    in_room(story)


def test_open_dead_letters_are_listed() -> None:
    """With why, how often, and since when; those that are settled are not there."""

    async def story(room: ApiRoom) -> None:
        assert (await room.get("/api/dead-letters")).json == {"deadLetters": []}
        await room.tell(LETTER)
        (letter,) = (await room.get("/api/dead-letters")).json["deadLetters"]
        assert letter == {
            "id": "0xab",
            "kind": "order",
            "subject": "bot BTC",
            "error": "rejected: lot",
            "attempts": 3,
            "excerpt": "",
            "changed": room.clock.now_ms(),
        }

    in_room(story)


def test_what_is_not_there_is_not_mended() -> None:
    """404 where there is no such thing, 409 with the worker's reason where there is nothing to mend."""

    async def story(api: ApiRoom, room: Room) -> None:
        for path, content, status, words in (
            ("/api/dead-letters/0xab/retry", None, 404, "no open dead letter 0xab"),
            ("/api/accounts/other/resume", None, 404, "no account other"),
            ("/api/accounts/main/resume", None, 409, "nothing here is paused"),
            ("/api/accounts/main/accept-drift", {"asset": "BTC"}, 409, "no drift that could be accepted"),
            ("/api/accounts/main/accept-drift", {}, 422, "asset: Field required"),
            ("/api/quarantine/1/skip", None, 409, "set no event aside"),
            ("/api/quarantine/0/skip", None, 422, "seq"),
        ):
            answer = await api.send("POST", path, content)
            assert (answer.status, words in answer.json["detail"]) == (status, True), answer.body

    with_worker(story)


def test_an_event_that_was_set_aside_is_left_out() -> None:
    """A release names the entry; once it is left out trading goes on."""

    async def story(api: ApiRoom, room: Room) -> None:
        room.venue.tell(notice("poison"))
        await room.wait(5_000)
        refused = await api.send("POST", "/api/kill-switch", {"active": False})
        (seq,) = room.state.quarantined
        assert (refused.status, str(seq) in refused.json["reasons"][0]) == (409, True)
        assert (await api.send("POST", f"/api/quarantine/{seq}/skip")).status == 200
        assert (await api.get("/api/state")).json["tradingState"] == "active"

    with_worker(story, engine=poisoned("poison"))
