"""
A replay of recorded fills, or of the synthetic arena in simulated time: feed, venue, journal and clock as one `Run`.

A `Run` is a backtest that was put together and has not begun. Simulated time starts a few seconds before the
first fact, so that roles, accounts and positions are read before anything is decided.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from fadearena.adapters.hyperliquid.recorded import recorded_fill, recorded_meta, recorded_owner
from fadearena.adapters.memory.journal import HashedJournal
from fadearena.adapters.sim.arena import START_MS, Arena, wallet_of
from fadearena.adapters.sim.exchange import SimExchange
from fadearena.adapters.sim.history import HistoryFeed
from fadearena.adapters.sim.listing import infer_instruments
from fadearena.adapters.sim.markets import BookOf
from fadearena.adapters.sim.paper import PaperAccount
from fadearena.adapters.sim.recording import BadLine, Recording, named_owner, read_recording
from fadearena.bootstrap.reckoning import drift_of, equity_of
from fadearena.core.engine import RULES_VERSION, step
from fadearena.core.invariants import violations
from fadearena.core.state import State
from fadearena.kit.clock import ManualClock
from fadearena.model.account import AccountMode
from fadearena.model.error import InvalidInput, InvariantBroken
from fadearena.model.event import (
    BudgetRead,
    ClockRead,
    Event,
    Instruments,
    Operator,
    SetPolicy,
    Started,
)
from fadearena.model.ids import AccountId, Address, BotId, Coin
from fadearena.model.instrument import Instrument
from fadearena.model.policy import AccountPolicy, BotPolicy, Policy, Tuning
from fadearena.model.record import EquityPoint
from fadearena.model.units import MINUTE_MS, SECOND_MS, Bps, Direction, EpochMs, Quantity, Ratio, Usd
from fadearena.ports.journal import JournalEntry
from fadearena.ports.market_feed import MarketNews
from fadearena.runtime.backtest import Backtest, Options, Watch
from fadearena.runtime.doors import Doors, Playback
from fadearena.runtime.immediate import immediately
from fadearena.runtime.tally import Tally

ACCOUNT: AccountId = "main"
_LEAD_MS = 10 * SECOND_MS
_MOST_LEVERAGE = 50
_REPLAY_RECONCILE_MS = 10 * MINUTE_MS  # nobody trades behind the back of a paper account
_ARENA_LEVERAGE = 5
_RATE_A_BOT = 20
_ACTIONS_LEFT = 10_000  # what the exchange allows an address that has not traded yet


class RecordedBot(msgspec.Struct, frozen=True, kw_only=True):
    """A bot to replay: its id, its wallet and the file of its fills."""

    id: BotId
    wallet: Address
    file: Path


class ReplayPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What to replay and how. `meta` is a file with the exchange's `meta` answer."""

    bots: tuple[RecordedBot, ...]
    direction: Direction = Direction.FADE
    multiplier: Ratio = Ratio("0.05")
    equity: Usd = Usd(10_000)
    half_spread_bps: Bps = Bps(1)
    meta: Path | None = None


class ArenaRunPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A synthetic arena: how long it lasts in simulated seconds, and how large it is."""

    seconds: int
    seed: int = 1
    bots: int = 6
    coins: int = 6
    equity: Usd = Usd(10_000)
    latency_ms: EpochMs = 150


@dataclass(kw_only=True)
class Run:
    """
    A backtest that was put together. `finish` runs it; what it came to stands in the other fields.

    `watchers` see every step. `guessed_lots` are those that nobody told: the decimals of recorded fills were all there
    was to go by.
    """

    backtest: Backtest[State]
    opening: tuple[Event, ...]
    journal: HashedJournal
    venue: SimExchange
    watchers: list[Watch]
    bad_lines: tuple[BadLine, ...] = ()
    messages: int | None = None
    guessed_lots: dict[Coin, Quantity] = field(default_factory=dict)

    def finish(self) -> Tally:
        """Run to the end."""
        return immediately(self.backtest.run(self.opening))

    def equity(self) -> Usd:
        """Return our account's equity, as the venue has it, to a millionth of a dollar."""
        return equity_of(self.venue, ACCOUNT)

    def drift(self) -> dict[Coin, Quantity]:
        """Return by coin how far the venue's positions are from our books; empty is as it should be."""
        return drift_of(self.venue, self.backtest.state, ACCOUNT)


def made_up_wallet(name: str) -> Address:
    """Return an address for a bot whose own is not known; the same for the same name."""
    return wallet_of(name)


def owner_of(file: Path) -> Address | None:
    """
    Return the wallet that the first fill of a file names as its own; None where it names none.

    Raises:
        InvalidInput: The file cannot be read.
    """
    return named_owner(file, recorded_owner)


def replay_run(plan: ReplayPlan) -> Run:
    """
    Put a replay of recorded fills together.

    Raises:
        InvalidInput: A file cannot be read at all, two are of one wallet, or nothing is left to replay.
    """
    _refuse_twins(plan.bots)
    recordings = [read_recording(bot.file, bot.wallet, recorded_fill) for bot in plan.bots]
    bad_lines = tuple(bad for recording in recordings for bad in recording.bad_lines)
    start = min((r.messages[0][0].time for r in recordings if r.messages), default=None)
    if start is None:
        raise InvalidInput(f"nothing can be replayed, no line is a fill; the first says: {bad_lines[0]}")
    listed = _listed(plan.meta)
    guessed = _guessed(recordings, {market.coin for market in listed})
    markets, clock = (*listed, *guessed), ManualClock(start - _LEAD_MS)
    bots = tuple(
        BotPolicy(
            id=bot.id,
            name=bot.id,
            wallet=bot.wallet,
            direction=plan.direction,
            leverage_multiplier=plan.multiplier,
            account=ACCOUNT,
        )
        for bot in plan.bots
    )
    run = _Plugs(
        feed=HistoryFeed(recordings, clock, markets, plan.half_spread_bps),
        clock=clock,
        journal=HashedJournal(),
        policy=Policy(
            bots=bots,
            accounts=(_account(_MOST_LEVERAGE),),
            tuning=Tuning(reconcile_ms=_REPLAY_RECONCILE_MS),
        ),
        markets=markets,
        equity=plan.equity,
        mode=AccountMode.UNIFIED,  # one balance behind all dexs, so that builder-deployed coins can be held too
    ).run()
    run.bad_lines, run.messages = bad_lines, sum(len(recording.messages) for recording in recordings)
    run.guessed_lots = {market.coin: market.lot for market in guessed}
    return run


def arena_run(plan: ArenaRunPlan) -> Run:
    """Put a backtest of the synthetic arena together."""
    clock = ManualClock(START_MS)
    arena = Arena(plan.seed, clock, bots=plan.bots, coins=plan.coins, seconds=plan.seconds)
    bots = tuple(BotPolicy(id=one.bot, name=one.bot, wallet=one.wallet) for one in arena.traders)
    return _Plugs(
        feed=arena,
        clock=clock,
        journal=HashedJournal(),
        policy=Policy(bots=bots, accounts=(_account(_ARENA_LEVERAGE),), tuning=_tuning(plan.bots)),
        markets=tuple(arena.market.instruments.values()),
        equity=plan.equity,
        news=arena.news,
        book_of=arena.market.book,
        latency_ms=plan.latency_ms,
    ).run()


@dataclass(frozen=True, kw_only=True)
class _Plugs:
    """
    What is plugged together, the same way for every run.

    The invariants are looked at after every event that brought more than a point of equity: most events of a long
    recording are looks at the account that find nothing.
    """

    feed: Playback
    clock: ManualClock
    journal: HashedJournal
    policy: Policy
    markets: tuple[Instrument, ...]
    equity: Usd
    news: Callable[[], Iterable[MarketNews]] = tuple
    book_of: BookOf | None = None
    latency_ms: EpochMs = 0
    mode: AccountMode = AccountMode.STANDARD

    def run(self) -> Run:
        """Put it together."""
        now, state = self.clock.now_ms(), State()
        account = PaperAccount(id=ACCOUNT, start_usd=self.equity, taker_rate=self.policy.accounts[0].taker_rate)
        venue = SimExchange(self.clock, (account,), self.markets, mode=self.mode, book_of=self.book_of)
        watchers = list[Watch]()
        doors = Doors(self.feed, venue, self.journal, self.clock, venue.markets.quote, self.news)

        def check(entry: JournalEntry) -> None:
            is_news = any(not isinstance(record, EquityPoint) for record in entry.records)
            broken = violations(state) if is_news else ()
            if broken:
                raise InvariantBroken(f"after event {entry.seq} ({type(entry.event).__name__}): {broken[0]}")
            for watch in watchers:
                watch(entry)

        options = Options(latency_ms=self.latency_ms)
        return Run(
            backtest=Backtest(doors, step, state, options=options, watch=check),
            opening=_opening(self.policy, self.markets, now),
            journal=self.journal,
            venue=venue,
            watchers=watchers,
        )


def _opening(policy: Policy, markets: tuple[Instrument, ...], now: EpochMs) -> tuple[Event, ...]:
    """Return what the core is told first; everything else it asks for."""
    return (
        Operator(time=now, received=now, control_id=1, actor="bootstrap", action=SetPolicy(policy=policy)),
        Instruments(time=now, received=now, instruments=markets),
        ClockRead(time=now, received=now, offset_ms=0, spread_ms=0),
        Started(time=now, received=now, rules_version=RULES_VERSION, worker="backtest"),
        *(
            BudgetRead(time=now, received=now, account=account.id, actions_left=_ACTIONS_LEFT)
            for account in policy.accounts
        ),
    )


def _tuning(bots: int) -> Tuning:
    """Return the default settings, with limits on rates that grow with a crowd of bots."""
    usual = Tuning()
    return Tuning(
        orders_per_minute=max(usual.orders_per_minute, _RATE_A_BOT * bots),
        snapshots_per_minute=max(usual.snapshots_per_minute, _RATE_A_BOT * bots),
    )


def _account(max_leverage: int) -> AccountPolicy:
    ours = wallet_of("fadearena/account")
    return AccountPolicy(id=ACCOUNT, address=ours, signer=ours, max_leverage=max_leverage)


def _listed(meta: Path | None) -> tuple[Instrument, ...]:
    """Return the markets of a meta file."""
    if meta is None:
        return ()
    try:
        return recorded_meta(meta.read_bytes())
    except OSError as error:
        raise InvalidInput(f"{meta} cannot be read ({error.strerror}): give an existing file") from error
    except InvalidInput as error:
        raise InvalidInput(f"{meta}: {error}") from error


def _guessed(recordings: list[Recording], known: set[Coin]) -> tuple[Instrument, ...]:
    """Return inferred markets of the coins that no meta file names."""
    inferred = infer_instruments(fill for recording in recordings for fill in recording.fills())
    return tuple(market for market in inferred if market.coin not in known)


def _refuse_twins(bots: tuple[RecordedBot, ...]) -> None:
    seen: dict[Address, Path] = {}
    for bot in bots:
        if bot.wallet in seen:
            raise InvalidInput(f"{seen[bot.wallet]} and {bot.file} are of one wallet: put their fills in one file")
        seen[bot.wallet] = bot.file
