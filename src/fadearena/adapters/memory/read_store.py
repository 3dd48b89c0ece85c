"""A read store in memory: the log of records, and the newest of each thing that they tell of."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import islice

import msgspec

from fadearena.adapters.memory.control import MemoryControl
from fadearena.adapters.memory.happened import Happened
from fadearena.adapters.memory.outbox import MemoryOutbox
from fadearena.adapters.memory.pairs import pairs_of
from fadearena.model.event import SnapshotRound, SourceFills, Started
from fadearena.model.ids import AccountId, Address, BotId, Coin
from fadearena.model.policy import Policy
from fadearena.model.record import (
    Alert,
    BotPerformance,
    BotsChange,
    BotTrade,
    CashBooked,
    ControlAnswer,
    DeadLetter,
    Decision,
    Drift,
    EquityPoint,
    FollowUpdate,
    FundingBooked,
    Gap,
    MyFill,
    OrderUpdate,
    PositionChange,
    Record,
    SettingsChange,
    ShadowFill,
    SleeveUpdate,
    StopUpdate,
    TradingStateChange,
)
from fadearena.model.trading import TradingState
from fadearena.model.units import ZERO, EpochMs, Usd
from fadearena.ports.journal import JournalEntry
from fadearena.ports.pairs import OrderPair, PairQuery
from fadearena.ports.read_store import (
    AccountView,
    BotView,
    EquityQuery,
    EquityRow,
    Grain,
    LatchView,
    LetterView,
    LogPage,
    LogQuery,
    OrderView,
    Position,
    SettingsView,
    SystemView,
    check_limit,
)


class _Shown:
    """What was projected so far."""

    def __init__(self) -> None:
        self.position = Position()
        self.happened = Happened()
        self.settings: SettingsView | None = None
        self.system = SystemView()
        self.states: dict[str, TradingState] = {}
        self.latches: dict[tuple[str, str], LatchView] = {}
        self.performances: dict[BotId, tuple[BotPerformance, EpochMs]] = {}
        self.sleeves: dict[tuple[BotId, Coin], SleeveUpdate] = {}
        self.sources: dict[tuple[BotId, Coin], FollowUpdate] = {}
        self.orders: dict[str, OrderView] = {}
        self.fees: dict[str, Usd] = {}
        self.shadows: dict[str, ShadowFill] = {}
        self.letters: dict[str, LetterView] = {}
        self.curves: dict[tuple[str, Grain], dict[EpochMs, Usd | None]] = {}
        self.last_points: dict[str, tuple[EpochMs, Usd | None]] = {}

    def take_event(self, entry: JournalEntry) -> None:
        match entry.event:
            case Started(rules_version=rules):
                self._note(started=entry.received, rules_version=rules)
            case SourceFills():
                self._note(last_event_time=entry.received)
            case SnapshotRound(length_ms=length):
                self._note(snapshot_round_ms=length)
            case _:
                pass

    def take(self, record: Record, time: EpochMs) -> None:
        match record:
            case FollowUpdate():
                self.sources[record.bot, record.coin] = record
            case SleeveUpdate():
                self.sleeves[record.bot, record.coin] = record
            case OrderUpdate():
                self._take_order(record, time)
            case BotPerformance():
                self.performances[record.bot] = record, time
            case EquityPoint():
                self._take_point(record, time)
            case TradingStateChange():
                self._take_latch(record, time)
            case SettingsChange() | BotsChange():
                self._take_settings(record, time)
            case DeadLetter():
                self.letters[record.id] = LetterView(letter=record, changed=time)
            case MyFill(cloid=cloid, fee=fee) if cloid is not None:
                self.fees[cloid] = self.fees.get(cloid, ZERO) + fee
            case ShadowFill(cloid=cloid):
                self.shadows[cloid] = record
            case BotTrade() | PositionChange() | Gap() | Decision() | MyFill() | FundingBooked() | CashBooked():
                pass
            case Drift() | Alert() | StopUpdate() | ControlAnswer():
                pass

    def strictest(self, *scopes: str) -> str:
        found = (self.states.get(scope, TradingState.ACTIVE) for scope in scopes)
        return max(found, key=lambda state: state.severity).value

    def _note(self, **fields: object) -> None:
        self.system = msgspec.structs.replace(self.system, **fields)

    def _take_order(self, record: OrderUpdate, time: EpochMs) -> None:
        earlier = self.orders.get(record.cloid)
        created = time if earlier is None else earlier.created
        self.orders[record.cloid] = OrderView(order=record, created=created, changed=time)
        self._note(last_order_time=time)

    def _take_point(self, record: EquityPoint, time: EpochMs) -> None:
        for grain in Grain:
            curve = self.curves.setdefault((record.series, grain), {})
            curve[time - time % grain.ms] = record.usd
        self.last_points[record.series] = time, record.usd

    def _take_latch(self, record: TradingStateChange, time: EpochMs) -> None:
        self.states[record.scope] = TradingState(record.state)
        key = record.scope, record.latch
        if record.is_set:
            self.latches[key] = LatchView(
                scope=record.scope, latch=record.latch, actor=record.actor, since=time, reason=record.reason
            )
        else:
            self.latches.pop(key, None)

    def _take_settings(self, record: SettingsChange | BotsChange, time: EpochMs) -> None:
        self._note(settings_version=record.version)
        policy = record.policy if isinstance(record, SettingsChange) else self._with_bots(record)
        if policy is None:
            return
        self._note(mode=policy.mode.value)
        before, now = _homes(self.settings.policy if self.settings else None), _homes(policy)
        gone = {bot for bot, home in before.items() if now.get(bot) != home}
        self.sources = {key: update for key, update in self.sources.items() if key[0] not in gone}
        self.sleeves = {key: update for key, update in self.sleeves.items() if key[0] not in gone}
        self.performances = {bot: found for bot, found in self.performances.items() if bot not in gone}
        self.settings = SettingsView(policy=policy, actor=record.actor, changed=time)

    def _with_bots(self, record: BotsChange) -> Policy | None:
        if self.settings is None:
            return None
        policy = self.settings.policy.with_bots(record.put, record.dropped)
        return msgspec.structs.replace(policy, version=record.version)


def _homes(policy: Policy | None) -> dict[BotId, tuple[Address, AccountId]]:
    return {} if policy is None else {bot.id: (bot.wallet, bot.account) for bot in policy.bots}


class MemoryReadStore:
    """Keeps every record. Answers to people's commands end them in `control`, alerts are queued in `outbox`."""

    def __init__(self, control: MemoryControl | None = None, outbox: MemoryOutbox | None = None) -> None:
        self._control = control
        self._outbox = outbox or MemoryOutbox()
        self._shown = _Shown()

    @property
    def happened(self) -> Happened:
        """What the archive is made of."""
        return self._shown.happened

    async def position(self) -> Position:
        """Return how far everything is in."""
        return self._shown.position

    async def project(self, entries: Sequence[JournalEntry]) -> Position:
        """
        Take entries in and return the position; those already in change nothing.

        Raises:
            InvalidInput: An entry is missing; nothing was taken in then.
        """
        shown, position = self._shown, self._shown.position
        new = [entry for entry in entries if entry.seq > position.journal_seq]
        for entry in new:
            position = position.after(entry)
        alerts: list[tuple[int, EpochMs, Alert]] = []
        for entry in new:
            shown.happened.take(entry)
            shown.take_event(entry)
            for number, record in enumerate(entry.records, entry.record_seq - len(entry.records) + 1):
                shown.take(record, entry.received)
                if isinstance(record, ControlAnswer) and self._control is not None:
                    self._control.end(record, entry.seq)
                if isinstance(record, Alert):
                    alerts.append((number, entry.received, record))
        self._outbox.take(alerts)
        shown.position = position
        return position

    async def clear(self, at: Position = Position()) -> None:  # noqa: B008  # frozen
        """Forget everything that follows from the journal; the next entry is the one after `at`."""
        self._shown = _Shown()
        self._shown.position = at

    async def log(self, query: LogQuery) -> LogPage:
        """Return a part of the log."""
        log = self.happened.log
        start = bisect_right(log, query.after, key=lambda logged: logged.record_seq)
        kinds = query.kinds
        found = [r for r in log[start:] if not kinds or r.record.__struct_config__.tag in kinds]
        page = tuple(found[: query.limit])
        return LogPage(records=page, next_after=page[-1].record_seq if len(found) > query.limit else None)

    async def settings(self) -> SettingsView | None:
        """Return the settings in force; None before any were set."""
        return self._shown.settings

    async def system(self) -> SystemView:
        """Return how things stand."""
        shown = self._shown
        latches = tuple(shown.latches[key] for key in sorted(shown.latches))
        return msgspec.structs.replace(shown.system, state=shown.strictest("all"), latches=latches)

    async def bots(self) -> tuple[BotView, ...]:
        """Return the bots of the settings, in their order."""
        shown = self._shown
        return tuple(
            BotView(
                id=bot.id,
                name=bot.name,
                wallet=bot.wallet,
                enabled=bot.enabled,
                state=shown.strictest("all", f"account:{bot.account}", f"bot:{bot.id}"),
                performance=shown.performances.get(bot.id, (None, None))[0],
                performance_time=shown.performances.get(bot.id, (None, None))[1],
            )
            for bot in (shown.settings.policy.bots if shown.settings else ())
        )

    async def accounts(self) -> tuple[AccountView, ...]:
        """Return the accounts of the settings, in their order."""
        shown = self._shown
        return tuple(
            AccountView(
                id=account.id,
                address=account.address,
                state=shown.strictest("all", f"account:{account.id}"),
                equity=shown.last_points.get(f"account:{account.id}", (None, None))[1],
                equity_time=shown.last_points.get(f"account:{account.id}", (None, None))[0],
            )
            for account in (shown.settings.policy.accounts if shown.settings else ())
        )

    async def sleeves(self) -> tuple[SleeveUpdate, ...]:
        """Return all sleeves that hold or want something, by bot and coin."""
        found = self._shown.sleeves
        return tuple(found[key] for key in sorted(found) if found[key].size or found[key].target)

    async def sources(self) -> tuple[FollowUpdate, ...]:
        """Return what is known of the bots' own positions where it is not zero, by bot and coin."""
        found = self._shown.sources
        return tuple(found[key] for key in sorted(found) if found[key].position)

    async def orders(self, limit: int = 50) -> tuple[OrderView, ...]:
        """
        Return orders, the newest first, at most `limit`.

        Raises:
            InvalidInput: `limit` is not 1 to 1,000.
        """
        check_limit(limit)
        return tuple(islice(reversed(self._shown.orders.values()), limit))

    async def pairs(self, query: PairQuery) -> tuple[OrderPair, ...]:
        """Return orders that ended, the newest first, each with what simulation would have made of it."""
        shown = self._shown
        return pairs_of(reversed(shown.orders.values()), shown.fees, shown.shadows, query)

    async def letters(self) -> tuple[LetterView, ...]:
        """Return the dead letters that are open, the oldest first."""
        return tuple(view for view in self._shown.letters.values() if view.letter.state == "open")

    async def equity(self, query: EquityQuery) -> tuple[EquityRow, ...]:
        """Return a part of a curve, oldest first."""
        curve = self._shown.curves.get((query.series, query.grain), {})
        until = max(curve, default=0) if query.until is None else query.until
        times = sorted(time for time in curve if query.since <= time <= until)
        return tuple(EquityRow(time=time, usd=curve[time]) for time in times[: query.limit])
