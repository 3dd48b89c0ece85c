"""
History that is asked for a page at a time: trades of both kinds together, what is counted of them, how far curves fell.

Everything is filled from the tables that were there, but the newest marks, which the next events bring, and two times:
of fills and funding that were booked before, `fadearena db rebuild` shows the execution's time in place of the
journal's.
"""

from collections.abc import Iterator
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text()
EXACT = sa.Text().with_variant(sa.NUMERIC(), "postgresql")
_WEEK_MS = 604_800_000
_INFO = "level <> 'info'"
_NEW_INDEXES = (
    ("trade", "bot", ("bot", "time", "record_seq", "kind"), None),
    ("trade", "bot_coin", ("bot", "coin", "time", "record_seq", "kind"), None),
    ("trade", "coin", ("coin", "time", "record_seq", "kind"), None),
    ("trade", "time", ("time", "record_seq", "kind"), None),
    ("system_event", "category_level", ("category", "level", "record_seq"), _INFO),
    ("strategy_decision", "bot", ("bot", "record_seq", "outcome", "coin"), None),
    ("strategy_decision", "cloid", ("cloid",), "cloid IS NOT NULL"),
    ("strategy_decision", "coin", ("coin", "record_seq", "outcome"), None),
    ("strategy_decision", "time", ("time", "record_seq"), None),
    ("my_trade", "account", ("account", "record_seq"), None),
    ("my_trade", "bot", ("bot", "record_seq", "coin", "account", "status"), None),
    ("my_trade", "coin", ("coin", "record_seq", "account", "status"), None),
    ("my_trade", "created", ("created", "record_seq"), None),
    ("my_trade", "status", ("status", "record_seq", "bot", "coin", "account"), None),
    ("my_fill", "account", ("account", "record_seq", "time"), None),
    ("my_fill", "bot", ("bot", "record_seq", "time", "coin", "account"), None),
    ("my_fill", "coin", ("coin", "record_seq", "time", "account"), None),
    ("my_fill", "part", ("record_seq",), "part <> 'sleeve'"),
    ("my_fill", "time", ("time", "record_seq", "bot", "coin", "account"), None),
    ("funding_booked", "time", ("time", "record_seq"), None),
)
_OLD_INDEXES = (
    ("bot_trade_event", "bot", ("bot", "time")),
    ("bot_trade_event", "coin", ("coin", "time")),
    ("bot_trade_event", "time", ("time",)),
    ("strategy_decision", "bot", ("bot", "record_seq")),
    ("strategy_decision", "coin", ("coin", "record_seq")),
    ("my_fill", "bot", ("bot", "time")),
    ("my_fill", "coin", ("coin", "time")),
    ("my_fill", "time", ("time",)),
)
_TABLES = ("mark", "equity_extent", "skip_count", "trade_count", "trade")


def upgrade() -> None:
    """Make the tables, fill them, and make the indexes after that."""
    _create_tables()
    _fill_trades()
    _fill_extents()
    for table, name, _ in _OLD_INDEXES:
        op.drop_index(f"ix_{table}_{name}", table)
    for table, name, indexed, where in _NEW_INDEXES:
        condition = None if where is None else sa.text(where)
        op.create_index(f"ix_{table}_{name}", table, list(indexed), sqlite_where=condition, postgresql_where=condition)
    op.add_column("sighting", sa.Column("leverages", TEXT))


def downgrade() -> None:
    """Remove them."""
    op.drop_column("sighting", "leverages")
    for table, name, _, _ in _NEW_INDEXES:
        op.drop_index(f"ix_{table}_{name}", table)
    for table, name, columns in _OLD_INDEXES:
        op.create_index(f"ix_{table}_{name}", table, list(columns))
    for table in _TABLES:
        op.drop_table(table)


def _create_tables() -> None:
    op.create_table(
        "trade",
        *_keys(NUMBER, "record_seq"),
        sa.Column("time", NUMBER, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("bot", TEXT),
        sa.Column("coin", TEXT, nullable=False),
    )
    op.create_table(
        "trade_count",
        *_keys(TEXT, "bot", "coin", "kind"),
        *_keys(NUMBER, "week"),
        sa.Column("count", NUMBER, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table("skip_count", *_keys(TEXT, "bot", "reason"), sa.Column("count", NUMBER, nullable=False))
    op.create_table(
        "equity_extent",
        *_keys(TEXT, "series"),
        *(sa.Column(name, EXACT, nullable=False) for name in ("first", "last", "peak", "fall")),
        sa.Column("fall_ratio", EXACT),
    )
    op.create_table(
        "mark",
        *_keys(TEXT, "coin"),
        sa.Column("price", EXACT, nullable=False),
        sa.Column("time", NUMBER, nullable=False),
    )


def _fill_trades() -> None:
    columns = "record_seq, time, kind, bot, coin"
    op.execute(f"INSERT INTO trade ({columns}) SELECT record_seq, time, 'bot', bot, coin FROM bot_trade_event")
    op.execute(
        f"INSERT INTO trade ({columns}) SELECT record_seq, time, 'mine', bot, coin FROM my_fill "
        "WHERE kind <> 'correction'"
    )
    for bot, coin in (("''", "''"), ("bot", "''"), ("''", "coin"), ("bot", "coin")):
        condition = "WHERE bot IS NOT NULL" if bot == "bot" else ""
        op.execute(
            f"INSERT INTO trade_count (bot, coin, kind, week, count) "
            f"SELECT {bot} AS b, {coin} AS c, kind, time / {_WEEK_MS} AS w, count(*) FROM trade {condition} "
            "GROUP BY b, c, kind, w"
        )
    op.execute(
        "INSERT INTO skip_count (bot, reason, count) SELECT bot, reason, count(*) FROM strategy_decision "
        "WHERE outcome = 'skip' AND bot IS NOT NULL GROUP BY bot, reason"
    )


def _fill_extents() -> None:
    """Walk along each curve, from minute to minute."""
    point = sa.table("equity_snapshot", *(sa.column(name) for name in ("series", "grain", "time")), _usd("usd"))
    asked = (
        sa.select(point.c.series, point.c.usd)
        .where(point.c.grain == "minute", point.c.usd.is_not(None))
        .order_by(point.c.series, point.c.time)
        .execution_options(yield_per=5_000)
    )
    rows = op.get_bind().execute(asked)
    extents = [
        {"series": series} | _extent(Decimal(usd) for _, usd in points)
        for series, points in groupby(rows, itemgetter(0))
    ]
    if extents:
        names = ("first", "last", "peak", "fall", "fall_ratio")
        table = sa.table("equity_extent", sa.column("series"), *(_usd(name) for name in names))
        op.get_bind().execute(sa.insert(table), extents)


def _extent(curve: Iterator[Decimal]) -> dict[str, Any]:
    first = last = peak = next(curve)
    fall, ratio = Decimal(0), Decimal(0) if peak > 0 else None
    for last in curve:
        peak = max(peak, last)
        fall = max(fall, peak - last)
        if peak > 0:
            ratio = max(ratio or Decimal(0), (peak - last) / peak)
    found = {"first": first, "last": last, "peak": peak, "fall": fall, "fall_ratio": ratio}
    return {name: _plain(value) for name, value in found.items()}


def _plain(value: Decimal | None) -> str | Decimal | None:
    if value is None or op.get_bind().dialect.name != "sqlite":
        return value
    text = format(value, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in {"-0", ""} else text


def _usd(name: str) -> sa.ColumnClause[Any]:
    return sa.column(name, EXACT)


def _keys(kind: sa.types.TypeEngine[Any], *names: str) -> Iterator[sa.Column[Any]]:
    return (sa.Column(name, kind, primary_key=True, autoincrement=False) for name in names)
