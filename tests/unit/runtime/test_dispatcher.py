"""Commands leave once, in order, if nothing forbids it by then; whatever becomes of them comes back as an event."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from fadearena.core.latches import ALL
from fadearena.core.state import State
from fadearena.kit.jumping import run_jumping
from fadearena.model.command import (
    BurnNonce,
    CancelOrder,
    Command,
    PlaceStop,
    QueryOrder,
    ReadBook,
    ReadRole,
    ReadSource,
    ScheduleCancel,
    SetLeverage,
)
from fadearena.model.error import OutcomeUnknown, VenueProtocolError, VenueUnavailable
from fadearena.model.event import ActionAnswered, OrderAnswered, SourceSnapshot, SourceUnreadable
from fadearena.model.order import ActionKind, ActionOutcome, Answer, Dropped, NoAnswer
from fadearena.model.trading import TradingState
from fadearena.model.units import Side
from fadearena.ports.journal import JournalEntry
from fadearena.runtime.corrected import CorrectedClock
from fadearena.runtime.dispatcher import Dispatcher
from fadearena.runtime.failures import failed
from fadearena.runtime.gate import Gate
from fadearena.runtime.immediate import immediately
from fadearena.runtime.inbox import Inbox, Incoming
from fadearena.runtime.metrics import Metrics
from fadearena.runtime.timer import Timer
from tests.support.room import Room, notice, order, wake
from tests.support.world import AGENT, T0, WALLET, D

READ = ReadSource(wallet=WALLET, dex="")
QUERY = QueryOrder(account="main", cloid="c")
BURN = BurnNonce(account="main", signer=AGENT, cloid="c9", nonce=1)
CANCEL = CancelOrder(account="main", signer=AGENT, order_id=7, asset_id=1, nonce=2, expires_after=T0 + 99)
LEVERAGE = SetLeverage(
    account="main", signer=AGENT, coin="ETH", asset_id=1, leverage=3, is_cross=True, nonce=3, expires_after=T0 + 9
)

STOP = PlaceStop(
    account="main",
    signer=AGENT,
    coin="ETH",
    asset_id=1,
    side=Side.SELL,
    quantity=D(1),
    trigger=D(3_800),
    limit=D(3_000),
    cloid="s",
    label="x",
    nonce=4,
    expires_after=T0 + 9,
)
SCHEDULE = ScheduleCancel(account="main", signer=AGENT, at_ms=99, nonce=5, expires_after=T0 + 9)


class Outbox:
    """A dispatcher with all that it talks to."""

    def __init__(self, **more: Any) -> None:
        self.room = Room()
        self.clock, self.venue, self.wallets = self.room.clock, self.room.venue, self.room.wallets
        self.inbox, self.gate, self.metrics, self.state = Inbox(10), Gate(), Metrics(), State()
        self.gate.open()
        immediately(self.room.lease.acquire("w"))
        self.timer = Timer(self.clock, self.inbox)
        self.dispatcher = Dispatcher(
            venue=self.venue,
            wallets=self.wallets,
            markets=self.room.prices,
            lease=self.room.lease,
            clock=CorrectedClock(self.clock, self.state),
            gate=self.gate,
            inbox=self.inbox,
            timer=self.timer,
            metrics=self.metrics,
            **{"read_concurrency": 2, "send_concurrency": 2, **more},
        )

    def run(self, *commands: Command, meanwhile: Callable[[], Awaitable[None]] | None = None) -> list[Incoming]:
        """Hand commands on, wait until everything has come back, and return it."""

        async def main() -> list[Incoming]:
            async with asyncio.TaskGroup() as group:
                self.dispatcher.dispatch([JournalEntry(seq=1, event=notice(), commands=commands)], group)
                if meanwhile is not None:
                    await meanwhile()
            assert self.dispatcher.in_flight == 0
            return await self.inbox.take(100) if len(self.inbox) else []

        return run_jumping(main(), self.clock)

    @property
    def sent(self) -> list[str]:
        """The orders that were handed over, by their names."""
        return [command.identity.cloid for command in self.venue.orders]


def answers(incoming: Sequence[Incoming]) -> list[tuple[str, Answer]]:
    """Return the answers to orders, with their names."""
    events = [each.event for each in incoming]
    return [(event.cloid, event.answer) for event in events if isinstance(event, OrderAnswered)]


def names(incoming: Sequence[Incoming]) -> list[str]:
    """Return what came, by type."""
    return [type(each.event).__name__ for each in incoming]


def test_order_is_told_as_sent_and_its_answer_comes_with_its_cause() -> None:
    """So that the prices of its coin are attached."""
    outbox = Outbox()
    back = outbox.run(order("a", expires_after=T0 + 1))
    assert names(back)[0] == "OrderSent"
    assert "OrderAnswered" in names(back)
    assert {each.cause for each in back} == {order("a", expires_after=T0 + 1)}
    assert back[0].event.time == 0


def test_signed_commands_start_in_the_order_of_the_journal() -> None:
    """A few at a time; the next starts when one has been answered."""
    outbox = Outbox()
    outbox.run(order("a"), BURN, order("b"), CANCEL)
    assert [type(command).__name__ for _, command in outbox.venue.left] == [
        "PlaceOrder",
        "BurnNonce",
        "PlaceOrder",
        "CancelOrder",
    ]
    assert [at - T0 for at, _ in outbox.venue.left] == [0, 0, 20, 20]


def test_stop_between_commit_and_send_keeps_the_order_back() -> None:
    """The gate is read right before each send, also of what waited for its turn."""
    outbox = Outbox(send_concurrency=1)

    async def stop() -> None:
        await outbox.clock.sleep_until(T0 + 5)
        outbox.gate.stop(1, ALL, TradingState.HALTED)

    back = outbox.run(order("a"), order("b"), BURN, meanwhile=stop)
    assert outbox.sent == ["a"]
    assert ("b", Dropped(reason="a stop came first: halted")) in answers(back)
    assert BURN in [command for _, command in outbox.venue.left]
    assert outbox.metrics.registry.get_sample_value("fadearena_gate_refusals_total", {"kind": "place-order"}) == 1


def test_nothing_that_is_signed_leaves_without_the_lease() -> None:
    """Another worker may be at work; what was kept back is answered as never sent."""
    outbox = Outbox()
    outbox.room.memory.epoch += 1
    back = outbox.run(order("a"), BURN, CANCEL, LEVERAGE, STOP, SCHEDULE)
    assert outbox.venue.left == []
    assert answers(back) == [("a", Dropped(reason="the lease is not held any more"))]
    refused = [each.event for each in back if isinstance(each.event, ActionAnswered)]
    assert [(event.subject, event.outcome) for event in refused] == [
        ("c9", ActionOutcome.DROPPED),
        ("7", ActionOutcome.DROPPED),
        ("ETH", ActionOutcome.DROPPED),
        ("s", ActionOutcome.DROPPED),
        ("main", ActionOutcome.DROPPED),
    ]


def test_what_expired_while_it_waited_is_not_sent() -> None:
    """By the exchange's clock; a noop never expires."""
    outbox = Outbox()
    outbox.clock.move_to(T0 + 9)
    back = outbox.run(order("late", expires_after=T0 + 9), order("in time", expires_after=T0 + 10), LEVERAGE, BURN)
    assert outbox.sent == ["in time"]
    assert answers(back)[0] == ("late", Dropped(reason="it expired before it could be sent"))
    assert [type(command).__name__ for _, command in outbox.venue.left] == ["PlaceOrder", "BurnNonce"]
    outbox.state.clock_offset_ms = 5_000
    assert outbox.run(order("x", expires_after=T0 - 4_000))[0].event.__struct_config__.tag == "order-sent"


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (VenueUnavailable("no route"), Dropped(reason="no route")),
        (OutcomeUnknown("timeout"), NoAnswer(reason="timeout")),
        (VenueProtocolError("not JSON"), NoAnswer(reason="not JSON")),
        (ZeroDivisionError("oops"), NoAnswer(reason="ZeroDivisionError: oops")),
    ],
)
def test_obstacle_becomes_the_answer_that_it_means(error: Exception, answer: Answer) -> None:
    """Only where it is certain that nothing was sent the order never left; it is never sent again."""
    outbox = Outbox()
    outbox.venue.faults = [error]
    back = outbox.run(order("a"))
    assert answers(back) == [("a", answer)]
    assert outbox.sent == ["a"]


@pytest.mark.parametrize(
    ("command", "kind", "subject"),
    [
        (BURN, ActionKind.NOOP, "c9"),
        (CANCEL, ActionKind.CANCEL, "7"),
        (LEVERAGE, ActionKind.LEVERAGE, "ETH"),
        (STOP, ActionKind.STOP, "s"),
        (SCHEDULE, ActionKind.SCHEDULE, "main"),
    ],
)
def test_obstacle_makes_an_action_unknown(command: Command, kind: ActionKind, subject: str) -> None:
    """Whether it was done is read from the exchange."""
    event = failed(command, OutcomeUnknown("timeout"), T0)
    assert isinstance(event, ActionAnswered)
    assert (event.account, event.kind, event.subject) == ("main", kind, subject)
    assert (event.outcome, event.text) == (ActionOutcome.UNKNOWN, "timeout")


@pytest.mark.parametrize("error", [VenueUnavailable("no route"), ZeroDivisionError("oops")])
def test_failed_read_is_an_event(error: Exception) -> None:
    """What was known stays known, with its age."""
    outbox = Outbox()
    outbox.wallets.error = error
    (back,) = outbox.run(READ)
    assert isinstance(back.event, SourceUnreadable)
    assert back.cause == READ


def test_reads_go_to_the_door_that_knows() -> None:
    """Wallets, markets, and our own accounts at the venue."""
    outbox = Outbox()
    back = outbox.run(READ, ReadBook(coin="ETH"), QUERY)
    assert sorted(names(back)) == ["Marks", "OrderFound", "SourceSnapshot"]
    assert [type(command) for _, command in outbox.venue.left] == [QueryOrder]
    assert [type(each.event) for each in back if each.cause == READ] == [SourceSnapshot]


def test_questions_wait_for_one_another() -> None:
    """A few of a kind are asked at a time, oldest first; what has time holds up nothing else."""
    outbox = Outbox(read_concurrency=1)
    back = outbox.run(ReadRole(wallet=WALLET), READ, QUERY, ReadBook(coin="ETH"))
    assert sorted(names(back)[:2]) == ["RoleRead", "SourceSnapshot"]
    assert names(back)[2:] == ["OrderFound", "Marks"]


def test_question_that_waits_already_is_not_put_twice() -> None:
    """However often the core asks again before it was its turn."""
    outbox = Outbox(read_concurrency=1)
    back = outbox.run(QUERY, QUERY, READ, READ, READ)
    assert names(back) == ["SourceSnapshot", "OrderFound"]


def test_questions_that_wait_can_be_dropped() -> None:
    """What is being asked is still answered."""
    outbox = Outbox(read_concurrency=1)

    async def drop() -> None:
        await outbox.clock.sleep_until(T0 + 5)
        assert outbox.dispatcher.in_flight == 3
        outbox.dispatcher.forget_questions()
        assert outbox.dispatcher.in_flight == 1

    assert names(outbox.run(QUERY, ReadBook(coin="ETH"), ReadBook(coin="BTC"), meanwhile=drop)) == ["OrderFound"]


def test_next_questions_are_asked_after_the_readers_have_rested() -> None:
    """They end where nothing waits, and begin again."""
    outbox = Outbox()
    assert names(outbox.run(QUERY)) == ["OrderFound"]
    assert names(outbox.run(READ)) == ["SourceSnapshot"]


def test_wakes_go_to_the_timer() -> None:
    """They need no door, and nothing waits for them."""
    outbox = Outbox()
    assert outbox.run(wake(T0 + 5)) == []
    assert len(outbox.timer) == 1


def test_what_is_under_way_can_be_given_up() -> None:
    """Nothing comes back of it: the next start finds out."""
    outbox = Outbox()

    async def give_up() -> None:
        await outbox.clock.sleep_until(T0 + 5)
        assert outbox.dispatcher.in_flight == 1
        outbox.dispatcher.cancel()

    assert names(outbox.run(order("a"), meanwhile=give_up)) == ["OrderSent"]
    assert outbox.sent == ["a"]
