"""
What was gathered is written: one statement for each table.

A table of what happened is added to; in a table of how things stand a row replaces the earlier one of its key.
"""

from functools import cache

import sqlalchemy as sa
from sqlalchemy import Connection, Table

from fadearena.adapters.sql import tables
from fadearena.adapters.sql.outbox import queue_records
from fadearena.adapters.sql.read_store.projection import Place, Rows
from fadearena.adapters.sql.statements import Row, run, text_of, upsert
from fadearena.adapters.sql.tables import KEYS, SINGLE
from fadearena.model.record import ControlAnswer, SettingsChange
from fadearena.ports.control import ControlState

_OF_BOTS = (tables.source_position, tables.sleeve, tables.bot_performance)
_ANSWERED = (
    sa.update(tables.control)
    .where(tables.control.c.id == sa.bindparam("answered"), tables.control.c.state == ControlState.QUEUED.value)
    .values({name: sa.bindparam(f"new_{name}") for name in ("state", "reasons", "journal_seq")})
)


def write(connection: Connection, rows: Rows) -> None:
    """Write everything that was gathered; new settings last."""
    for table, things in rows.standing.items():
        gone = [dict(zip(KEYS[table], key, strict=True)) for key, row in things.items() if row is None]
        run(connection, _delete(table), [{f"gone_{name}": value for name, value in key.items()} for key in gone])
        upsert(connection, table, *(row for row in things.values() if row is not None))
    for table, added in rows.added.items():
        run(connection, sa.insert(table), added)
    if rows.status:
        upsert(connection, tables.system_status, {"id": SINGLE} | rows.status)
    run(connection, _ANSWERED, [_answered(place, answer) for place, answer in rows.answers])
    queue_records(connection, rows.alerts)
    if rows.settings is not None:
        _write_settings(connection, *rows.settings)


@cache
def _delete(table: Table) -> sa.Executable:
    return sa.delete(table).where(*(table.c[name] == sa.bindparam(f"gone_{name}") for name in KEYS[table]))


def _answered(place: Place, answer: ControlAnswer) -> Row:
    state = ControlState.ACCEPTED if answer.accepted else ControlState.REFUSED
    return {
        "answered": answer.control_id,
        "new_state": state.value,
        "new_reasons": text_of(answer.reasons),
        "new_journal_seq": place.journal_seq,
    }


def _write_settings(connection: Connection, place: Place, change: SettingsChange) -> None:
    """Replace the settings, bots and accounts; what hung on those that went, or moved, goes."""
    policy = change.policy
    if policy is None:
        return
    bots = [
        {"id": b.id, "place": n, "name": b.name, "wallet": b.wallet, "enabled": b.enabled, "account": b.account}
        for n, b in enumerate(policy.bots)
    ]
    accounts = [{"id": a.id, "place": n, "address": a.address} for n, a in enumerate(policy.accounts)]
    moved = _replace(connection, tables.bot, bots, ("wallet", "account"))
    for table in _OF_BOTS:
        run(connection, sa.delete(table).where(table.c.bot == sa.bindparam("gone")), moved)
    moved = _replace(connection, tables.account, accounts, ("address",))
    run(connection, sa.delete(tables.drift).where(tables.drift.c.account == sa.bindparam("gone")), moved)
    settings = {"policy": text_of(policy), "actor": change.actor, "changed": place.time}
    upsert(connection, tables.settings, {"id": SINGLE} | settings)


def _replace(connection: Connection, table: Table, rows: list[Row], lasting: tuple[str, ...]) -> list[Row]:
    """Replace all rows; return which ids went, or have other values where they should last."""
    found = connection.execute(sa.select(table.c.id, *(table.c[name] for name in lasting)))
    before = {name: tuple(rest) for name, *rest in found}
    now = {row["id"]: tuple(row[name] for name in lasting) for row in rows}
    connection.execute(sa.delete(table))
    run(connection, sa.insert(table), rows)
    return [{"gone": name} for name, was in before.items() if now.get(name) != was]
