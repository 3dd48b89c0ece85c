"""Each bot's settings stand with the bot, so that a change of one rewrites one; how long a round of snapshots takes."""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text()
_FLAG = sa.Boolean()
_OLD = ("id", "place", "name", "wallet", "enabled", "account")


def upgrade() -> None:
    """Move the settings of bots to where the bots stand."""
    settings, bots = _settings(), _bots(*_OLD)
    policies = {policy["id"]: policy for policy in settings.get("bots", ())}
    op.drop_table("bot")
    _create_bot(sa.Column("policy", TEXT, nullable=False))
    _fill([bot | {"policy": _text(policies[bot["id"]])} for bot in bots])
    if settings:
        _set(settings | {"bots": []})
    op.add_column("system_status", sa.Column("snapshot_round_ms", NUMBER))


def downgrade() -> None:
    """Move them back."""
    settings, bots = _settings(), _bots(*_OLD, "policy")
    op.drop_column("system_status", "snapshot_round_ms")
    op.drop_table("bot")
    _create_bot()
    _fill([{name: bot[name] for name in _OLD} for bot in bots])
    if settings:
        _set(settings | {"bots": [json.loads(bot["policy"]) for bot in bots]})


def _settings() -> dict[str, Any]:
    text = op.get_bind().execute(sa.text("SELECT policy FROM settings")).scalar()
    return json.loads(text) if text else {}


def _set(settings: dict[str, Any]) -> None:
    op.get_bind().execute(sa.text("UPDATE settings SET policy = :policy"), {"policy": _text(settings)})


def _bots(*names: str) -> list[dict[str, Any]]:
    columns = [sa.column(name, _FLAG if name == "enabled" else None) for name in names]
    rows = op.get_bind().execute(sa.select(*columns).select_from(sa.table("bot")).order_by(sa.column("place")))
    return [dict(zip(names, row, strict=True)) for row in rows]


def _create_bot(*more: sa.Column[Any]) -> None:
    op.create_table(
        "bot",
        sa.Column("id", TEXT, primary_key=True, autoincrement=False),
        sa.Column("place", NUMBER, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("wallet", TEXT, nullable=False),
        sa.Column("enabled", _FLAG, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        *more,
    )


def _fill(bots: list[dict[str, Any]]) -> None:
    if bots:
        table = sa.table("bot", *(sa.column(name, _FLAG if name == "enabled" else None) for name in bots[0]))
        op.get_bind().execute(sa.insert(table), bots)


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
