"""
What becomes of commands once they are journaled: wakes go to the timer, the rest to the doors.

1. Signed commands start in the order of the journal; the gate, the lease and `expiresAfter` are looked at right before
   each leaves. What may not leave is answered here: it never ran.
2. Every answer, and every obstacle, goes back through the inbox as an event; what is made here is stamped there.
3. Questions wait for one another and are asked `read_concurrency` at a time of each kind: those on our own accounts and
   on prices, those on wallets for which something waits, and each sort of those that have time.
"""

import asyncio
import time
from collections.abc import Awaitable, Coroutine, Sequence
from typing import assert_never

import structlog
from structlog.contextvars import bound_contextvars

from fadearena.kit.clock import Clock
from fadearena.kit.decimals import plain
from fadearena.model.command import (
    BurnNonce,
    CancelOrder,
    Command,
    PlaceOrder,
    PlaceStop,
    QueryOrder,
    ReadAccount,
    ReadBook,
    ReadLeverage,
    ReadOwnFills,
    ReadRole,
    ReadSource,
    ReadSourceEquity,
    RepairSource,
    ScheduleCancel,
    SetLeverage,
    WakeAt,
)
from fadearena.model.error import OutcomeUnknown, VenueError
from fadearena.model.event import ActionAnswered, Event, OrderAnswered, OrderSent
from fadearena.model.order import ActionOutcome, Dropped, OrderTerms
from fadearena.ports.journal import JournalEntry
from fadearena.ports.lease import Lease
from fadearena.ports.market_feed import MarketFeed
from fadearena.ports.venue import SignedCommand, Venue
from fadearena.ports.wallet_feed import WalletFeed
from fadearena.runtime.failures import failed, named
from fadearena.runtime.gate import Gate
from fadearena.runtime.inbox import Inbox
from fadearena.runtime.metrics import Metrics
from fadearena.runtime.questions import Questions
from fadearena.runtime.timer import Timer

log = structlog.get_logger(__name__)


class Dispatcher:
    """Hands commands on, and brings answers back."""

    def __init__(  # noqa: PLR0913 - everything that a command can be meant for
        self,
        *,
        venue: Venue,
        wallets: WalletFeed,
        markets: MarketFeed,
        lease: Lease,
        clock: Clock,
        gate: Gate,
        inbox: Inbox,
        timer: Timer,
        metrics: Metrics,
        read_concurrency: int,
        send_concurrency: int,
    ) -> None:
        self._venue = venue
        self._wallets = wallets
        self._markets = markets
        self._lease = lease
        self._clock = clock
        self._gate = gate
        self._inbox = inbox
        self._timer = timer
        self._metrics = metrics
        self._own, self._wallet = Questions(read_concurrency), Questions(read_concurrency)
        self._patient = {each: Questions(read_concurrency) for each in (ReadSourceEquity, RepairSource, ReadRole)}
        self._sends = asyncio.Semaphore(send_concurrency)
        self._running: set[asyncio.Task[None]] = set()

    @property
    def in_flight(self) -> int:
        """How many commands are under way or wait for their turn."""
        return len(self._running) + sum(len(questions) for questions in self._kinds)

    def dispatch(self, entries: Sequence[JournalEntry], group: asyncio.TaskGroup) -> None:
        """Hand on the commands of journaled entries, in their order."""
        for entry in entries:
            for command in entry.commands:
                if isinstance(command, WakeAt):
                    self._timer.set(command)
                elif isinstance(command, SignedCommand):
                    work = self._send(command, entry.seq, time.perf_counter())
                    self._start(work, group, f"{_kind(command)} of entry {entry.seq}")
                else:
                    self._kind_of(command).put(command, entry.seq)
        for questions in self._kinds:
            for _ in range(questions.hire()):
                self._start(self._ask_on(questions), group, "reader")

    def cancel(self) -> None:
        """Give up what is under way: what became of it is found out after the next start."""
        for task in self._running:
            task.cancel()

    def forget_questions(self) -> None:
        """Drop the questions that wait: after the next start everything is asked anew."""
        for questions in self._kinds:
            questions.clear()

    def _start(self, work: Coroutine[None, None, None], group: asyncio.TaskGroup, name: str) -> None:
        task = group.create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _send(self, command: SignedCommand, cause: int, committed: float) -> None:
        """Send one signed command, unless something forbids it by now."""
        with bound_contextvars(correlation_id=cause):
            async with self._sends:
                refusal = self.refusal(command)
                if refusal is not None:
                    self._refuse(command, refusal)
                    return
                self._metrics.dispatch.observe(time.perf_counter() - committed)
                if isinstance(command, PlaceOrder):
                    self._metrics.stopwatch.sent(command.identity.cloid)
                    self._inbox.put(OrderSent(time=0, received=0, cloid=command.identity.cloid), command)
                    log.info("order_sent", cloid=command.identity.cloid, **_shown(command.terms))
                await self._ask(command, self._venue.execute(command))

    @property
    def _kinds(self) -> tuple[Questions, ...]:
        return self._own, self._wallet, *self._patient.values()

    def _kind_of(self, command: Command) -> Questions:
        match command:
            case ReadSource() | RepairSource(is_urgent=True) | ReadRole(is_urgent=True):
                return self._wallet
            case ReadSourceEquity() | RepairSource() | ReadRole():
                return self._patient[type(command)]
            case _:
                return self._own

    async def _ask_on(self, questions: Questions) -> None:
        """Ask what waits, the oldest question first, until nothing does."""
        try:
            while (found := questions.take()) is not None:
                command, cause = found
                with bound_contextvars(correlation_id=cause):
                    await self._ask(command, self._question(command))
        finally:
            questions.leave()

    def _question(self, command: Command) -> Awaitable[Sequence[Event]]:
        """Put a question to the door that knows."""
        match command:
            case ReadSource() | RepairSource() | ReadRole() | ReadSourceEquity():
                return self._wallets.read(command)
            case ReadBook():
                return self._markets.read(command)
            case QueryOrder() | ReadAccount() | ReadOwnFills() | ReadLeverage():
                return self._venue.execute(command)
            case PlaceOrder() | CancelOrder() | BurnNonce() | SetLeverage() | PlaceStop() | ScheduleCancel() | WakeAt():
                raise AssertionError(f"{type(command).__name__} is no question")
            case _:
                assert_never(command)

    async def _ask(self, command: Command, question: Awaitable[Sequence[Event]]) -> None:
        """Wait for an answer, and put it in the inbox; an obstacle is an answer, too."""
        kind = _kind(command)
        began = time.perf_counter()
        try:
            answers = await question
        except VenueError as error:
            log.warning("command_failed", command=kind, error=str(error))
            self._put_failure(command, error)
            return
        except Exception as error:
            log.exception("command_broke", command=kind)
            self._put_failure(command, OutcomeUnknown(f"{type(error).__name__}: {error}"))
            return
        self._metrics.answer.labels(kind).observe(time.perf_counter() - began)
        if isinstance(command, PlaceOrder):
            self._metrics.stopwatch.answered(command.identity.cloid)
        for answer in answers:
            self._inbox.put(answer, command)

    def refusal(self, command: SignedCommand) -> str | None:
        """Return why a command may not leave now; None where it may."""
        if not self._lease.is_held:
            return "the lease is not held any more"
        refusal = self._gate.refusal(command)
        if refusal is None and not isinstance(command, BurnNonce):
            expires = command.identity.expires_after if isinstance(command, PlaceOrder) else command.expires_after
            if self._clock.now_ms() >= expires:
                return "it expired before it could be sent"
        return refusal

    def _refuse(self, command: SignedCommand, reason: str) -> None:
        """Answer for a command that never left."""
        self._metrics.refused.labels(_kind(command)).inc()
        log.warning("command_kept_back", command=_kind(command), reason=reason)
        if isinstance(command, PlaceOrder):
            cloid, dropped = command.identity.cloid, Dropped(reason=reason)
            self._inbox.put(OrderAnswered(time=0, received=0, cloid=cloid, answer=dropped), command)
            return
        kind, subject = named(command)
        self._inbox.put(
            ActionAnswered(
                time=0,
                received=0,
                account=command.account,
                kind=kind,
                subject=subject,
                outcome=ActionOutcome.DROPPED,
                text=reason,
            ),
            command,
        )

    def _put_failure(self, command: Command, error: VenueError) -> None:
        self._inbox.put(failed(command, error, 0), command)


def _shown(terms: OrderTerms) -> dict[str, str]:
    """Return what people want to see of an order in the log."""
    return {
        "coin": terms.coin,
        "side": terms.side,
        "quantity": plain(terms.quantity),
        "limit": plain(terms.limit),
        "purpose": terms.purpose,
        "account": terms.account,
    }


def _kind(command: Command) -> str:
    return str(command.__struct_config__.tag)
