"""
A story of the fault matrix: somebody trades, our worker fades it with signed orders, and faults hit these orders.

1. Calm: positions are opened in two coins, shortly before funding is paid. Then each fault in its turn, at an order of
   its own. Then calm again, in which somebody grows once more, for that makes up for increases that an outage cost; and
   leaves one of the coins.
2. Every fault is over for 60 s at most when nothing is unsettled any more and our sum is what the exchange holds; after
   the last one, also what we hold is what we want.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from random import Random
from typing import Protocol

import msgspec

from fadearena.adapters.hyperliquid.transport import Transport
from fadearena.core.engine import step
from fadearena.core.state import State
from fadearena.kit.clock import Clock
from fadearena.model.ids import Address, Coin
from fadearena.model.units import SECOND_MS, ZERO, EpochMs, Size
from fadearena.ports.journal import JournalEntry
from tests.support.matrix import Fault, Hit, Schedule, Step
from tests.support.matrix_people import ACCOUNT, BOT, LEADER, MASTER, MULTIPLIER, OURS_USD, Leader

WITHIN_MS = 60 * SECOND_MS
BEFORE_HOUR_MS = 25 * SECOND_MS
"""How long before funding is paid a story begins."""
STAYS, MOVES = "BTC", "ETH"
_UNITS = {STAYS: Decimal("0.08"), MOVES: Decimal(2)}
_LOOK_MS = 250
_HIT_MS = 60 * SECOND_MS
_CALM_MS = 3 * SECOND_MS
_AGAIN_MS = 6 * SECOND_MS
_OVER_MS = 120 * SECOND_MS
_CALM_WITHIN_MS = 600 * SECOND_MS
"""How long what is not about a fault may take: a sandbox that runs fast on a slow machine leaves little time."""
_PAID_MS = 5 * SECOND_MS
_SHRINKS = Decimal("-1.5")

Holdings = dict[Address, dict[Coin, Size]]


class Stage(Protocol):
    """Where a story is told: a sandbox, a worker on it, and what can be done to them."""

    @property
    def clock(self) -> Clock:
        """The exchange's time."""
        ...

    @property
    def direct(self) -> Transport:
        """A way to the exchange on which nothing goes wrong."""
        ...

    @property
    def funding_ms(self) -> EpochMs:
        """When funding is paid, which is to happen in the story."""
        ...

    @property
    def is_whole(self) -> bool:
        """Whether worker and exchange are up, and no fault lasts any more."""
        ...

    async def inflict(self, hit: Hit) -> None:
        """Let a fault begin."""
        ...

    async def entries(self, since: int) -> Sequence[JournalEntry]:
        """Return what is journaled from an entry on."""
        ...

    async def held(self) -> Holdings:
        """Return what everybody holds, in truth."""
        ...

    async def stand_still(self) -> None:
        """Let prices stand still from now on."""
        ...


class Director:
    """Lets the faults begin, each at its step."""

    def __init__(self, inflict: Callable[[Hit], Awaitable[None]]) -> None:
        self._armed: Hit | None = None
        self._inflict = inflict

    @property
    def is_armed(self) -> bool:
        """Whether a fault waits for an order."""
        return self._armed is not None

    @property
    def waits_for_fill(self) -> bool:
        """Whether a fault is to begin once an order's fills were told, and its answer was not."""
        return self._armed is not None and self._armed.step is Step.AFTER_FILL

    @property
    def holds_fills(self) -> bool:
        """Whether nothing is to be told of an order before a fault has begun."""
        armed = self._armed
        return armed is not None and (armed.step is Step.AFTER_ACCEPTANCE or armed.fault is Fault.LATE_FILL)

    def arm(self, hit: Hit | None) -> None:
        """Let a fault wait for the next order; None lets none wait."""
        self._armed = hit

    async def passed(self, step_: Step) -> None:
        """Let the fault begin that waits for this step."""
        if self._armed is not None and self._armed.step is step_:
            hit, self._armed = self._armed, None
            await self._inflict(hit)


class Mirror:
    """What follows from the journal so far, stepped anew."""

    def __init__(self, stage: Stage) -> None:
        self.state = State()
        self.entries: list[JournalEntry] = []
        self._stage = stage

    async def catch_up(self) -> None:
        """Step what was journaled since."""
        for entry in await self._stage.entries(len(self.entries) + 1):
            step(self.state, entry.event)
            self.entries.append(entry)

    def open_questions(self, held: Holdings) -> Iterator[str]:
        """Say where something is not settled, or our sum is not what the exchange holds."""
        ours = held.get(MASTER.address, {})
        for order in self.state.orders.values():
            if not order.status.is_settled:
                yield f"order {order.identity.cloid} is {order.status} ({order.reason})"
        booked = {coin: memory.book.position for (_, coin), memory in self.state.books.items()}
        for coin in sorted(booked.keys() | ours.keys()):
            if booked.get(coin, ZERO) != ours.get(coin, ZERO):
                yield f"the exchange holds {ours.get(coin, ZERO)} {coin}, our sum is {booked.get(coin, ZERO)}"
        for (_, coin), memory in self.state.books.items():
            if memory.held_fills:
                yield f"fills in {coin} are held back"
            if memory.watch.is_drifting:
                yield f"{coin} is taken for drifting"
            want, have = -MULTIPLIER * held[LEADER.address].get(coin, ZERO), memory.book.position
            if want * have < 0 or abs(have) > abs(want):
                yield f"{have} {coin} is more than the {want} that are wanted"

    def gaps(self, held: Holdings) -> Iterator[str]:
        """Say where what we hold is not what is wanted."""
        yield from self.open_questions(held)
        theirs = held[LEADER.address]
        for coin in _UNITS:
            sleeve, memory = self.state.sleeves.get((BOT, coin)), self.state.books.get((ACCOUNT, coin))
            want = -MULTIPLIER * theirs.get(coin, ZERO)
            have = ZERO if memory is None else memory.book.size_of(BOT)
            target = ZERO if sleeve is None else sleeve.target
            if not want == have == target:
                yield f"{want} {coin} are wanted, the target is {target}, {have} are held"

    def miscounts(self, held: Holdings) -> Iterator[str]:
        """Say where our equity is not what the exchange has read to us since prices stand still."""
        yield from self.gaps(held)
        account = self.state.accounts[ACCOUNT]
        purse = account.purse
        if account.read_time <= account.last_settled:
            yield "the account was not read since its last order"
        off = (purse.opening or ZERO) + purse.deposits + purse.adjusted - OURS_USD
        if off:
            yield f"by its last reading the account is worth {off} more than by our sum"


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """How a story went: what went wrong on the way, what was injected, and the longest way back after a fault."""

    problems: tuple[str, ...]
    injected: tuple[Hit, ...]
    recovered_ms: EpochMs


class Telling:
    """Tells one story on a stage."""

    def __init__(self, stage: Stage, director: Director, schedule: Schedule) -> None:
        self.mirror = Mirror(stage)
        self._stage = stage
        self._director = director
        self._schedule = schedule
        self._leader = Leader(stage.clock, stage.direct)
        self._rng = Random(schedule.seed)
        self._problems: list[str] = []
        self._injected: list[Hit] = []
        self._recovered_ms: EpochMs = 0

    async def tell(self) -> Course:
        """Tell it."""
        await self._begin()
        for coin in (STAYS, MOVES):
            await self._grow(coin, self._stage.clock.now_ms(), f"{coin} is opened", _CALM_WITHIN_MS)
        self._recovered_ms = 0
        over = self._stage.clock.now_ms()
        for number, hit in enumerate(self._schedule.hits):
            over = await self._suffer(number, hit)
        await self._grow(MOVES, over, "the end")
        await self._stage.clock.sleep_until(self._stage.funding_ms + _PAID_MS)
        recovered_ms = self._recovered_ms
        await self._stage.stand_still()
        held = await self._stage.held()
        await self._leader.trade(MOVES, -held[LEADER.address].get(MOVES, ZERO))
        await self._agree(self.mirror.miscounts, "the end")
        return Course(problems=tuple(self._problems), injected=tuple(self._injected), recovered_ms=recovered_ms)

    async def _begin(self) -> None:
        """Wait until the worker knows its account and whom it follows."""
        await self._agree(self._unknown, "the beginning")
        await self._stage.clock.sleep_until(self._stage.clock.now_ms() + _CALM_MS)

    def _unknown(self, _held: Holdings) -> Iterator[str]:
        state = self.mirror.state
        account, bot = state.accounts.get(ACCOUNT), state.bots.get(BOT)
        if account is None or not account.is_read or bot is None or not bot.views:
            yield "not everything was read"

    async def _suffer(self, number: int, hit: Hit) -> EpochMs:
        """Let a fault hit an order; return when it was over."""
        clock = self._stage.clock
        if not await self._provoke(number, hit):
            return clock.now_ms()
        self._injected.append(hit)
        ends = clock.now_ms() + _OVER_MS
        while not self._stage.is_whole and clock.now_ms() < ends:
            await clock.sleep_until(clock.now_ms() + _LOOK_MS)
        over = clock.now_ms()
        await self._agree(self.mirror.open_questions, str(hit), over)
        return over

    async def _provoke(self, number: int, hit: Hit) -> bool:
        """Have the leader trade until an order of ours is hit: it grows and shrinks in turn; tell whether one was."""
        clock, again = self._stage.clock, 0
        ends = clock.now_ms() + _HIT_MS
        change = _UNITS[MOVES] * (1 if number % 2 == 0 else _SHRINKS)
        self._director.arm(hit)
        while self._director.is_armed and clock.now_ms() < ends:
            if not again or (change > 0 and clock.now_ms() >= again):
                again = clock.now_ms() + _AGAIN_MS
                await self._leader.trade(MOVES, change)
            await clock.sleep_until(clock.now_ms() + _LOOK_MS)
        was_hit = not self._director.is_armed
        self._director.arm(None)
        return was_hit

    async def _grow(self, coin: Coin, since: EpochMs, when: str, within_ms: EpochMs = WITHIN_MS) -> None:
        """Let the leader grow until nothing is missing: what was skipped in an outage is made up for by that."""
        clock, again = self._stage.clock, 0
        while True:
            await self.mirror.catch_up()
            gaps = list(self.mirror.gaps(await self._stage.held())) if again else ["nothing was done yet"]
            if not gaps:
                self._recovered_ms = max(self._recovered_ms, clock.now_ms() - since)
                return
            if clock.now_ms() > since + within_ms:
                self._problems += [f"{when}: {gap}" for gap in gaps]
                return
            if clock.now_ms() >= again:
                again = clock.now_ms() + _AGAIN_MS
                await self._leader.trade(coin, _UNITS[coin])
            await clock.sleep_until(clock.now_ms() + _LOOK_MS)

    async def _agree(self, find: Callable[[Holdings], Iterable[str]], when: str, since: EpochMs | None = None) -> None:
        """Wait until nothing is found to be wrong, but not for ever."""
        clock = self._stage.clock
        within_ms = _CALM_WITHIN_MS if since is None else WITHIN_MS
        since = clock.now_ms() if since is None else since
        while True:
            await self.mirror.catch_up()
            found = list(find(await self._stage.held()))
            if not found:
                self._recovered_ms = max(self._recovered_ms, clock.now_ms() - since)
                return
            if clock.now_ms() > since + within_ms:
                self._problems += [f"{when}: {text}" for text in found]
                return
            await clock.sleep_until(clock.now_ms() + _LOOK_MS)
