"""What happened, in memory: every question goes through the whole log."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import TypeVar

from fadearena.adapters.memory.happened import Happened
from fadearena.adapters.memory.read_store import MemoryReadStore
from fadearena.model.curve import Extent
from fadearena.model.ids import AccountId, BotId, Cloid, Coin
from fadearena.model.record import (
    Alert,
    BotsChange,
    BotTrade,
    CashBooked,
    Decision,
    Drift,
    EquityPoint,
    FillKind,
    FundingBooked,
    MyFill,
    OrderUpdate,
    Outcome,
    PartKind,
    SettingsChange,
    ShadowFill,
)
from fadearena.model.units import ZERO, EpochMs, Size, Usd
from fadearena.ports.archive import (
    BotLedger,
    Curve,
    CurveQuery,
    Cut,
    DecisionQuery,
    DriftView,
    EventQuery,
    FillQuery,
    LoggedCash,
    LoggedDecision,
    LoggedEvent,
    LoggedFill,
    LoggedFunding,
    LoggedOrder,
    LoosePart,
    Mark,
    OrderQuery,
    OrderStory,
    SettingsStep,
    Trade,
    TradeKind,
    TradePage,
    TradeQuery,
    Transition,
)
from fadearena.ports.read_store import Grain, LoggedRecord

T = TypeVar("T")
Numbered = TypeVar("Numbered", LoggedDecision, LoggedOrder, LoggedFill, SettingsStep)
Timed = TypeVar("Timed", Trade, LoggedDecision, LoggedFill, LoggedFunding, LoggedCash)
_PART = 1_000
_SHARED = ("key", "bot", "coin", "side", "quantity", "price")


class MemoryArchive:
    """Looks into a read store in memory."""

    def __init__(self, records: MemoryReadStore) -> None:
        self._records = records

    async def trades(self, query: TradeQuery) -> TradePage:
        """Return trades, the newest first by time, and their true count."""
        found = [
            trade
            for trade in self._trades(query.since, query.until)
            if query.kind in {None, trade.kind} and query.bot in {None, trade.bot} and query.coin in {None, trade.coin}
        ]
        found.reverse()
        start = query.limit * (query.page - 1)
        return TradePage(trades=tuple(found[start : start + query.limit]), total=len(found))

    async def decisions(self, query: DecisionQuery) -> tuple[LoggedDecision, ...]:
        """Return decisions, the newest first."""
        return _newest(
            (
                logged
                for logged in self._decisions()
                if query.bot in {None, logged.decision.bot}
                and query.coin in {None, logged.decision.coin}
                and query.outcome in {None, logged.decision.outcome}
                and _is_within(logged.time, query.since, query.until)
            ),
            query.cut,
        )

    async def orders(self, query: OrderQuery) -> tuple[LoggedOrder, ...]:
        """Return orders, the newest first."""
        return _newest(
            (
                logged
                for logged in self._happened.orders.values()
                if query.bot in {None, logged.view.order.bot}
                and query.account in {None, logged.view.order.account}
                and query.coin in {None, logged.view.order.coin}
                and query.status in {None, logged.view.order.status}
            ),
            query.cut,
        )

    async def order(self, cloid: Cloid) -> OrderStory | None:
        """Return everything about one order; None where there is none of this id."""
        order = self._happened.orders.get(cloid)
        if order is None:
            return None
        steps = ((logged, update) for logged, update in self._happened.of(OrderUpdate) if update.cloid == cloid)
        shadows = [shadow for _, shadow in self._happened.of(ShadowFill) if shadow.cloid == cloid]
        return OrderStory(
            order=order,
            decision=next((logged for logged in self._decisions() if logged.decision.cloid == cloid), None),
            transitions=tuple(
                Transition(record_seq=logged.record_seq, time=logged.time, update=update) for logged, update in steps
            ),
            fills=tuple(logged for logged in self._fills() if logged.fill.cloid == cloid),
            shadow=next(reversed(shadows), None),
        )

    async def fills(self, query: FillQuery) -> tuple[LoggedFill, ...]:
        """Return our fills, the newest first by record."""
        return _newest(
            (
                logged
                for logged in self._fills()
                if query.bot in {None, logged.fill.bot}
                and query.account in {None, logged.fill.account}
                and query.coin in {None, logged.fill.coin}
                and _is_within(logged.time, query.since, query.until)
            ),
            query.cut,
        )

    async def events(self, query: EventQuery) -> tuple[LoggedEvent, ...]:
        """Return records of the log, the oldest first."""
        found = (
            event
            for event in map(_event_of, self._happened.log)
            if event.logged.record_seq > query.after
            and query.level in {None, event.level}
            and query.category in {None, event.category}
        )
        return tuple(event for event, _ in zip(found, range(query.limit), strict=False))

    async def settings_history(self, cut: Cut) -> tuple[SettingsStep, ...]:
        """Return changes of the settings, the newest first."""
        found = []
        for logged in self._happened.log:
            match logged.record:
                case SettingsChange() | BotsChange() as change:
                    found.append(
                        SettingsStep(
                            record_seq=logged.record_seq,
                            time=logged.time,
                            version=change.version,
                            actor=change.actor,
                            policy=change.policy if isinstance(change, SettingsChange) else None,
                            bots=change if isinstance(change, BotsChange) else None,
                        )
                    )
                case _:
                    pass
        return _newest(found, cut)

    async def curves(self, query: CurveQuery) -> dict[str, Curve]:
        """Return the curves by their series, in the order in which these were asked for; one may have no values."""
        grain = Grain.HOUR.ms if query.step_ms % Grain.HOUR.ms == 0 else Grain.MINUTE.ms
        since = query.since - query.since % query.step_ms
        curves: dict[str, Curve] = {series: {} for series in query.series}
        for logged, point in self._happened.of(EquityPoint):
            start = logged.time - logged.time % grain
            if point.series in curves and since <= start <= query.until:
                curves[point.series][start - start % query.step_ms] = point.usd
        return curves

    async def equity_before(self, series: tuple[str, ...], time: EpochMs) -> dict[str, Usd]:
        """Return the last known value of each series at or before `time`; a series without one is absent."""
        minutes = {
            (point.series, logged.time - logged.time % Grain.MINUTE.ms): (logged.time, point.usd)
            for logged, point in self._happened.of(EquityPoint)
        }
        known = sorted((read, name, usd) for (name, _), (read, usd) in minutes.items() if usd is not None)
        return {name: usd for read, name, usd in known if name in series and read <= time}

    async def bot_ledgers(self, bots: tuple[BotId, ...]) -> dict[BotId, BotLedger]:
        """Return what is summed up of each of these bots."""
        return {bot: self._ledger(bot) for bot in bots}

    async def marks(self) -> dict[Coin, Mark]:
        """Return the newest marks that were journaled, by coin."""
        return dict(self._happened.marks)

    async def held_marks(self) -> dict[Coin, Mark]:
        """Return those of the marks in whose coins a bot, or a sleeve of ours, holds or should hold something."""
        sleeves, sources = await self._records.sleeves(), await self._records.sources()
        held = {sleeve.coin for sleeve in sleeves} | {source.coin for source in sources}
        return {coin: mark for coin, mark in self._happened.marks.items() if coin in held}

    async def drifts(self) -> tuple[DriftView, ...]:
        """Return the books that drift, by account and coin."""
        newest = {(drift.account, drift.coin): (logged.time, drift) for logged, drift in self._happened.of(Drift)}
        return tuple(
            DriftView(account=drift.account, coin=drift.coin, ours=drift.ours, theirs=drift.theirs, changed=time)
            for _, (time, drift) in sorted(newest.items(), key=lambda item: item[0])
            if drift.is_open
        )

    async def loose(self) -> tuple[LoosePart, ...]:
        """Return what belongs to no bot where it is not zero, by account, coin and part."""
        sizes: dict[tuple[AccountId, Coin, PartKind], Size] = {}
        for _, fill in self._happened.of(MyFill):
            if fill.part != PartKind.SLEEVE:
                key = fill.account, fill.coin, fill.part
                sizes[key] = sizes.get(key, ZERO) + fill.side.signed(fill.quantity)
        return tuple(
            LoosePart(account=account, coin=coin, part=part, size=size)
            for (account, coin, part), size in sorted(sizes.items())
            if size
        )

    def all_trades(self, since: EpochMs | None, until: EpochMs | None) -> AsyncIterator[tuple[Trade, ...]]:
        """Yield all trades in parts, the oldest first."""
        return _parts(self._trades(since, until))

    def all_fills(self, since: EpochMs | None, until: EpochMs | None) -> AsyncIterator[tuple[LoggedFill, ...]]:
        """Yield all our fills in parts, the oldest first by time."""
        return _parts(_by_time(self._fills(), since, until))

    def all_funding(self, since: EpochMs | None, until: EpochMs | None) -> AsyncIterator[tuple[LoggedFunding, ...]]:
        """Yield all funding that was booked in parts, the oldest first by time."""
        return _parts(_by_time(self._funding(), since, until))

    def all_decisions(self, since: EpochMs | None, until: EpochMs | None) -> AsyncIterator[tuple[LoggedDecision, ...]]:
        """Yield all decisions in parts, the oldest first."""
        return _parts(_by_time(self._decisions(), since, until))

    def all_orders(self, since: EpochMs | None, until: EpochMs | None) -> AsyncIterator[tuple[LoggedOrder, ...]]:
        """Yield all orders as they stand in parts, the oldest first by when they were made."""
        orders = self._happened.orders.values()
        return _parts([order for order in orders if _is_within(order.view.created, since, until)])

    def all_cash(self, since: EpochMs | None, until: EpochMs | None) -> AsyncIterator[tuple[LoggedCash, ...]]:
        """Yield all money that came or went without a trade in parts, the oldest first by time."""
        booked = (
            LoggedCash(record_seq=logged.record_seq, time=logged.time, cash=cash)
            for logged, cash in self._happened.of(CashBooked)
        )
        return _parts(_by_time(booked, since, until))

    def booked_fills(self) -> AsyncIterator[tuple[LoggedFill, ...]]:
        """Yield all our fills in parts, in the order in which they were booked: late ones came after newer ones."""
        return _parts(tuple(self._fills()))

    def booked_funding(self) -> AsyncIterator[tuple[LoggedFunding, ...]]:
        """Yield all funding in parts, in the order in which it was booked."""
        return _parts(tuple(self._funding()))

    @property
    def _happened(self) -> Happened:
        return self._records.happened

    def _trades(self, since: EpochMs | None, until: EpochMs | None) -> list[Trade]:
        found = []
        for logged in self._happened.log:
            time = self._happened.times[logged.record_seq]
            match logged.record:
                case BotTrade() as record:
                    kind, realised = TradeKind.BOT, None
                case MyFill(kind=why) as record if why != FillKind.CORRECTION:
                    kind, realised = TradeKind.MINE, record.realised or None
                case _:
                    continue
            shared = {name: getattr(record, name) for name in _SHARED}
            trade = Trade(kind=kind, record_seq=logged.record_seq, time=time, realised=realised, **shared)
            found.append(trade)
        return _by_time(found, since, until)

    def _decisions(self) -> Iterator[LoggedDecision]:
        return (
            LoggedDecision(record_seq=logged.record_seq, time=logged.time, decision=decision)
            for logged, decision in self._happened.of(Decision)
        )

    def _fills(self) -> Iterator[LoggedFill]:
        return (
            LoggedFill(record_seq=logged.record_seq, time=self._happened.times[logged.record_seq], fill=fill)
            for logged, fill in self._happened.of(MyFill)
        )

    def _funding(self) -> Iterator[LoggedFunding]:
        times = self._happened.times
        return (
            LoggedFunding(record_seq=logged.record_seq, time=times[logged.record_seq], funding=funding)
            for logged, funding in self._happened.of(FundingBooked)
        )

    def _extent(self, series: str) -> Extent | None:
        points = self._happened.of(EquityPoint)
        values = [point.usd for _, point in points if point.series == series and point.usd is not None]
        return Extent.along(values) if values else None

    def _ledger(self, bot: BotId) -> BotLedger:
        source, mirror = self._extent(f"bot:{bot}"), self._extent(f"mirror:{bot}")
        skipped = Counter(
            logged.decision.reason
            for logged in self._decisions()
            if logged.decision.bot == bot and logged.decision.outcome == Outcome.SKIP
        )
        return BotLedger(
            bot=bot,
            drawdown_usd=None if mirror is None else mirror.fall,
            source_drawdown=None if source is None else source.fall_ratio,
            source_first=None if source is None else source.first,
            source_last=None if source is None else source.last,
            bot_trades=sum(trade.bot == bot for _, trade in self._happened.of(BotTrade)),
            skipped=dict(skipped),
        )


def _event_of(logged: LoggedRecord) -> LoggedEvent:
    match logged.record:
        case Alert(level=level, category=category):
            return LoggedEvent(logged=logged, level=level, category=category)
        case record:
            return LoggedEvent(logged=logged, level="info", category=str(record.__struct_config__.tag))


def _is_within(time: EpochMs, since: EpochMs | None, until: EpochMs | None) -> bool:
    return (since is None or since <= time) and (until is None or time <= until)


def _by_time(found: Iterable[Timed], since: EpochMs | None, until: EpochMs | None) -> list[Timed]:
    those = (one for one in found if _is_within(one.time, since, until))
    return sorted(those, key=lambda one: (one.time, one.record_seq))


def _newest(found: Iterable[Numbered], cut: Cut) -> tuple[Numbered, ...]:
    those = [one for one in found if cut.before is None or one.record_seq < cut.before]
    return tuple(those[::-1][: cut.limit])


async def _parts(found: Sequence[T]) -> AsyncIterator[tuple[T, ...]]:
    for start in range(0, len(found), _PART):
        yield tuple(found[start : start + _PART])
