"""Curves of equity, what is summed up of bots, and marks."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from fadearena.adapters.sql import tables
from fadearena.adapters.sql.statements import Row, filled, found
from fadearena.adapters.sql.tables import ANY
from fadearena.model.curve import Extent
from fadearena.model.ids import BotId, Coin
from fadearena.model.units import ZERO, EpochMs, Usd
from fadearena.ports.archive import BotLedger, Curve, CurveQuery, Mark, TradeKind
from fadearena.ports.read_store import Grain

_AT_ONCE = 100
_SHORT = 5_000
"""So many values take no longer than other questions that are asked together."""
_PACK = {
    "sqlite": "json_group_array(json_array(time, usd))",
    "postgresql": "'[' || string_agg('[' || time::text || ',' || coalesce(usd::text, 'null') || ']', ',') || ']'",
}
"""All points of a series in one row: thousands of rows would each wait for their turn with the interpreter."""
_POINTS = msgspec.json.Decoder(list[tuple[EpochMs, Usd | None]])
_EVERY = "SELECT series, time, usd FROM equity_snapshot WHERE series IN ({}) AND grain = ? AND time BETWEEN ? AND ?"
_LATEST = """
    SELECT DISTINCT ON (series, time / {step}) series, time / {step} * {step} AS time, usd FROM equity_snapshot AS point
    WHERE series IN ({series}) AND grain = ? AND time BETWEEN ? AND ? ORDER BY series, time / {step}, point.time DESC
"""
_DENSE = 5
"""Up to so many points a step PostgreSQL reads all of them in less time than it looks the last ones up."""
_BEFORE = """
    SELECT CAST(? AS TEXT), (
        SELECT usd FROM equity_snapshot
        WHERE series = ? AND grain = ? AND time <= ? AND read <= ? AND usd IS NOT NULL ORDER BY time DESC LIMIT 1
    )
"""
_LAST = {
    "sqlite": (
        """
        WITH RECURSIVE step(start) AS (SELECT ? UNION ALL SELECT start + ? FROM step WHERE start + ? <= ?)
        SELECT step.start AS time, point.usd FROM step JOIN equity_snapshot AS point
        ON point.series = ? AND point.grain = ? AND point.time = (
            SELECT max(time) FROM equity_snapshot
            WHERE series = ? AND grain = ? AND time >= step.start AND time < step.start + ? AND time <= ?
        )
        """,
        ("since", "step", "step", "until", "series", "grain", "series", "grain", "step", "until"),
    ),
    "postgresql": (
        """
        SELECT step.start AS time, point.usd
        FROM generate_series(CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS BIGINT)) AS step(start)
        CROSS JOIN LATERAL (
            SELECT usd FROM equity_snapshot
            WHERE series = ? AND grain = ? AND time >= step.start AND time < step.start + ? AND time <= ?
            ORDER BY time DESC LIMIT 1
        ) AS point
        """,
        ("since", "until", "step", "series", "grain", "step", "until"),
    ),
}
"""What looks the last point of each step up, rather than at all of its points, and the order of what it asks with."""


def is_short(query: CurveQuery) -> bool:
    """Tell whether an answer has few values."""
    return len(query.series) * (query.until - query.since) <= _SHORT * query.step_ms


def curves(connection: Connection, query: CurveQuery) -> dict[str, Curve]:
    """Return the curves by their series, in the order in which these were asked for."""
    step = query.step_ms
    grain = Grain.HOUR if step % Grain.HOUR.ms == 0 else Grain.MINUTE
    asked: Row = {"since": query.since - query.since % step, "until": query.until, "grain": grain.value, "step": step}
    is_dense = connection.dialect.name == "postgresql" and step <= _DENSE * grain.ms
    ask = _points if step == grain.ms else _latest if is_dense else _steps
    told = {name: Curve() for name in query.series}
    for part in (query.series[n : n + _AT_ONCE] for n in range(0, len(query.series), _AT_ONCE)):
        sql, values = ask(connection.dialect.name, part, asked)
        told |= {name: dict(_POINTS.decode(text)) for name, text in found(connection, sql, values) if text is not None}
    return told


def _points(dialect: str, series: Sequence[str], asked: Row) -> tuple[str, list[str | int]]:
    """Return what asks for all points of some curves, and with which values."""
    points = _EVERY.format(", ".join("?" * len(series)))
    sql = f"SELECT series, {_PACK[dialect]} FROM ({points}) AS point GROUP BY series"
    return sql, [*series, asked["grain"], asked["since"], asked["until"]]


def _latest(dialect: str, series: Sequence[str], asked: Row) -> tuple[str, list[str | int]]:
    """Return what asks for the last point of each step of some curves out of all of them, and with which values."""
    points = _LATEST.format(series=", ".join("?" * len(series)), step=int(asked["step"]))
    sql = f"SELECT series, {_PACK[dialect]} FROM ({points}) AS point GROUP BY series"
    return sql, [*series, asked["grain"], asked["since"], asked["until"]]


def _steps(dialect: str, series: Sequence[str], asked: Row) -> tuple[str, list[str | int]]:
    """Return what asks for the last point of each step of some curves, and with which values."""
    points, order = _LAST[dialect]
    sql = f"SELECT CAST(? AS TEXT), {_PACK[dialect]} FROM ({points}) AS point"
    values = [(asked | {"series": name})[one] for name in series for one in ("series", *order)]
    return " UNION ALL ".join([sql] * len(series)), values


def equity_before(connection: Connection, series: Sequence[str], time: EpochMs) -> dict[str, Usd]:
    """Return the last known value of each series at or before `time`; a series without one is absent."""
    values: dict[str, Usd] = {}
    for part in (series[n : n + _AT_ONCE] for n in range(0, len(series), _AT_ONCE)):
        asked = " UNION ALL ".join([_BEFORE] * len(part))
        known = found(connection, asked, [one for name in part for one in (name, name, Grain.MINUTE.value, time, time)])
        values |= {name: Decimal(usd) for name, usd in known if usd is not None}
    return values


def bot_ledgers(connection: Connection, bots: Sequence[BotId]) -> dict[BotId, BotLedger]:
    """Return what is summed up of each of these bots."""
    ledgers: dict[BotId, BotLedger] = {}
    for part in (bots[n : n + _AT_ONCE] for n in range(0, len(bots), _AT_ONCE)):
        ledgers |= _ledgers(connection, part)
    return ledgers


def marks(connection: Connection) -> dict[Coin, Mark]:
    """Return the newest marks that were journaled, by coin."""
    return _marks(connection, sa.select(tables.mark))


def held_marks(connection: Connection) -> dict[Coin, Mark]:
    """Return those of the marks in whose coins a bot, or a sleeve of ours, holds or should hold something."""
    sleeve, source, coin = tables.sleeve.c, tables.source_position.c, tables.mark.c.coin
    ours = sa.select(sleeve.coin).where(sa.or_(sleeve.size != ZERO, sleeve.target != ZERO))
    theirs = sa.select(source.coin).where(source.position != ZERO)
    return _marks(connection, sa.select(tables.mark).where(sa.or_(coin.in_(ours), coin.in_(theirs))))


def _ledgers(connection: Connection, bots: Sequence[BotId]) -> dict[BotId, BotLedger]:
    extent, count, skip = tables.equity_extent, tables.trade_count.c, tables.skip_count.c
    series = [f"{whose}:{bot}" for bot in bots for whose in ("bot", "mirror")]
    rows = connection.execute(sa.select(extent).where(extent.c.series.in_(series)))
    extents = {row.series: filled(Extent, row) for row in rows}
    counted = sa.select(count.bot, sa.func.sum(count["count"]).label("number")).group_by(count.bot)
    of_bots = count.bot.in_(bots), count.coin == ANY, count.kind == TradeKind.BOT.value
    trades = {row.bot: int(row.number) for row in connection.execute(counted.where(*of_bots))}
    skips = sa.select(skip.bot, skip.reason, skip["count"].label("number")).where(skip.bot.in_(bots))
    skipped: dict[BotId, dict[str, int]] = {bot: {} for bot in bots}
    for row in connection.execute(skips.order_by(skip.bot, skip.reason)):
        skipped[row.bot][row.reason] = row.number

    def ledger(bot: BotId) -> BotLedger:
        source, mirror = extents.get(f"bot:{bot}"), extents.get(f"mirror:{bot}")
        return BotLedger(
            bot=bot,
            drawdown_usd=None if mirror is None else mirror.fall,
            source_drawdown=None if source is None else source.fall_ratio,
            source_first=None if source is None else source.first,
            source_last=None if source is None else source.last,
            bot_trades=trades.get(bot, 0),
            skipped=skipped[bot],
        )

    return {bot: ledger(bot) for bot in bots}


def _marks(connection: Connection, asked: sa.Select[Any]) -> dict[Coin, Mark]:
    return {row.coin: filled(Mark, row) for row in connection.execute(asked)}
