"""
The story that golden journals tell: a faulty exchange, busy bots, and an operator who uses every control.

Run it to keep a journal of the rules as they are now: `python -m tests.golden.story`. A journal is kept for every
`RULES_VERSION`, and never written again once it was landed.
"""

import gzip
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from fadearena.adapters.memory.journal import MemoryJournal
from fadearena.adapters.sim.arena import START_MS, Arena, wallet_of
from fadearena.adapters.sim.exchange import SimExchange
from fadearena.adapters.sim.faults import Fault, FaultyVenue, seeded
from fadearena.adapters.sim.paper import PaperAccount
from fadearena.core.engine import RULES_VERSION, step
from fadearena.core.state import State
from fadearena.kit.clock import ManualClock
from fadearena.model.command import ReadBook
from fadearena.model.event import (
    BudgetRead,
    ClockRead,
    Event,
    InputRejected,
    Instruments,
    Kill,
    Notice,
    Operator,
    OperatorAction,
    Pause,
    Quarantined,
    Rejoin,
    Release,
    Resume,
    SetPolicy,
    SignerRead,
    Started,
)
from fadearena.model.instrument import Instrument
from fadearena.model.market import FundingRate, OrderBook, Quote
from fadearena.model.policy import AccountPolicy, AlertPolicy, BotPolicy, Policy
from fadearena.model.units import DAY_MS, SECOND_MS, EpochMs, Ratio, Usd
from fadearena.ports.journal import JournalEntry
from fadearena.ports.journal_row import line_of, to_row
from fadearena.ports.venue import VenueCommand
from fadearena.runtime.backtest import Backtest, Options
from fadearena.runtime.doors import Doors
from fadearena.runtime.immediate import immediately

HERE = Path(__file__).parent
SECONDS = 600
SEED = 7
FAULTS = {Fault.LOST: 0.04, Fault.UNANSWERED: 0.04, Fault.DOUBLED: 0.04, Fault.LATE_FILLS: 0.05, Fault.REFUSED: 0.03}
PARTLY = {Fault.PARTIAL: 0.05}


class FaultyPaper:
    """A paper exchange whose commands go wrong now and then."""

    def __init__(self, exchange: SimExchange, clock: ManualClock) -> None:
        self._exchange = exchange
        self._faulty = FaultyVenue(exchange, clock, seeded(SEED, FAULTS | PARTLY))

    async def execute(self, command: VenueCommand) -> Sequence[Event]:
        """Do one command, or not."""
        return await self._faulty.execute(command)

    async def read(self, command: ReadBook) -> Sequence[Event]:
        """Return a coin's prices."""
        return await self._exchange.read(command)

    def advance(self, now: EpochMs) -> Sequence[Event]:
        """Let time pass."""
        return self._faulty.advance(now)

    def on_quote(self, quote: Quote) -> None:
        """Take a quote."""
        self._exchange.on_quote(quote)

    def on_book(self, book: OrderBook) -> None:
        """Take a book."""
        self._exchange.on_book(book)

    def on_funding(self, funding: FundingRate) -> None:
        """Take a rate."""
        self._exchange.on_funding(funding)


def tell() -> MemoryJournal:
    """Return the journal of the story as the present rules write it."""
    clock, journal = ManualClock(START_MS), MemoryJournal()
    arena = Arena(SEED, clock, seconds=SECONDS)
    ours = wallet_of("golden/account")
    policy = Policy(
        bots=tuple(BotPolicy(id=one.bot, name=one.bot, wallet=one.wallet) for one in arena.traders),
        accounts=(AccountPolicy(id="main", address=ours, signer=ours, max_leverage=5, stop_distance=Ratio("0.01")),),
        alerts=AlertPolicy(fill_usd=Usd(100)),
        global_exposure_cap=Usd(4_000),
        daily_loss_limit=Usd(2_000),
        max_drawdown=Ratio("0.5"),
        max_order_notional=Usd(150),
    )
    account = PaperAccount(id="main", start_usd=Usd(10_000), taker_rate=policy.accounts[0].taker_rate)
    markets = tuple(arena.market.instruments.values())
    exchange = SimExchange(clock, (account,), markets, book_of=arena.market.book)
    venue = FaultyPaper(exchange, clock)
    doors = Doors(arena, venue, journal, clock, exchange.markets.quote, arena.news)
    backtest = Backtest(doors, step, State(), options=Options(latency_ms=150, tail_ms=30 * SECOND_MS))
    immediately(backtest.run(_script(policy, markets)))
    return journal


def _script(policy: Policy, markets: tuple[Instrument, ...]) -> Iterable[Event]:
    louder = msgspec.structs.replace(
        policy, bots=tuple(msgspec.structs.replace(bot, leverage_multiplier=Ratio("0.08")) for bot in policy.bots)
    )
    orders: list[tuple[int, OperatorAction]] = [
        (0, SetPolicy(policy=policy)),
        (60, Pause(bot="grok-4")),
        (90, Resume(bot="grok-4")),
        (120, SetPolicy(policy=louder, expected_version=1)),
        (150, SetPolicy(policy=policy, expected_version=1)),
        (200, Kill()),
        (230, Release()),
        (260, Rejoin(bot="deepseek-chat-v3.1")),
        (330, Kill(flatten=True, bot="qwen3-max")),
        (400, Kill(flatten=True)),
        (460, Release(rejoin=True)),
    ]
    for number, (second, action) in enumerate(orders, 1):
        at = START_MS + second * SECOND_MS
        yield Operator(time=at, received=at, control_id=number, actor="golden", action=action)
        if number == 1:
            yield Instruments(time=at, received=at, instruments=markets)
            yield ClockRead(time=at, received=at, offset_ms=0, spread_ms=0)
            yield Started(time=at, received=at, rules_version=RULES_VERSION, worker="golden")
            yield BudgetRead(time=at, received=at, account="main", actions_left=10_000)
            signer = policy.accounts[0].signer
            until = at + 5 * DAY_MS
            yield SignerRead(time=at, received=at, account="main", signer=signer, is_approved=True, valid_until=until)
    yield from _accidents(len(orders))


def _accidents(number: int) -> Iterable[Event]:
    """An input that cannot be read, a stop by a file, a second start, an event that is set aside."""
    at = START_MS + 470 * SECOND_MS
    yield InputRejected(time=at, received=at, source="tape", error="no JSON", excerpt="<html>")
    at = START_MS + 475 * SECOND_MS
    yield Operator(time=at, received=at, control_id=0, actor="file", action=Kill())
    at = START_MS + 485 * SECOND_MS
    yield Operator(time=at, received=at, control_id=number + 1, actor="golden", action=Release())
    at = START_MS + 520 * SECOND_MS
    yield Notice(time=at, received=at, level="warning", category="golden", text="the worker starts again")
    yield Started(time=at, received=at, rules_version=RULES_VERSION, worker="golden-2")
    at = START_MS + 590 * SECOND_MS
    yield Quarantined(time=at, received=at, subject="own-fills", error="a sum is off", held="{}")
    at = START_MS + 592 * SECOND_MS
    yield Operator(time=at, received=at, control_id=number + 2, actor="golden", action=Release())


def main() -> None:
    """Write the journal of the present rules, unless it was kept already."""
    file = HERE / f"rules-{RULES_VERSION}.jsonl.gz"
    if file.exists():
        raise SystemExit(f"{file} is kept already: a golden journal is never written again")
    record_seq, lines = 0, []
    for entry in immediately(_all(tell())):
        record_seq += len(entry.records)
        numbered = msgspec.structs.replace(entry, rules_version=RULES_VERSION, record_seq=record_seq)
        lines.append(line_of(to_row(numbered)))
    file.write_bytes(gzip.compress(b"".join(lines), mtime=0))


async def _all(journal: MemoryJournal) -> list[JournalEntry]:
    return [entry async for entry in journal.read()]


if __name__ == "__main__":
    main()
