"""Decisions, orders, fills, the log and the settings' history, a part at a time."""

import sys
from functools import cache
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection, Row, Table

from fadearena.adapters.sql import tables
from fadearena.adapters.sql.statements import filled, found
from fadearena.model.ids import Cloid
from fadearena.model.order import OrderStatus
from fadearena.model.record import BotsChange, Decision, MyFill, OrderUpdate, Record, SettingsChange, ShadowFill
from fadearena.model.units import EpochMs
from fadearena.ports.archive import (
    Cut,
    DecisionQuery,
    EventQuery,
    FillQuery,
    LoggedDecision,
    LoggedEvent,
    LoggedFill,
    LoggedOrder,
    OrderQuery,
    OrderStory,
    SettingsStep,
    Transition,
)
from fadearena.ports.read_store import LoggedRecord, OrderView

_SETTINGS = msgspec.json.Decoder(SettingsChange | BotsChange)
_RECORD = msgspec.json.Decoder(Record)
_INFO = "info"
_IS_NO_INFO = sa.text("level <> 'info'")
_DECIDED_SINCE = """
    record_seq >= (SELECT record_seq FROM strategy_decision WHERE time >= ? ORDER BY time, record_seq LIMIT 1)
"""
_DECIDED_UNTIL = """
    record_seq <= (SELECT record_seq FROM strategy_decision WHERE time <= ? ORDER BY time DESC, record_seq DESC LIMIT 1)
"""
"""Times of decisions never decrease: between two of them lies a run of numbers, which every index of a list has."""


def decisions(connection: Connection, query: DecisionQuery) -> tuple[LoggedDecision, ...]:
    """Return decisions, the newest first."""
    those = _equal(bot=query.bot, coin=query.coin, outcome=query.outcome)
    index = _first(those)
    if query.since is not None:
        those[_DECIDED_SINCE] = query.since
    if query.until is not None:
        those[_DECIDED_UNTIL] = query.until
    return tuple(map(decision_of, _newest(connection, tables.strategy_decision, query.cut, those, index)))


def orders(connection: Connection, query: OrderQuery) -> tuple[LoggedOrder, ...]:
    """Return orders, the newest first."""
    those = _equal(bot=query.bot, coin=query.coin, account=query.account, status=query.status)
    index = _first(those) if query.status in {None, OrderStatus.FILLED} else "status"  # of the others there are few
    return tuple(map(order_of, _newest(connection, tables.my_trade, query.cut, those, index)))


def order(connection: Connection, cloid: Cloid) -> OrderStory | None:
    """Return everything about one order; None where there is none of this id."""
    row = connection.execute(_of_order(tables.my_trade, cloid)).one_or_none()
    if row is None:
        return None
    made = order_of(row)
    decided = connection.execute(_of_order(tables.strategy_decision, cloid)).first()
    shadow = connection.execute(_of_order(tables.shadow_fill, cloid)).one_or_none()
    transitions = connection.execute(_of_order(tables.my_trade_transition, cloid))
    return OrderStory(
        order=made,
        decision=None if decided is None else decision_of(decided),
        transitions=tuple(_transition(made.view.order, step) for step in transitions),
        fills=tuple(map(fill_of, connection.execute(_of_order(tables.my_fill, cloid)))),
        shadow=None if shadow is None else filled(ShadowFill, shadow),
    )


def fills(connection: Connection, query: FillQuery) -> tuple[LoggedFill, ...]:
    """Return our fills, the newest first by record."""
    those = _equal(bot=query.bot, coin=query.coin, account=query.account)
    index = _first(those)
    if query.until is not None and _is_short(connection, query.since, query.until):
        index = "time"
    if query.since is not None:
        those["time >= ?"] = query.since
    if query.until is not None:
        those["time <= ?"] = query.until
    return tuple(map(fill_of, _newest(connection, tables.my_fill, query.cut, those, index)))


def events(connection: Connection, query: EventQuery) -> tuple[LoggedEvent, ...]:
    """Return records of the log, the oldest first."""
    event = tables.system_event.c
    part: sa.Select[Any] = (
        sa.select(event.record_seq, event.journal_seq, event.time, event.payload, event.level, event.category)
        .where(event.record_seq > query.after)
        .order_by(event.record_seq)
        .limit(query.limit)
    )
    if query.category is not None:
        part = part.where(event.category == query.category)
    if query.level is not None:
        part = part.where(event.level == query.level)
    if query.level not in {None, _INFO}:
        part = part.where(_IS_NO_INFO)  # said in words: the index over these alone can be used then
    return tuple(
        LoggedEvent(logged=_logged(row), level=row.level, category=row.category) for row in connection.execute(part)
    )


def settings_history(connection: Connection, cut: Cut) -> tuple[SettingsStep, ...]:
    """Return changes of the settings, the newest first."""
    before = sys.maxsize if cut.before is None else cut.before
    return tuple(_step(row) for row in connection.execute(_newest_steps(), {"before": before, "most": cut.limit}))


@cache
def _newest_steps() -> sa.Executable:
    """Return the statement that finds changes `before` a record, at most `most`: of each kind by its index."""
    event, most = tables.system_event.c, sa.bindparam("most", type_=sa.Integer)
    log = sa.select(event.record_seq, event.time, event.payload).where(event.record_seq < sa.bindparam("before"))
    log = log.order_by(event.record_seq.desc()).limit(most)
    kinds = (SettingsChange.__struct_config__.tag, BotsChange.__struct_config__.tag)
    both = sa.union_all(*(sa.select(log.where(event.kind == kind).subquery()) for kind in kinds)).subquery()
    return sa.select(both).order_by(both.c.record_seq.desc()).limit(most)


def decision_of(row: Row[Any]) -> LoggedDecision:
    """Return a row of decisions."""
    fields = {name: getattr(row, name) for name in Decision.__struct_fields__}
    decision = msgspec.convert(fields | {"checks": msgspec.json.decode(row.checks)}, Decision)
    return LoggedDecision(record_seq=row.record_seq, time=row.time, decision=decision)


def order_of(row: Row[Any]) -> LoggedOrder:
    """Return a row of orders."""
    view = OrderView(order=filled(OrderUpdate, row), created=row.created, changed=row.changed)
    return LoggedOrder(record_seq=row.record_seq, view=view)


def fill_of(row: Row[Any]) -> LoggedFill:
    """Return a row of our fills."""
    return LoggedFill(record_seq=row.record_seq, time=row.time, fill=filled(MyFill, row))


def _is_short(connection: Connection, since: EpochMs | None, until: EpochMs) -> bool:
    """Tell whether fewer of our fills are within this time than, probably, after it."""
    time = tables.my_fill.c.time
    ends = sa.select(sa.select(sa.func.min(time)).scalar_subquery(), sa.select(sa.func.max(time)).scalar_subquery())
    oldest, newest = connection.execute(ends).one()
    return oldest is not None and until - max(oldest, oldest if since is None else since) < newest - until


def _newest(
    connection: Connection, table: Table, cut: Cut, those: dict[str, str | int], index: str | None
) -> sa.Result[Any]:
    """
    Return the newest rows of which these conditions hold.

    They are looked for in an index that holds all that is asked about. SQLite is told which one: it does not count how
    many rows there are of what; PostgreSQL does.
    """
    conditions = those if cut.before is None else those | {"record_seq < ?": cut.before}
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    by = f"INDEXED BY ix_{table.name}_{index}" if index and connection.dialect.name == "sqlite" else ""
    sql = f"SELECT record_seq FROM {table.name} {by} {where} ORDER BY record_seq DESC LIMIT ?"
    numbers = [number for (number,) in found(connection, sql, (*conditions.values(), cut.limit))]
    return connection.execute(
        sa.select(table).where(table.c.record_seq.in_(numbers)).order_by(table.c.record_seq.desc())
    )


def _equal(**asked: str | None) -> dict[str, str | int]:
    """Return the conditions that are set, and their values."""
    return {f"{name} = ?": str(value) for name, value in asked.items() if value is not None}


def _first(those: dict[str, str | int]) -> str | None:
    """Return the column of the first condition; None where there is none."""
    return next(iter(those)).partition(" ")[0] if those else None


def _of_order(table: Table, cloid: Cloid) -> sa.Select[Any]:
    return sa.select(table).where(table.c.cloid == cloid).order_by(table.c.record_seq)


def _transition(order: OrderUpdate, row: Row[Any]) -> Transition:
    steps = {name: getattr(row, name) for name in ("filled", "average_price", "reason", "status")}
    update = msgspec.convert(msgspec.structs.asdict(order) | steps, OrderUpdate)
    return Transition(record_seq=row.record_seq, time=row.time, update=update)


def _logged(row: Row[Any]) -> LoggedRecord:
    record = _RECORD.decode(row.payload)
    return LoggedRecord(record_seq=row.record_seq, journal_seq=row.journal_seq, time=row.time, record=record)


def _step(row: Row[Any]) -> SettingsStep:
    record = _SETTINGS.decode(row.payload)
    return SettingsStep(
        record_seq=row.record_seq,
        time=row.time,
        version=record.version,
        actor=record.actor,
        policy=record.policy if isinstance(record, SettingsChange) else None,
        bots=record if isinstance(record, BotsChange) else None,
    )
