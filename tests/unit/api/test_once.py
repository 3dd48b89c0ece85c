"""Requests with a key act once, whatever happens to whoever carries them out."""

import asyncio
import dataclasses

import pytest

from fadearena.adapters.memory.answers_kept import MemoryAnswers
from fadearena.model.error import StorageUnavailable
from fadearena.model.event import Kill, OperatorAction
from fadearena.ports.answers_kept import KeptAnswer
from fadearena.ports.control import ControlEntry
from tests.support.api import Answer, ApiRoom, api_room, in_room
from tests.support.api_worker import with_worker
from tests.support.room import Room

PATH = "/api/kill-switch"
KILL = {"active": True}
KEY = {"Idempotency-Key": "k-1"}


async def kill(api: ApiRoom, content: object = None, key: str = "k-1") -> Answer:
    """Turn the kill switch with a key."""
    return await api.send("POST", PATH, KILL if content is None else content, headers={"Idempotency-Key": key})


async def rejoin(api: ApiRoom) -> Answer:
    """Order something that is no stop, with a key."""
    return await api.send("POST", "/api/bots/bot/rejoin", headers=KEY)


async def commands(room: Room | ApiRoom) -> list[OperatorAction]:
    """Return all commands, the oldest first."""
    return [entry.action for entry in reversed(await room.control.entries(None, 50))]


def test_the_same_key_gets_the_same_answer_and_acts_once() -> None:
    """Also when things changed meanwhile; another key acts anew, without a key each request does."""

    async def story(api: ApiRoom, room: Room) -> None:
        first = await kill(api)
        assert (first.status, "idempotency-replayed" in first.headers) == (200, False)
        await api.send("POST", PATH, {"active": False})
        again = await kill(api)
        assert (again.body, again.status, again.media_type) == (first.body, 200, "application/json")
        assert again.headers["idempotency-replayed"] == "true"
        assert len(await commands(room)) == 2
        await kill(api, key="k-2")
        await api.send("POST", PATH, KILL)
        await api.send("POST", PATH, KILL)
        assert len(await commands(room)) == 5

    with_worker(story)


def test_a_refusal_is_kept_too() -> None:
    """What the worker refused is refused again, without asking it."""

    async def story(api: ApiRoom, room: Room) -> None:
        first = await kill(api, {"active": False})
        assert (first.status, first.media_type) == (409, "application/problem+json")
        assert first.json["reasons"] == ["nothing here is halted"]
        again = await kill(api, {"active": False})
        assert (again.status, again.body, again.headers["idempotency-replayed"]) == (409, first.body, "true")
        assert len(await commands(room)) == 1

    with_worker(story)


def test_a_key_belongs_to_one_request() -> None:
    """Another body, path or method with it is refused; a key that is none names its header."""

    async def story(api: ApiRoom, room: Room) -> None:
        await kill(api)
        for method, path, content in (
            ("POST", PATH, {"active": True, "flatten": True}),
            ("POST", "/api/trading-state", {"state": "reducing"}),
            ("DELETE", "/api/bots/bot", None),
        ):
            answer = await api.send(method, path, content, headers=KEY)
            assert (answer.status, "another request" in answer.json["detail"]) == (422, True)
        for key in ("", "a b", "\xe9", "x" * 256):
            answer = await kill(api, key=key)
            assert (answer.status, answer.json["errors"][0]["field"]) == (422, "Idempotency-Key")
        assert len(await commands(room)) == 1

    with_worker(story)


def test_a_wrong_request_leaves_its_key_free() -> None:
    """What came to nothing is not kept: the request that is mended may have the same key."""

    async def story(api: ApiRoom, room: Room) -> None:
        assert (await kill(api, {"active": "yes"})).status == 422
        wrong = await api.send("POST", "/api/settings", {"maxDrawdown": 2}, headers=KEY)
        assert (wrong.status, await commands(room)) == (400, [])
        assert (await kill(api)).status == 200

    with_worker(story)


def test_while_it_is_carried_out_others_are_told_to_wait() -> None:
    """Of many at once one acts; the others get 409 and when to come again, and then its answer."""

    async def story(api: ApiRoom, room: Room) -> None:
        answers = await asyncio.gather(*(rejoin(api) for _ in range(5)))
        assert sorted(answer.status for answer in answers) == [200, 409, 409, 409, 409]
        assert {answer.headers["retry-after"] for answer in answers if answer.status == 409} == {"1"}
        assert (await rejoin(api)).status == 200
        assert len(await commands(room)) == 1

    with_worker(story)


@pytest.mark.parametrize("path", [PATH, "/api/trading-state", "/api/bots/bot/state", "/api/bots/bot/flatten"])
def test_a_stop_waits_for_nobody(path: str) -> None:
    """Whoever carries the first one out may be dead: each of many hands on the same command, and is confirmed."""
    content = {PATH: KILL, "/api/bots/bot/flatten": None}.get(path, {"state": "reducing"})

    async def story(api: ApiRoom, room: Room) -> None:
        answers = await asyncio.gather(*(api.send("POST", path, content, headers=KEY) for _ in range(5)))
        assert {answer.status for answer in answers} == {200}
        assert len(await commands(room)) == 1
        again = await api.send("POST", path, content, headers=KEY)
        assert (again.status, again.headers["idempotency-replayed"]) == (200, "true")

    with_worker(story)


def test_a_queued_stop_is_not_queued_again_and_is_confirmed_later() -> None:
    """Asked again with the same key it tells how it stands by then."""

    async def story(room: ApiRoom) -> None:
        assert ((await kill(room)).status, (await kill(room)).status) == (202, 202)
        assert await commands(room) == [Kill()]
        await room.confirm()
        assert ((await kill(room)).status, await commands(room)) == (200, [Kill()])

    in_room(story)


def test_what_was_withdrawn_may_be_asked_again() -> None:
    """Without a worker nothing happened: the same key acts once there is one."""

    async def story(room: ApiRoom) -> None:
        for _ in range(2):
            assert (await kill(room, {"active": False})).status == 503
        assert len(await commands(room)) == 2

    in_room(story)


@pytest.mark.parametrize("dies", ["before", "after"])
def test_a_process_that_died_over_it_does_not_make_it_happen_twice(dies: str) -> None:
    """Whoever comes with the request later finds out whether the command was handed over, and acts where it was not."""

    async def story(room: ApiRoom) -> None:
        client = room.doors.people
        deaths = [dies]

        class Mortal(type(client)):  # type: ignore[misc]
            """Dies over its first order."""

            async def order(self, action: OperatorAction, actor: str, **key: str) -> ControlEntry:
                fate = deaths.pop() if deaths else ""
                if fate == "before":
                    raise asyncio.CancelledError
                entry: ControlEntry = await client.order(action, actor, **key)
                if fate == "after":
                    raise asyncio.CancelledError
                return entry

        class Left(MemoryAnswers):
            """Hears nothing more of who died."""

            async def let_go(self, answer: KeptAnswer) -> None:
                """Do nothing."""

            forget = let_go

        people = Mortal.__new__(Mortal)
        people.__dict__.update(client.__dict__)
        room.app.state.doors = dataclasses.replace(room.doors, people=people, answers=Left())
        with pytest.raises(asyncio.CancelledError):
            await kill(room)
        assert (await kill(room)).status == 202
        assert await commands(room) == [Kill()]

    in_room(story, api_room())


def test_where_the_answer_cannot_be_kept_it_is_given_all_the_same() -> None:
    """Who asks again finds the command by its key."""

    async def story(room: ApiRoom) -> None:
        class Full(MemoryAnswers):
            """Keeps nothing."""

            async def finish(self, answer: KeptAnswer) -> None:
                raise StorageUnavailable("the disk is full: free some space")

        room.app.state.doors = dataclasses.replace(room.doors, answers=Full())
        first, _ = await asyncio.gather(kill(room), room.confirm())
        assert (first.status, (await kill(room)).status, await commands(room)) == (200, 200, [Kill()])

    in_room(story)
