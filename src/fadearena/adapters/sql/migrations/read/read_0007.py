"""Who may do what, and what was asked for: tokens, passwords, sessions, and a record of access."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text()
BYTES = sa.LargeBinary()


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "token",
        sa.Column("id", TEXT, primary_key=True, autoincrement=False),
        *(sa.Column(name, TEXT, nullable=False) for name in ("name", "role")),
        sa.Column("hash", BYTES, nullable=False),
        sa.Column("created", NUMBER, nullable=False),
        *(sa.Column(name, NUMBER) for name in ("expires", "last_used", "revoked")),
    )
    in_force = sa.text("revoked IS NULL")
    op.create_index("ix_token_name", "token", ["name"], unique=True, sqlite_where=in_force, postgresql_where=in_force)
    op.create_table(
        "password",
        sa.Column("role", TEXT, primary_key=True, autoincrement=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("changed", NUMBER, nullable=False),
    )
    op.create_table(
        "session",
        sa.Column("id", BYTES, primary_key=True, autoincrement=False),
        *(sa.Column(name, TEXT, nullable=False) for name in ("role", "actor")),
        *(sa.Column(name, NUMBER, nullable=False) for name in ("created", "expires")),
        sa.Column("token_id", TEXT),
    )
    op.create_table(
        "access_entry",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("time", NUMBER, nullable=False),
        *(sa.Column(name, TEXT, nullable=False) for name in ("actor", "address", "what")),
        sa.Column("status", NUMBER, nullable=False),
        sa.Column("control_id", NUMBER),
        sa.Column("detail", TEXT, nullable=False),
    )


def downgrade() -> None:
    """Remove them."""
    for table in ("access_entry", "session", "password", "token"):
        op.drop_table(table)
