"""Answers to requests with a key, and questions on wallets that the worker answers."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text()


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "answer_kept",
        sa.Column("key", TEXT, primary_key=True, autoincrement=False),
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("holder", TEXT, nullable=False),
        sa.Column("created", NUMBER, nullable=False),
        sa.Column("until", NUMBER, nullable=False),
        sa.Column("status", NUMBER),
        sa.Column("media_type", TEXT, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )
    op.create_index("ix_answer_kept_created", "answer_kept", ["created"])
    op.create_table(
        "inquiry",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("wallet", TEXT, nullable=False),
        sa.Column("asked", NUMBER, nullable=False),
        sa.Column("is_taken", sa.Boolean(), nullable=False),
        sa.Column("answer", TEXT),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    """Remove them."""
    op.drop_table("inquiry")
    op.drop_table("answer_kept")
