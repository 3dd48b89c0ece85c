"""What simulation would have made of live orders, and fills by order."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text()
EXACT = sa.Text().with_variant(sa.NUMERIC(), "postgresql")


def upgrade() -> None:
    """Make the table, and the index by which an order's fills are found."""
    op.create_table(
        "shadow_fill",
        sa.Column("cloid", TEXT, primary_key=True, autoincrement=False),
        *_columns(NUMBER, "record_seq", "time"),
        *_columns(TEXT, "account", "coin", "side"),
        *_columns(EXACT, "quantity"),
        sa.Column("price", EXACT),
        *_columns(EXACT, "fee"),
        *_columns(TEXT, "reason"),
    )
    op.create_index("ix_my_fill_cloid", "my_fill", ["cloid"])


def downgrade() -> None:
    """Remove both."""
    op.drop_index("ix_my_fill_cloid", "my_fill")
    op.drop_table("shadow_fill")


def _columns(kind: sa.types.TypeEngine[Any], *names: str) -> Iterator[sa.Column[Any]]:
    return (sa.Column(name, kind, nullable=False) for name in names)
