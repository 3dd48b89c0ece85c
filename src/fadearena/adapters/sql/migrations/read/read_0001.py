"""The first tables of the read store."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text()
EXACT = sa.Text().with_variant(sa.NUMERIC(), "postgresql")
FLAG = sa.Boolean()
_ALL = (
    "my_trade_transition",
    "trading_state",
    "system_status",
    "system_event",
    "strategy_decision",
    "source_position",
    "sleeve",
    "settings_change",
    "settings",
    "projection",
    "my_trade",
    "my_fill",
    "latch",
    "heartbeat",
    "funding_booked",
    "equity_snapshot",
    "drift",
    "dead_letter",
    "control_counter",
    "control",
    "cash_booked",
    "bot_trade_event",
    "bot_performance",
    "bot",
    "account",
)


def upgrade() -> None:
    """Make the tables."""
    _make_what_bots_did()
    _make_what_we_did()
    _make_how_things_stand()
    _make_how_bots_stand()
    _make_what_is_owned()


def downgrade() -> None:
    """Remove them, with everything in them."""
    for table in _ALL:
        op.drop_table(table)


def _columns(kind: sa.types.TypeEngine[Any], *names: str) -> Iterator[sa.Column[Any]]:
    return (sa.Column(name, kind, nullable=False) for name in names)


def _maybe(kind: sa.types.TypeEngine[Any], *names: str) -> Iterator[sa.Column[Any]]:
    return (sa.Column(name, kind) for name in names)


def _keys(kind: sa.types.TypeEngine[Any], *names: str) -> Iterator[sa.Column[Any]]:
    return (sa.Column(name, kind, primary_key=True, autoincrement=False) for name in names)


def _make_what_bots_did() -> None:
    op.create_table(
        "system_event",
        *_keys(NUMBER, "record_seq"),
        *_columns(NUMBER, "journal_seq", "time"),
        *_columns(TEXT, "kind", "level", "category"),
        *_maybe(TEXT, "bot", "coin"),
        *_columns(TEXT, "payload"),
    )
    op.create_index("ix_system_event_category", "system_event", ["category", "record_seq"])
    op.create_index("ix_system_event_kind", "system_event", ["kind", "record_seq"])
    op.create_index(
        "ix_system_event_level",
        "system_event",
        ["level", "record_seq"],
        sqlite_where=sa.text("level <> 'info'"),
        postgresql_where=sa.text("level <> 'info'"),
    )
    op.create_table(
        "bot_trade_event",
        *_keys(NUMBER, "record_seq"),
        *_columns(TEXT, "bot", "wallet", "feed", "key", "coin"),
        *_columns(NUMBER, "time"),
        *_columns(TEXT, "side"),
        *_columns(EXACT, "price", "quantity"),
        *_maybe(EXACT, "start_position"),
        *_columns(FLAG, "is_followed"),
    )
    op.create_index("ix_bot_trade_event_bot", "bot_trade_event", ["bot", "time"])
    op.create_index("ix_bot_trade_event_coin", "bot_trade_event", ["coin", "time"])
    op.create_index("ix_bot_trade_event_time", "bot_trade_event", ["time"])
    op.create_table(
        "strategy_decision",
        *_keys(NUMBER, "record_seq"),
        *_columns(NUMBER, "time"),
        *_maybe(TEXT, "bot"),
        *_columns(TEXT, "account", "coin", "outcome", "reason"),
        *_columns(EXACT, "delta", "target", "sleeve"),
        *_maybe(EXACT, "quantity", "limit"),
        *_maybe(TEXT, "cloid"),
        *_columns(TEXT, "checks"),
    )
    op.create_index("ix_strategy_decision_bot", "strategy_decision", ["bot", "record_seq"])
    op.create_index("ix_strategy_decision_coin", "strategy_decision", ["coin", "record_seq"])
    op.create_index("ix_strategy_decision_outcome", "strategy_decision", ["outcome", "record_seq"])


def _make_what_we_did() -> None:
    op.create_table(
        "my_trade",
        *_keys(TEXT, "cloid"),
        *_columns(NUMBER, "record_seq", "created", "changed"),
        *_columns(TEXT, "label", "account"),
        *_maybe(TEXT, "bot"),
        *_columns(TEXT, "coin", "side"),
        *_columns(EXACT, "quantity", "limit"),
        *_columns(FLAG, "reduce_only"),
        *_columns(TEXT, "purpose", "status"),
        *_columns(EXACT, "filled"),
        *_maybe(EXACT, "average_price"),
        *_columns(TEXT, "reason"),
    )
    op.create_index("ix_my_trade_record_seq", "my_trade", ["record_seq"], unique=True)
    op.create_table(
        "my_trade_transition",
        *_keys(NUMBER, "record_seq"),
        sa.Column("cloid", TEXT, sa.ForeignKey("my_trade.cloid", name="fk_my_trade_transition_cloid"), nullable=False),
        *_columns(NUMBER, "time"),
        *_columns(TEXT, "status"),
        *_columns(EXACT, "filled"),
        *_maybe(EXACT, "average_price"),
        *_columns(TEXT, "reason"),
    )
    op.create_index("ix_my_trade_transition_cloid", "my_trade_transition", ["cloid", "record_seq"])
    op.create_table(
        "my_fill",
        *_keys(NUMBER, "record_seq"),
        *_columns(NUMBER, "time"),
        *_columns(TEXT, "key", "kind", "account", "coin", "part"),
        *_maybe(TEXT, "bot"),
        *_columns(TEXT, "side"),
        *_columns(EXACT, "quantity", "price", "fee", "realised"),
        *_maybe(TEXT, "cloid"),
        *_columns(EXACT, "saved"),
    )
    op.create_index("ix_my_fill_bot", "my_fill", ["bot", "time"])
    op.create_index("ix_my_fill_coin", "my_fill", ["coin", "time"])
    op.create_index("ix_my_fill_time", "my_fill", ["time"])
    op.create_table(
        "funding_booked",
        *_keys(NUMBER, "record_seq"),
        *_columns(NUMBER, "time"),
        *_columns(TEXT, "account", "coin"),
        *_maybe(TEXT, "bot"),
        *_columns(EXACT, "usd"),
    )
    op.create_table(
        "cash_booked",
        *_keys(NUMBER, "record_seq"),
        *_columns(NUMBER, "time"),
        *_columns(TEXT, "account"),
        *_columns(EXACT, "usd"),
        *_columns(TEXT, "reason"),
    )
    op.create_table(
        "settings_change",
        *_keys(NUMBER, "record_seq"),
        *_columns(NUMBER, "time", "version"),
        *_columns(TEXT, "actor"),
        *_maybe(TEXT, "policy"),
    )
    op.create_table(
        "equity_snapshot",
        *_keys(TEXT, "series", "grain"),
        *_keys(NUMBER, "time"),
        *_columns(NUMBER, "read"),
        *_maybe(EXACT, "usd"),
        sqlite_with_rowid=False,
    )


def _make_how_things_stand() -> None:
    op.create_table(
        "projection",
        *_keys(TEXT, "id"),
        *_columns(NUMBER, "journal_seq", "record_seq"),
    )
    op.create_table(
        "settings",
        *_keys(TEXT, "id"),
        *_columns(TEXT, "policy", "actor"),
        *_columns(NUMBER, "changed"),
    )
    op.create_table(
        "system_status",
        *_keys(TEXT, "id"),
        *_maybe(TEXT, "mode"),
        *_maybe(NUMBER, "settings_version", "started", "rules_version", "last_event_time", "last_order_time"),
    )
    op.create_table(
        "trading_state",
        *_keys(TEXT, "scope"),
        *_columns(TEXT, "state"),
    )
    op.create_table(
        "latch",
        *_keys(TEXT, "scope", "latch"),
        *_columns(TEXT, "actor"),
        *_columns(NUMBER, "since"),
        *_columns(TEXT, "reason"),
    )
    op.create_table(
        "account",
        *_keys(TEXT, "id"),
        *_columns(NUMBER, "place"),
        *_columns(TEXT, "address"),
    )
    op.create_table(
        "drift",
        *_keys(TEXT, "account", "coin"),
        *_columns(EXACT, "ours", "theirs"),
        *_columns(NUMBER, "changed"),
    )
    op.create_table(
        "dead_letter",
        *_keys(TEXT, "id"),
        *_columns(NUMBER, "record_seq", "changed"),
        *_columns(TEXT, "state", "kind", "subject", "error"),
        *_columns(NUMBER, "attempts"),
        *_columns(TEXT, "excerpt"),
    )
    op.create_index("ix_dead_letter_state", "dead_letter", ["state", "record_seq"])


def _make_how_bots_stand() -> None:
    op.create_table(
        "bot",
        *_keys(TEXT, "id"),
        *_columns(NUMBER, "place"),
        *_columns(TEXT, "name", "wallet"),
        *_columns(FLAG, "enabled"),
        *_columns(TEXT, "account"),
    )
    op.create_table(
        "bot_performance",
        *_keys(TEXT, "bot"),
        *_columns(NUMBER, "time", "round_trips"),
        *_maybe(EXACT, "win_rate"),
        *_columns(EXACT, "net", "day_net", "fees", "funding"),
        *_columns(NUMBER, "fills"),
        *_columns(EXACT, "traded_usd", "crossed_saved_usd"),
        *_maybe(EXACT, "slippage_bps"),
        *_maybe(NUMBER, "reaction_ms"),
        *_maybe(EXACT, "tracking_error"),
    )
    op.create_table(
        "sleeve",
        *_keys(TEXT, "bot", "coin"),
        *_columns(TEXT, "account"),
        *_columns(EXACT, "size", "cost", "target"),
        *_maybe(EXACT, "ratio"),
        *_columns(EXACT, "realised", "fees", "funding"),
    )
    op.create_table(
        "source_position",
        *_keys(TEXT, "bot", "coin"),
        *_columns(TEXT, "confidence"),
        *_columns(EXACT, "position", "baseline", "followed"),
        *_maybe(EXACT, "entry"),
    )


def _make_what_is_owned() -> None:
    op.create_table(
        "control",
        *_keys(NUMBER, "id"),
        *_columns(TEXT, "actor", "kind", "payload"),
        *_columns(NUMBER, "created"),
        sa.Column("idempotency_key", TEXT, unique=True),
        *_columns(TEXT, "state"),
        *_columns(FLAG, "is_taken"),
        *_columns(TEXT, "reasons"),
        *_maybe(NUMBER, "journal_seq"),
    )
    op.create_index(
        "ix_control_queued",
        "control",
        ["id"],
        sqlite_where=sa.text("state = 'queued'"),
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.create_table(
        "control_counter",
        *_keys(TEXT, "id"),
        *_columns(NUMBER, "last"),
    )
    op.create_table(
        "heartbeat",
        *_keys(TEXT, "process"),
        *_columns(NUMBER, "time"),
        *_columns(TEXT, "payload"),
    )
