"""The first tables of the journal."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
BYTES = sa.LargeBinary()


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "entry",
        sa.Column("seq", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("received", NUMBER, nullable=False),
        sa.Column("rules_version", sa.Integer, nullable=False),
        sa.Column("record_seq", NUMBER, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("payload", BYTES, nullable=False),
        sa.Column("commands", BYTES, nullable=False),
        sa.Column("records", BYTES, nullable=False),
        sa.Column("crc", NUMBER, nullable=False),
    )
    op.create_index("entry_kind_seq", "entry", ["kind", "seq"])
    op.create_table(
        "segment",
        sa.Column("first_seq", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("rules_version", sa.Integer, nullable=False),
        sa.Column("opened", NUMBER, nullable=False),
        sa.Column("record_seq", NUMBER, nullable=False),
        sa.Column("snapshot", NUMBER, nullable=False),
    )
    op.create_table(
        "snapshot",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("seq", NUMBER, nullable=False),
        sa.Column("record_seq", NUMBER, nullable=False),
        sa.Column("sealed", sa.Integer, nullable=False),
    )
    op.create_table(
        "snapshot_part",
        sa.Column("snapshot", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("payload", BYTES),
        sa.Column("crc", NUMBER, nullable=False),
    )
    op.create_index("snapshot_part_key", "snapshot_part", ["key", "snapshot"])
    op.create_table(
        "skipped",
        sa.Column("seq", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("time", NUMBER, nullable=False),
    )
    op.create_table(
        "lease",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("epoch", NUMBER, nullable=False),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("since", NUMBER, nullable=False),
    )


def downgrade() -> None:
    """Remove them, with everything in them."""
    for table in ("lease", "skipped", "snapshot_part", "snapshot", "segment", "entry"):
        op.drop_table(table)
