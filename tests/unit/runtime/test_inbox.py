"""The inbox keeps the order, lets people go first, and tells what it had to refuse."""

import asyncio

from fadearena.model.command import ReadBook
from fadearena.model.event import Event, Notice, Operator, Pause, Quarantined, RepairStage, SourceRepair
from fadearena.runtime.immediate import immediately
from fadearena.runtime.inbox import Inbox, Incoming
from tests.support.room import notice, operator, order
from tests.support.world import OTHER, WALLET

REPAIR = SourceRepair(time=0, received=0, wallet=WALLET, stage=RepairStage.STARTED)


def taken(inbox: Inbox, most: int = 100) -> list[str]:
    """Take from an inbox in which something waits; return texts, and what else came by its type."""
    return [said(incoming.event) for incoming in immediately(inbox.take(most))]


def said(event: Event) -> str:
    """Return what tells one event from another here."""
    match event:
        case Notice():
            return event.text
        case Operator():
            return f"command {event.control_id}"
        case SourceRepair():
            return f"{event.stage} {event.wallet}"
        case _:
            return type(event).__name__


def test_events_come_out_in_the_order_in_which_they_came_in() -> None:
    """Answers and what feeds push share one lane."""
    inbox = Inbox(10)
    inbox.put(notice("a"))
    assert inbox.offer(notice("b"))
    inbox.put(notice("c"))
    assert len(inbox) == 3
    assert taken(inbox, 2) == ["a", "b"]
    assert taken(inbox) == ["c"]


def test_people_overtake_everything_in_their_own_order() -> None:
    """A stop does not wait behind a burst of fills."""
    inbox = Inbox(10)
    inbox.put(notice("a"))
    inbox.put_first(operator(control_id=1))
    inbox.put_first(operator(Pause(), control_id=2))
    assert [said(event) for event in inbox.first] == ["command 1", "command 2"]
    assert taken(inbox) == ["command 1", "command 2", "a"]


def test_cause_stays_with_its_answer() -> None:
    """So that the prices of what was asked about can be attached."""
    inbox, cause = Inbox(10), None
    inbox.put(notice("a"), cause)
    assert immediately(inbox.take(1)) == [Incoming(notice("a"), cause)]


def test_what_feeds_push_is_refused_beyond_the_limit_and_answers_never() -> None:
    """A full queue costs what can be fetched again, never an answer or a stop."""
    inbox = Inbox(2)
    assert inbox.offer(notice("a"))
    assert inbox.offer(notice("b"))
    assert not inbox.offer(notice("c"))
    inbox.put(notice("answer"))
    inbox.put_first(operator(control_id=1))
    assert taken(inbox)[:4] == ["command 1", "a", "b", "answer"]


def test_losses_are_told_once_with_a_failed_repair_for_each_wallet() -> None:
    """As soon as half of the queue is free again."""
    inbox = Inbox(4)
    for number in range(4):
        inbox.offer(notice(str(number)))
    for _ in range(3):
        inbox.offer(REPAIR)
    inbox.offer(SourceRepair(time=0, received=0, wallet=OTHER, stage=RepairStage.DONE))
    inbox.offer(notice("no wallet's"))
    assert taken(inbox, 2) == ["0", "1"]
    assert len(inbox) == 2
    assert taken(inbox, 1) == ["2"]
    told = taken(inbox)
    assert told == [
        "3",
        "the inbox was full: 5 events were refused, of 2 wallets",
        f"failed {WALLET}",
        f"failed {OTHER}",
    ]
    inbox.put(notice("later"))
    assert taken(inbox) == ["later"]


def test_what_was_taken_in_vain_goes_back_to_where_it_was() -> None:
    """Each to its own lane, before what came meanwhile."""
    inbox = Inbox(10)
    held = Quarantined(time=0, received=0, subject="s", error="e")
    inbox.put_first(operator(control_id=1))
    inbox.put_first(held)
    inbox.put(notice("a"))
    inbox.put(notice("b"))
    in_vain = immediately(inbox.take(10))
    inbox.put_first(operator(control_id=2))
    inbox.put(notice("c"))
    inbox.put_back(in_vain)
    inbox.put_back([])
    assert taken(inbox) == ["command 1", "Quarantined", "command 2", "a", "b", "c"]


def test_first_lane_can_be_taken_alone() -> None:
    """Before anything else is done at a start."""
    inbox = Inbox(10)
    inbox.put(notice("a"))
    inbox.put_first(operator(control_id=1))
    assert [said(incoming.event) for incoming in inbox.take_first()] == ["command 1"]
    assert inbox.take_first() == []
    assert taken(inbox) == ["a"]


def test_whoever_waits_is_woken_by_what_comes_or_by_a_nudge() -> None:
    """A nudge brings nothing, so that a worker that has to stop can look up."""

    async def main() -> list[list[Incoming]]:
        inbox = Inbox(10)
        first = asyncio.ensure_future(inbox.take(10))
        await asyncio.sleep(0)
        assert not first.done()
        inbox.put(notice("a"))
        second = await first
        third = asyncio.ensure_future(inbox.take(10))
        await asyncio.sleep(0)
        inbox.nudge()
        return [second, await third]

    assert asyncio.run(main()) == [[Incoming(notice("a"))], []]


def test_answers_to_questions_are_forgotten_and_nothing_else() -> None:
    """After a recovery everything is asked anew; what an order became, and what was pushed, is told only once."""
    inbox = Inbox(10)
    inbox.put_first(operator(control_id=1))
    inbox.put(notice("pushed"))
    inbox.put(notice("read"), ReadBook(coin="ETH"))
    inbox.put(notice("filled"), order())
    inbox.forget_questions()
    assert taken(inbox) == ["command 1", "pushed", "filled"]
