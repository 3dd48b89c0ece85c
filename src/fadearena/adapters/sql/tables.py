"""
The tables of the read store, as they are at the newest revision of its migrations.

1. Decimals are exact: NUMERIC on PostgreSQL, the shortest plain text on SQLite. Times are milliseconds.
2. What happened has a row for each record, under the record's number. How things stand has a row for each thing.
3. `PROJECTED` follows from the journal and can be made anew at any time; `OWNED` is kept nowhere else.
"""

from sqlalchemy import Column, ForeignKey, Index, MetaData, Table, text

from fadearena.adapters.sql.columns import EXACT, FLAG, NUMBER, TEXT, columns, keys, maybe

SINGLE = "default"
"""The id of the only row of a table that has but one."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(column_0_label)s",
    }
)

# --- what happened

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
    Index("ix_bot_trade_event_bot", "bot", "time"),
    Index("ix_bot_trade_event_coin", "coin", "time"),
    Index("ix_bot_trade_event_time", "time"),
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
    Index("ix_strategy_decision_bot", "bot", "record_seq"),
    Index("ix_strategy_decision_coin", "coin", "record_seq"),
    Index("ix_strategy_decision_outcome", "outcome", "record_seq"),
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
    Index("ix_my_trade_record_seq", "record_seq", unique=True),
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
    Index("ix_my_fill_bot", "bot", "time"),
    Index("ix_my_fill_coin", "coin", "time"),
    Index("ix_my_fill_time", "time"),
)
funding_booked = Table(
    "funding_booked",
    metadata,
    *keys(NUMBER, "record_seq"),
    *columns(NUMBER, "time"),
    *columns(TEXT, "account", "coin"),
    *maybe(TEXT, "bot"),
    *columns(EXACT, "usd"),
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

# --- how things stand

projection = Table(
    "projection",
    metadata,
    *keys(TEXT, "id"),
    *columns(NUMBER, "journal_seq", "record_seq"),
)
settings = Table(
    "settings",
    metadata,
    *keys(TEXT, "id"),
    *columns(TEXT, "policy", "actor"),
    *columns(NUMBER, "changed"),
)
system_status = Table(
    "system_status",
    metadata,
    *keys(TEXT, "id"),
    *maybe(TEXT, "mode"),
    *maybe(NUMBER, "settings_version", "started", "rules_version", "last_event_time", "last_order_time"),
)
trading_state = Table(
    "trading_state",
    metadata,
    *keys(TEXT, "scope"),
    *columns(TEXT, "state"),
)
latch = Table(
    "latch",
    metadata,
    *keys(TEXT, "scope", "latch"),
    *columns(TEXT, "actor"),
    *columns(NUMBER, "since"),
    *columns(TEXT, "reason"),
)
bot = Table(
    "bot",
    metadata,
    *keys(TEXT, "id"),
    *columns(NUMBER, "place"),
    *columns(TEXT, "name", "wallet"),
    *columns(FLAG, "enabled"),
    *columns(TEXT, "account"),
)
bot_performance = Table(
    "bot_performance",
    metadata,
    *keys(TEXT, "bot"),
    *columns(NUMBER, "time", "round_trips"),
    *maybe(EXACT, "win_rate"),
    *columns(EXACT, "net", "day_net", "fees", "funding"),
    *columns(NUMBER, "fills"),
    *columns(EXACT, "traded_usd", "crossed_saved_usd"),
    *maybe(EXACT, "slippage_bps"),
    *maybe(NUMBER, "reaction_ms"),
    *maybe(EXACT, "tracking_error"),
)
account = Table(
    "account",
    metadata,
    *keys(TEXT, "id"),
    *columns(NUMBER, "place"),
    *columns(TEXT, "address"),
)
sleeve = Table(
    "sleeve",
    metadata,
    *keys(TEXT, "bot", "coin"),
    *columns(TEXT, "account"),
    *columns(EXACT, "size", "cost", "target"),
    *maybe(EXACT, "ratio"),
    *columns(EXACT, "realised", "fees", "funding"),
)
source_position = Table(
    "source_position",
    metadata,
    *keys(TEXT, "bot", "coin"),
    *columns(TEXT, "confidence"),
    *columns(EXACT, "position", "baseline", "followed"),
    *maybe(EXACT, "entry"),
)
drift = Table(
    "drift",
    metadata,
    *keys(TEXT, "account", "coin"),
    *columns(EXACT, "ours", "theirs"),
    *columns(NUMBER, "changed"),
)
dead_letter = Table(
    "dead_letter",
    metadata,
    *keys(TEXT, "id"),
    *columns(NUMBER, "record_seq", "changed"),
    *columns(TEXT, "state", "kind", "subject", "error"),
    *columns(NUMBER, "attempts"),
    *columns(TEXT, "excerpt"),
    Index("ix_dead_letter_state", "state", "record_seq"),
)

# --- kept nowhere else

control = Table(
    "control",
    metadata,
    *keys(NUMBER, "id"),
    *columns(TEXT, "actor", "kind", "payload"),
    *columns(NUMBER, "created"),
    Column("idempotency_key", TEXT, unique=True),
    *columns(TEXT, "state"),
    *columns(FLAG, "is_taken"),
    *columns(TEXT, "reasons"),
    *maybe(NUMBER, "journal_seq"),
    Index("ix_control_queued", "id", sqlite_where=text("state = 'queued'"), postgresql_where=text("state = 'queued'")),
)
control_counter = Table(
    "control_counter",
    metadata,
    *keys(TEXT, "id"),
    *columns(NUMBER, "last"),
)
heartbeat = Table(
    "heartbeat",
    metadata,
    *keys(TEXT, "process"),
    *columns(NUMBER, "time"),
    *columns(TEXT, "payload"),
)

OWNED = (control, control_counter, heartbeat)
PROJECTED = tuple(table for table in metadata.sorted_tables if table not in OWNED)
KEYS = {table: tuple(column.name for column in table.primary_key) for table in metadata.sorted_tables}
FIRST = {my_trade: ("record_seq", "created"), dead_letter: ("record_seq",)}
"""Columns that stay as they were when the thing was first seen."""
