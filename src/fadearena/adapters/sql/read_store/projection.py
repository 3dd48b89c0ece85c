"""
From journal entries to rows: what a run of entries changes, gathered so that each table is written once.

1. It follows from the entries alone: numbers and times are theirs, nothing is counted here, nothing is read.
2. Of a thing's several states in one run only the last is written; what happened is written record by record.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

import msgspec
from sqlalchemy import Table

from fadearena.adapters.sql import tables
from fadearena.adapters.sql.statements import Row, text_of
from fadearena.adapters.sql.tables import ANY, FIRST, KEYS, WEEK_MS
from fadearena.model.event import OwnFills, SnapshotRound, SourceFills, Started
from fadearena.model.ids import BotId, Coin
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
    FillKind,
    FollowUpdate,
    FundingBooked,
    Gap,
    MyFill,
    OrderUpdate,
    Outcome,
    PositionChange,
    Record,
    SettingsChange,
    ShadowFill,
    SleeveUpdate,
    StopUpdate,
    TradingStateChange,
)
from fadearena.model.trading import TradingState
from fadearena.model.units import EpochMs, Usd
from fadearena.ports.archive import Mark, TradeKind
from fadearena.ports.journal import JournalEntry
from fadearena.ports.read_store import Grain


class Place(msgspec.Struct, frozen=True, gc=False):
    """Where a record stands, when its entry came in, and the time of the fact itself."""

    record_seq: int
    journal_seq: int
    time: EpochMs
    happened: EpochMs


class Rows:
    """
    What has been gathered.

    `added` are rows of what happened, their values in the order of the columns; `standing` the newest row of each thing
    by its key, None where it is gone;
    `status` the columns of `system_status` that changed; `answers` end people's commands, `alerts` are to be told,
    `settings` are new ones, or what changed of their bots: it is written before anything after it is gathered.
    `counts` are added to what is counted already, `curves` are known values that follow those that were drawn, `marks`
    replace older ones.
    """

    def __init__(self) -> None:
        self.added: dict[Table, list[tuple[Any, ...]]] = {}
        self.standing: dict[Table, dict[tuple[Any, ...], Row | None]] = {}
        self.status: Row = {}
        self.answers: list[tuple[Place, ControlAnswer]] = []
        self.alerts: list[tuple[int, EpochMs, Alert]] = []
        self.settings: tuple[Place, SettingsChange | BotsChange] | None = None
        self.counts: dict[Table, dict[tuple[str | int, ...], int]] = {}
        self.curves: dict[str, list[Usd]] = {}
        self.marks: dict[Coin, Mark] = {}
        self._executed: dict[str, EpochMs] = {}

    def take_event(self, entry: JournalEntry) -> None:
        """Take what the event itself says."""
        for quote in entry.event.quotes:
            if quote.mark is not None:
                known = self.marks.get(quote.coin)
                if known is None or quote.mark_time > known.time:
                    self.marks[quote.coin] = Mark(coin=quote.coin, price=quote.mark, time=quote.mark_time)
        self._executed = {}
        match entry.event:
            case Started(rules_version=rules):
                self.status |= {"started": entry.received, "rules_version": rules}
            case SourceFills():
                self.status["last_event_time"] = entry.received
            case OwnFills(fills=fills):
                self._executed = {fill.key: fill.time for fill in fills}
            case SnapshotRound(length_ms=length):
                self.status["snapshot_round_ms"] = length
            case _:
                pass

    def take(self, place: Place, record: Record) -> None:
        """Take one record."""
        fields = msgspec.to_builtins(record, builtin_types=(Decimal,))
        level, category = (record.level, record.category) if isinstance(record, Alert) else ("info", fields["type"])
        logged = {"kind": fields["type"], "level": level, "category": category, "payload": text_of(record)}
        about = {"bot": fields.get("bot"), "coin": fields.get("coin"), "time": place.time}
        self.add(tables.system_event, place, logged | about)
        PROJECTIONS[type(record)](self, place, record, fields)

    def executed(self, key: str, place: Place) -> EpochMs:
        """Return when an execution happened; its key begins with the venue's, where the venue told of it by itself."""
        return self._executed.get(key.rpartition(":")[0], place.happened)

    def add(self, table: Table, place: Place, fields: Row) -> None:
        """Gather a row of something that happened."""
        whole = {"time": place.time, "journal_seq": place.journal_seq} | fields | {"record_seq": place.record_seq}
        self.added.setdefault(table, []).append(tuple(map(whole.__getitem__, _COLUMNS[table])))

    def trade(self, place: Place, kind: TradeKind, time: EpochMs, bot: BotId | None, coin: Coin) -> None:
        """Gather a trade, and count it."""
        fields = {"time": time, "kind": kind.value, "bot": bot, "coin": coin}
        self.add(tables.trade, place, fields)
        for whose in {ANY, bot or ANY}:
            for where in (ANY, coin):
                self.count(tables.trade_count, whose, where, kind.value, time // WEEK_MS)

    def count(self, table: Table, *key: str | int) -> None:
        """Gather that there is one more of something."""
        counts = self.counts.setdefault(table, {})
        counts[key] = counts.get(key, 0) + 1

    def stand(self, table: Table, fields: Row) -> None:
        """Gather the newest row of a thing."""
        row = {name: fields[name] for name in _COLUMNS[table]}
        things, key = self.standing.setdefault(table, {}), tuple(row[name] for name in KEYS[table])
        earlier = things.get(key)
        if earlier is not None:
            row |= {name: earlier[name] for name in FIRST.get(table, ())}
        things[key] = row

    def gone(self, table: Table, *key: str) -> None:
        """Gather that a thing is no more."""
        self.standing.setdefault(table, {})[key] = None


Projection: TypeAlias = Callable[[Rows, Place, Any, Row], None]


def _added(table: Table) -> Projection:
    """Return the projection of records that have a row each, with their own fields."""
    return lambda rows, place, _record, fields: rows.add(table, place, fields)


def _standing(table: Table) -> Projection:
    """Return the projection of records that say how a thing stands, with their own fields."""
    return lambda rows, place, _record, fields: rows.stand(table, {"time": place.time} | fields)


def _only_logged(rows: Rows, place: Place, record: Record, fields: Row) -> None:
    """Nothing but the log tells of it."""


def _bot_trade(rows: Rows, place: Place, record: BotTrade, fields: Row) -> None:
    rows.add(tables.bot_trade_event, place, fields)
    rows.trade(place, TradeKind.BOT, record.time, record.bot, record.coin)


def _fill(rows: Rows, place: Place, record: MyFill, fields: Row) -> None:
    time = rows.executed(record.key, place)
    rows.add(tables.my_fill, place, fields | {"time": time})
    if record.kind != FillKind.CORRECTION:  # it moves only money
        rows.trade(place, TradeKind.MINE, time, record.bot, record.coin)


def _funding(rows: Rows, place: Place, _record: FundingBooked, fields: Row) -> None:
    rows.add(tables.funding_booked, place, fields | {"time": place.happened})


def _decision(rows: Rows, place: Place, record: Decision, fields: Row) -> None:
    rows.add(tables.strategy_decision, place, fields | {"checks": text_of(record.checks)})
    if record.outcome == Outcome.SKIP and record.bot is not None:
        rows.count(tables.skip_count, record.bot, record.reason)


def _order(rows: Rows, place: Place, _record: OrderUpdate, fields: Row) -> None:
    times = {"record_seq": place.record_seq, "created": place.time, "changed": place.time}
    rows.stand(tables.my_trade, fields | times)
    rows.add(tables.my_trade_transition, place, fields)
    rows.status["last_order_time"] = place.time


def _equity(rows: Rows, place: Place, record: EquityPoint, fields: Row) -> None:
    if record.usd is not None:
        rows.curves.setdefault(record.series, []).append(record.usd)
    for grain in Grain:
        start = place.time - place.time % grain.ms
        rows.stand(tables.equity_snapshot, fields | {"grain": grain.value, "time": start, "read": place.time})


def _latch(rows: Rows, place: Place, record: TradingStateChange, fields: Row) -> None:
    if record.state == TradingState.ACTIVE:
        rows.gone(tables.trading_state, record.scope)
    else:
        rows.stand(tables.trading_state, fields)
    if record.is_set:
        rows.stand(tables.latch, fields | {"since": place.time})
    else:
        rows.gone(tables.latch, record.scope, record.latch)


def _settings(rows: Rows, place: Place, record: SettingsChange, fields: Row) -> None:
    policy = None if record.policy is None else text_of(record.policy)
    rows.add(tables.settings_change, place, fields | {"policy": policy})
    rows.status["settings_version"] = record.version
    if record.policy is not None:
        rows.status["mode"] = record.policy.mode.value
        rows.settings = place, record


def _bots(rows: Rows, place: Place, record: BotsChange, fields: Row) -> None:
    rows.add(tables.settings_change, place, fields | {"policy": None})
    rows.status["settings_version"] = record.version
    rows.settings = place, record


def _drift(rows: Rows, place: Place, record: Drift, fields: Row) -> None:
    if record.is_open:
        rows.stand(tables.drift, fields | {"changed": place.time})
    else:
        rows.gone(tables.drift, record.account, record.coin)


def _letter(rows: Rows, place: Place, _record: DeadLetter, fields: Row) -> None:
    rows.stand(tables.dead_letter, fields | {"record_seq": place.record_seq, "changed": place.time})


def _shadow(rows: Rows, place: Place, _record: ShadowFill, fields: Row) -> None:
    rows.stand(tables.shadow_fill, fields | {"record_seq": place.record_seq, "time": place.time})


def _alert(rows: Rows, place: Place, record: Alert, _fields: Row) -> None:
    rows.alerts.append((place.record_seq, place.time, record))


def _answer(rows: Rows, place: Place, record: ControlAnswer, _fields: Row) -> None:
    rows.answers.append((place, record))


PROJECTIONS: Mapping[type[Record], Projection] = {
    BotTrade: _bot_trade,
    PositionChange: _only_logged,
    Gap: _only_logged,
    FollowUpdate: _standing(tables.source_position),
    Decision: _decision,
    OrderUpdate: _order,
    MyFill: _fill,
    SleeveUpdate: _standing(tables.sleeve),
    FundingBooked: _funding,
    CashBooked: _added(tables.cash_booked),
    EquityPoint: _equity,
    BotPerformance: _standing(tables.bot_performance),
    TradingStateChange: _latch,
    SettingsChange: _settings,
    BotsChange: _bots,
    Drift: _drift,
    Alert: _alert,
    DeadLetter: _letter,
    ShadowFill: _shadow,
    StopUpdate: _only_logged,
    ControlAnswer: _answer,
}
"""What each kind of record changes, beside its row in the log."""

_COLUMNS = {table: tuple(column.name for column in table.columns) for table in tables.PROJECTED}
