"""Tables of what is kept nowhere else: no journal brings it back."""

from sqlalchemy import Column, Index, LargeBinary, Table, text

from fadearena.adapters.sql.columns import EXACT, FLAG, NUMBER, TEXT, columns, keys, maybe
from fadearena.adapters.sql.tables.base import metadata

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
sight = Table(
    "sight",
    metadata,
    *keys(TEXT, "id"),
    *columns(NUMBER, "time"),
    *columns(TEXT, "payload"),
)
sighting = Table(
    "sighting",
    metadata,
    *keys(TEXT, "wallet"),
    *columns(NUMBER, "since"),
    *maybe(TEXT, "feed"),
    *maybe(NUMBER, "heard", "read", "last_trade", "quiet_since"),
    *maybe(EXACT, "equity"),
    *maybe(NUMBER, "equity_time"),
    *columns(TEXT, "positions"),
    *maybe(TEXT, "leverages"),
)
alert_outbox = Table(
    "alert_outbox",
    metadata,
    Column("id", NUMBER, primary_key=True, autoincrement=True),
    Column("source", TEXT, nullable=False, unique=True),
    *maybe(NUMBER, "record_seq"),
    *columns(NUMBER, "time"),
    *columns(TEXT, "level", "category", "subject", "text", "state"),
    *columns(NUMBER, "times"),
    *maybe(NUMBER, "into", "first_ms"),
    *columns(NUMBER, "attempts", "next_ms", "changed_ms"),
    *columns(TEXT, "reached", "error"),
    Index(
        "ix_alert_outbox_queued", "id", sqlite_where=text("state = 'queued'"), postgresql_where=text("state = 'queued'")
    ),
    Index("ix_alert_outbox_changed", "state", "changed_ms"),
)
alert_courier = Table(
    "alert_courier",
    metadata,
    *keys(TEXT, "id"),
    *columns(TEXT, "holder"),
    *columns(NUMBER, "until_ms", "seen"),
)
token = Table(
    "token",
    metadata,
    *keys(TEXT, "id"),
    *columns(TEXT, "name", "role"),
    *columns(LargeBinary(), "hash"),
    *columns(NUMBER, "created"),
    *maybe(NUMBER, "expires", "last_used", "revoked"),
    Index(
        "ix_token_name",
        "name",
        unique=True,
        sqlite_where=text("revoked IS NULL"),
        postgresql_where=text("revoked IS NULL"),
    ),
)
password = Table(
    "password",
    metadata,
    *keys(TEXT, "role"),
    *columns(TEXT, "hash"),
    *columns(NUMBER, "changed"),
)
session = Table(
    "session",
    metadata,
    *keys(LargeBinary(), "id"),
    *columns(TEXT, "role", "actor"),
    *columns(NUMBER, "created", "expires"),
    *maybe(TEXT, "token_id"),
)
access_entry = Table(
    "access_entry",
    metadata,
    Column("id", NUMBER, primary_key=True, autoincrement=True),
    *columns(NUMBER, "time"),
    *columns(TEXT, "actor", "address", "what"),
    *columns(NUMBER, "status"),
    *maybe(NUMBER, "control_id"),
    *columns(TEXT, "detail"),
)
answer_kept = Table(
    "answer_kept",
    metadata,
    *keys(TEXT, "key"),
    *columns(LargeBinary(), "request"),
    *columns(TEXT, "holder"),
    *columns(NUMBER, "created", "until"),
    *maybe(NUMBER, "status"),
    *columns(TEXT, "media_type"),
    *columns(LargeBinary(), "body"),
    Index("ix_answer_kept_created", "created"),
)
inquiry = Table(
    "inquiry",
    metadata,
    Column("id", NUMBER, primary_key=True, autoincrement=True),
    *columns(TEXT, "wallet"),
    *columns(NUMBER, "asked"),
    *columns(FLAG, "is_taken"),
    *maybe(TEXT, "answer"),
    sqlite_autoincrement=True,  # no number comes again
)
