"""What every queue of people's commands does: one story for each rule, on every kind."""

import asyncio

import pytest

from fadearena.model.error import InvalidInput
from fadearena.model.event import Kill, Pause, Release, SetPolicy
from fadearena.model.policy import Policy
from fadearena.model.record import ControlAnswer
from fadearena.model.units import Usd
from fadearena.ports.control import ControlState
from tests.support.entries import Writer
from tests.support.read_stores import Doors, Opener, opener, tell

__all__ = ["opener"]
NOW = 1_760_000_000_000


def test_commands_are_kept_as_they_were_given(opener: Opener) -> None:
    """An entry bears who, what and when; it is queued, and is the same for whoever asks later."""
    policy = Policy(daily_loss_limit=Usd("0.1"), asset_exposure_caps={"BTC": Usd(5)})

    async def story(doors: Doors) -> None:
        entry = await doors.control.put("ann", SetPolicy(policy=policy, expected_version=3), now=NOW)
        assert (entry.actor, entry.created, entry.state) == ("ann", NOW, ControlState.QUEUED)
        assert await doors.control.get(entry.id) == entry
        assert entry.action == SetPolicy(policy=policy, expected_version=3)

    tell(opener, story)


def test_a_queue_outlives_whoever_opened_it(opener: Opener) -> None:
    """A command that was queued while no worker ran is taken by one that comes later."""
    entry = tell(opener, lambda doors: doors.control.put("ann", Kill()))
    assert [e.id for e in tell(opener, lambda doors: doors.control.take())] == [entry.id]


def test_ids_grow_with_time(opener: Opener) -> None:
    """An id is the time where that is greater than the last id, so that a queue made anew repeats none."""

    async def story(doors: Doors) -> None:
        ids = [(await doors.control.put("ann", Kill(), now=now)).id for now in (0, NOW, NOW, NOW - 9, NOW + 9)]
        assert ids == [1, NOW, NOW + 1, NOW + 2, NOW + 9]

    tell(opener, story)


def test_ids_go_on_after_a_restore(opener: Opener) -> None:
    """A queue that is older than its journal gives out none of the ids that the journal knows."""

    async def story(doors: Doors) -> None:
        await doors.control.continue_after(57)
        assert (await doors.control.put("ann", Kill())).id == 58
        await doors.control.continue_after(3)
        assert (await doors.control.put("ann", Kill())).id == 59

    tell(opener, story)


def test_an_idempotency_key_makes_one_command(opener: Opener) -> None:
    """The same key with the same command gives back the first entry as it stands, and queues nothing."""

    async def story(doors: Doors) -> None:
        first = await doors.control.put("ann", Kill(), idempotency_key="key")
        await doors.control.take()
        again = await doors.control.put("ann", Kill(), now=NOW, idempotency_key="key")
        assert (again.id, again.created, again.is_taken) == (first.id, 0, True)
        assert await doors.control.of_key("key") == again
        assert await doors.control.of_key("other") is None
        assert len(await doors.control.take()) == 1
        with pytest.raises(InvalidInput, match="another command"):
            await doors.control.put("ann", Kill(flatten=True), idempotency_key="key")
        assert (await doors.control.put("ann", Kill(flatten=True), idempotency_key="other")).id > first.id

    tell(opener, story)


def test_a_worker_takes_what_is_queued_in_order(opener: Opener) -> None:
    """Commands after an id come oldest first, and again to the next worker as long as they have no answer."""

    async def story(doors: Doors) -> None:
        kill, pause = await doors.control.put("ann", Kill()), await doors.control.put("bob", Pause(bot="b"))
        taken = await doors.control.take()
        assert [(e.id, e.action, e.is_taken) for e in taken] == [
            (kill.id, Kill(), True),
            (pause.id, Pause(bot="b"), True),
        ]
        assert list(await doors.control.take()) == list(taken)
        assert [e.id for e in await doors.control.take(kill.id)] == [pause.id]
        assert list(await doors.control.take(pause.id)) == []

    tell(opener, story)


def test_only_what_no_worker_took_can_be_withdrawn(opener: Opener) -> None:
    """A withdrawn command is never taken, a taken one is never withdrawn."""

    async def story(doors: Doors) -> None:
        early, late = await doors.control.put("ann", Kill()), await doors.control.put("ann", Release())
        assert (await doors.control.withdraw(early.id)).state is ControlState.WITHDRAWN
        assert [e.id for e in await doors.control.take()] == [late.id]
        refused = await doors.control.withdraw(late.id)
        assert (refused.state, refused.is_taken) == (ControlState.QUEUED, True)
        assert (await doors.control.withdraw(early.id)).state is ControlState.WITHDRAWN

    tell(opener, story)


def test_an_answer_ends_a_command_once(opener: Opener) -> None:
    """What the worker answered stands with the entry where it was decided; later answers change nothing."""
    writer = Writer()

    async def story(doors: Doors) -> None:
        kill, policy = await doors.control.put("ann", Kill()), await doors.control.put("ann", Release())
        await doors.control.take()
        await doors.records.project(
            [
                writer.entry(ControlAnswer(control_id=kill.id, accepted=True)),
                writer.entry(ControlAnswer(control_id=policy.id, accepted=False, reasons=("it is halted", "so"))),
                writer.entry(ControlAnswer(control_id=kill.id, accepted=False)),
                writer.entry(ControlAnswer(control_id=99, accepted=True)),
            ]
        )
        done, refused = await doors.control.get(kill.id), await doors.control.get(policy.id)
        assert (done.state, done.journal_seq, done.reasons) == (ControlState.ACCEPTED, 1, ())
        assert (refused.state, refused.journal_seq) == (ControlState.REFUSED, 2)
        assert refused.reasons == ("it is halted", "so")
        assert list(await doors.control.take()) == []
        assert await doors.control.withdraw(kill.id) == done

    tell(opener, story)


def test_answers_survive_a_rebuild(opener: Opener) -> None:
    """Commands are not made from the journal: they stay, with their answers, when the tables are made anew."""
    writer = Writer()

    async def story(doors: Doors) -> None:
        kill, pause = await doors.control.put("ann", Kill()), await doors.control.put("ann", Pause())
        entry = writer.entry(ControlAnswer(control_id=kill.id, accepted=True))
        await doors.records.project([entry])
        done = await doors.control.get(kill.id)
        await doors.records.clear()
        assert await doors.control.get(kill.id) == done
        await doors.records.project([entry])
        assert await doors.control.get(kill.id) == done
        assert await doors.control.get(pause.id) == pause

    tell(opener, story)


def test_unknown_commands_are_refused(opener: Opener) -> None:
    """An id that was never given out is an error, not an answer."""

    async def story(doors: Doors) -> None:
        for ask in (doors.control.get, doors.control.withdraw):
            with pytest.raises(InvalidInput, match="no command 7"):
                await ask(7)

    tell(opener, story)


def test_withdrawing_and_taking_at_once_have_one_winner(opener: Opener) -> None:
    """Whoever comes first, a command is either taken or withdrawn, and both sides see which."""

    async def story(doors: Doors) -> None:
        async with opener() as worker:
            for _ in range(20):
                entry = await doors.control.put("ann", Kill())
                taken, seen = await asyncio.gather(worker.control.take(entry.id - 1), doors.control.withdraw(entry.id))
                assert bool(taken) is (seen.state is ControlState.QUEUED)
                assert bool(taken) is (await doors.control.get(entry.id)).is_taken

    tell(opener, story)


def test_two_who_order_at_once_get_ids_in_order_of_sight(opener: Opener) -> None:
    """Whoever sees a command has seen every command with a smaller id: none can be passed over."""

    async def story(doors: Doors) -> None:
        async with opener() as other:
            puts = [side.control.put("ann", Kill()) for side in (doors, other) for _ in range(10)]
            seen: list[int] = []
            pending = asyncio.gather(*puts)
            while not pending.done() or len(seen) < len(puts):
                seen += [e.id for e in await other.control.take(seen[-1] if seen else 0)]
                await asyncio.sleep(0)
            assert seen == sorted(entry.id for entry in await pending)
            assert len(set(seen)) == len(puts)

    tell(opener, story)


def test_commands_are_listed_the_newest_first(opener: Opener) -> None:
    """All of them, or those below an id, as many as were asked for, each as it stands."""

    async def story(doors: Doors) -> None:
        ids = [(await doors.control.put("ann", Pause(), now=n)).id for n in (10, 20, 30)]
        await doors.control.withdraw(ids[1])
        found = await doors.control.entries(None, 10)
        assert [(entry.id, entry.state) for entry in found] == [
            (ids[2], ControlState.QUEUED),
            (ids[1], ControlState.WITHDRAWN),
            (ids[0], ControlState.QUEUED),
        ]
        assert [entry.id for entry in await doors.control.entries(ids[2], 1)] == [ids[1]]
        with pytest.raises(InvalidInput):
            await doors.control.entries(None, 0)

    tell(opener, story)
