"""Tables of how things stand: a row for each thing, which its newest record replaces."""

from sqlalchemy import Index, Table

from fadearena.adapters.sql.columns import EXACT, FLAG, NUMBER, TEXT, columns, keys, maybe
from fadearena.adapters.sql.tables.base import metadata

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
    *maybe(NUMBER, "snapshot_round_ms"),
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
    *columns(TEXT, "account", "policy"),
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
mark = Table(
    "mark",
    metadata,
    *keys(TEXT, "coin"),
    *columns(EXACT, "price"),
    *columns(NUMBER, "time"),
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
