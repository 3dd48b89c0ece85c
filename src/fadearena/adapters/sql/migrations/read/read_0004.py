"""What a worker sees at present: its feeds, its rate budget, the wallets in sight."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text()
EXACT = sa.Text().with_variant(sa.NUMERIC(), "postgresql")


def upgrade() -> None:
    """Make the tables; the next worker fills them."""
    op.create_table(
        "sight",
        sa.Column("id", TEXT, primary_key=True, autoincrement=False),
        sa.Column("time", NUMBER, nullable=False),
        sa.Column("payload", TEXT, nullable=False),
    )
    op.create_table(
        "sighting",
        sa.Column("wallet", TEXT, primary_key=True, autoincrement=False),
        sa.Column("since", NUMBER, nullable=False),
        sa.Column("feed", TEXT),
        *(sa.Column(name, NUMBER) for name in ("heard", "read", "last_trade", "quiet_since")),
        sa.Column("equity", EXACT),
        sa.Column("equity_time", NUMBER),
        sa.Column("positions", TEXT, nullable=False),
    )


def downgrade() -> None:
    """Remove them."""
    op.drop_table("sighting")
    op.drop_table("sight")
