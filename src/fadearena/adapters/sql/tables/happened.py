"""
Tables of what happened: a row for each record, under the record's number.

Indexes of lists end with whatever else a list is narrowed down by: it is looked at before the row is.
"""

from sqlalchemy import Column, ForeignKey, Index, Table, text

from fadearena.adapters.sql.columns import EXACT, FLAG, NUMBER, TEXT, columns, keys, maybe
from fadearena.adapters.sql.tables.base import metadata

_HAS_CLOID = text("cloid IS NOT NULL")
_IS_LOOSE = text("part <> 'sleeve'")

system_event = Table(
    "system_event",
    metadata,
    *keys(NUMBER, "record_seq"),
    *columns(NUMBER, "journal_seq", "time"),
    *columns(TEXT, "kind", "level", "category"),
    *maybe(TEXT, "bot", "coin"),
    *columns(TEXT, "payload"),
    Index("ix_system_event_category", "category", "record_seq"),
    Index("ix_system_event_kind", "kind", "record_seq"),
    Index(
        "ix_system_event_level",
        "level",
        "record_seq",
        sqlite_where=text("level <> 'info'"),
        postgresql_where=text("level <> 'info'"),
    ),
    Index(
        "ix_system_event_category_level",
        "category",
        "level",
        "record_seq",
        sqlite_where=text("level <> 'info'"),
        postgresql_where=text("level <> 'info'"),
    ),
)
trade = Table(
    "trade",
    metadata,
    *keys(NUMBER, "record_seq"),
    *columns(NUMBER, "time"),
    *columns(TEXT, "kind"),
    *maybe(TEXT, "bot"),
    *columns(TEXT, "coin"),
    Index("ix_trade_bot", "bot", "time", "record_seq", "kind"),
    Index("ix_trade_bot_coin", "bot", "coin", "time", "record_seq", "kind"),
    Index("ix_trade_coin", "coin", "time", "record_seq", "kind"),
    Index("ix_trade_time", "time", "record_seq", "kind"),
)
bot_trade_event = Table(
    "bot_trade_event",
    metadata,
    *keys(NUMBER, "record_seq"),
    *columns(TEXT, "bot", "wallet", "feed", "key", "coin"),
    *columns(NUMBER, "time"),
    *columns(TEXT, "side"),
    *columns(EXACT, "price", "quantity"),
    *maybe(EXACT, "start_position"),
    *columns(FLAG, "is_followed"),
)
strategy_decision = Table(
    "strategy_decision",
    metadata,
    *keys(NUMBER, "record_seq"),
    *columns(NUMBER, "time"),
    *maybe(TEXT, "bot"),
    *columns(TEXT, "account", "coin", "outcome", "reason"),
    *columns(EXACT, "delta", "target", "sleeve"),
    *maybe(EXACT, "quantity", "limit"),
    *maybe(TEXT, "cloid"),
    *columns(TEXT, "checks"),
    Index("ix_strategy_decision_bot", "bot", "record_seq", "outcome", "coin"),
    Index("ix_strategy_decision_cloid", "cloid", sqlite_where=_HAS_CLOID, postgresql_where=_HAS_CLOID),
    Index("ix_strategy_decision_coin", "coin", "record_seq", "outcome"),
    Index("ix_strategy_decision_outcome", "outcome", "record_seq"),
    Index("ix_strategy_decision_time", "time", "record_seq"),
)
my_trade = Table(
    "my_trade",
    metadata,
    *keys(TEXT, "cloid"),
    *columns(NUMBER, "record_seq", "created", "changed"),
    *columns(TEXT, "label", "account"),
    *maybe(TEXT, "bot"),
    *columns(TEXT, "coin", "side"),
    *columns(EXACT, "quantity", "limit"),
    *columns(FLAG, "reduce_only"),
    *columns(TEXT, "purpose", "status"),
    *columns(EXACT, "filled"),
    *maybe(EXACT, "average_price"),
    *columns(TEXT, "reason"),
    Index("ix_my_trade_account", "account", "record_seq"),
    Index("ix_my_trade_bot", "bot", "record_seq", "coin", "account", "status"),
    Index("ix_my_trade_coin", "coin", "record_seq", "account", "status"),
    Index("ix_my_trade_created", "created", "record_seq"),
    Index("ix_my_trade_record_seq", "record_seq", unique=True),
    Index("ix_my_trade_status", "status", "record_seq", "bot", "coin", "account"),
)
my_trade_transition = Table(
    "my_trade_transition",
    metadata,
    *keys(NUMBER, "record_seq"),
    Column("cloid", TEXT, ForeignKey(my_trade.c.cloid), nullable=False),
    *columns(NUMBER, "time"),
    *columns(TEXT, "status"),
    *columns(EXACT, "filled"),
    *maybe(EXACT, "average_price"),
    *columns(TEXT, "reason"),
    Index("ix_my_trade_transition_cloid", "cloid", "record_seq"),
)
my_fill = Table(
    "my_fill",
    metadata,
    *keys(NUMBER, "record_seq"),
    *columns(NUMBER, "time"),
    *columns(TEXT, "key", "kind", "account", "coin", "part"),
    *maybe(TEXT, "bot"),
    *columns(TEXT, "side"),
    *columns(EXACT, "quantity", "price", "fee", "realised"),
    *maybe(TEXT, "cloid"),
    *columns(EXACT, "saved"),
    Index("ix_my_fill_account", "account", "record_seq", "time"),
    Index("ix_my_fill_bot", "bot", "record_seq", "time", "coin", "account"),
    Index("ix_my_fill_cloid", "cloid"),
    Index("ix_my_fill_coin", "coin", "record_seq", "time", "account"),
    Index("ix_my_fill_part", "record_seq", sqlite_where=_IS_LOOSE, postgresql_where=_IS_LOOSE),
    Index("ix_my_fill_time", "time", "record_seq", "bot", "coin", "account"),
)
shadow_fill = Table(
    "shadow_fill",
    metadata,
    *keys(TEXT, "cloid"),
    *columns(NUMBER, "record_seq", "time"),
    *columns(TEXT, "account", "coin", "side"),
    *columns(EXACT, "quantity"),
    *maybe(EXACT, "price"),
    *columns(EXACT, "fee"),
    *columns(TEXT, "reason"),
)
funding_booked = Table(
    "funding_booked",
    metadata,
    *keys(NUMBER, "record_seq"),
    *columns(NUMBER, "time"),
    *columns(TEXT, "account", "coin"),
    *maybe(TEXT, "bot"),
    *columns(EXACT, "usd"),
    Index("ix_funding_booked_time", "time", "record_seq"),
)
cash_booked = Table(
    "cash_booked",
    metadata,
    *keys(NUMBER, "record_seq"),
    *columns(NUMBER, "time"),
    *columns(TEXT, "account"),
    *columns(EXACT, "usd"),
    *columns(TEXT, "reason"),
)
settings_change = Table(
    "settings_change",
    metadata,
    *keys(NUMBER, "record_seq"),
    *columns(NUMBER, "time", "version"),
    *columns(TEXT, "actor"),
    *maybe(TEXT, "policy"),
)
equity_snapshot = Table(
    "equity_snapshot",
    metadata,
    *keys(TEXT, "series", "grain"),
    *keys(NUMBER, "time"),
    *columns(NUMBER, "read"),
    *maybe(EXACT, "usd"),
    sqlite_with_rowid=False,
)
