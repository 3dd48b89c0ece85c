"""Alerts on their way to people."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NUMBERS = ("times", "attempts", "next_ms", "changed_ms")
_TEXTS = ("level", "category", "subject", "text", "state", "reached", "error")
_SEEN = "SELECT coalesce(max(time) + 1, 0) FROM system_event WHERE kind = 'alert'"


def upgrade() -> None:
    """Make the tables; alerts that are shown already count as told."""
    op.create_table(
        "alert_outbox",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("source", sa.Text(), nullable=False, unique=True),
        sa.Column("time", NUMBER, nullable=False),
        *(sa.Column(name, NUMBER, nullable=False) for name in _NUMBERS),
        *(sa.Column(name, sa.Text(), nullable=False) for name in _TEXTS),
        *(sa.Column(name, NUMBER) for name in ("record_seq", "into", "first_ms")),
    )
    is_queued = sa.text("state = 'queued'")
    op.create_index(
        "ix_alert_outbox_queued", "alert_outbox", ["id"], sqlite_where=is_queued, postgresql_where=is_queued
    )
    op.create_index("ix_alert_outbox_changed", "alert_outbox", ["state", "changed_ms"])
    op.create_table(
        "alert_courier",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("until_ms", NUMBER, nullable=False),
        sa.Column("seen", NUMBER, nullable=False),
    )
    op.execute(f"INSERT INTO alert_courier (id, holder, until_ms, seen) VALUES ('default', '', 0, ({_SEEN}))")


def downgrade() -> None:
    """Remove them; what was not told yet is only shown."""
    op.drop_table("alert_courier")
    op.drop_table("alert_outbox")
