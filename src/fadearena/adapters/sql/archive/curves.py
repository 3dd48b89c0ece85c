"""Curves of equity, what is summed up of a bot, and marks."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from fadearena.adapters.sql import tables
from fadearena.adapters.sql.statements import Row, filled, found
from fadearena.adapters.sql.tables import ANY
from fadearena.model.curve import Extent
from fadearena.model.ids import BotId, Coin
from fadearena.model.units import EpochMs, Usd
from fadearena.ports.archive import BotLedger, Curve, CurveQuery, Mark, TradeKind
from fadearena.ports.read_store import Grain

_AT_ONCE = 100
_PACK = {
    "sqlite": "json_group_array(json_array(time, usd))",
    "postgresql": "'[' || string_agg(format('[%%s,%%s]', time, coalesce(usd::text, 'null')), ',') || ']'",
}
"""All points of a series in one row: thousands of rows would each wait for their turn with the interpreter."""
_POINTS = msgspec.json.Decoder(list[tuple[EpochMs, Usd | None]])
_EVERY = "SELECT series, time, usd FROM equity_snapshot WHERE series IN ({}) AND grain = ? AND time BETWEEN ? AND ?"
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


def curves(connection: Connection, query: CurveQuery) -> dict[str, Curve]:
    """Return the curves by their series, in the order in which these were asked for."""
    step = query.step_ms
    grain = Grain.HOUR if step % Grain.HOUR.ms == 0 else Grain.MINUTE
    asked: Row = {"since": query.since - query.since % step, "until": query.until, "grain": grain.value, "step": step}
    ask = _points if step == grain.ms else _steps
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


def bot_ledger(connection: Connection, bot: BotId) -> BotLedger:
    """Return what is summed up of one bot."""
    extent, count, skip = tables.equity_extent, tables.trade_count.c, tables.skip_count.c
    of_bot, of_ours = f"bot:{bot}", f"mirror:{bot}"
    rows = connection.execute(sa.select(extent).where(extent.c.series.in_([of_bot, of_ours])))
    extents = {row.series: filled(Extent, row) for row in rows}
    source, mirror = extents.get(of_bot), extents.get(of_ours)
    trades = sa.select(sa.func.coalesce(sa.func.sum(count["count"]), 0)).where(
        count.bot == bot, count.coin == ANY, count.kind == TradeKind.BOT.value
    )
    skipped = sa.select(skip.reason, skip["count"].label("number")).where(skip.bot == bot).order_by(skip.reason)
    return BotLedger(
        bot=bot,
        drawdown_usd=None if mirror is None else mirror.fall,
        source_drawdown=None if source is None else source.fall_ratio,
        source_first=None if source is None else source.first,
        source_last=None if source is None else source.last,
        bot_trades=int(connection.execute(trades).scalar_one()),
        skipped={row.reason: row.number for row in connection.execute(skipped)},
    )


def marks(connection: Connection) -> dict[Coin, Mark]:
    """Return the newest marks that were journaled, by coin."""
    return {row.coin: filled(Mark, row) for row in connection.execute(sa.select(tables.mark))}
