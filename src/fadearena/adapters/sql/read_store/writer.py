"""
What was gathered is written: one statement for each table.

A table of what happened is added to; in a table of how things stand a row replaces the earlier one of its key; what is
summed up goes on from where it stood.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import count

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection, Table

from fadearena.adapters.sql import tables
from fadearena.adapters.sql.outbox import queue_records
from fadearena.adapters.sql.read_store.projection import Place, Rows
from fadearena.adapters.sql.statements import Row, add_up, append, filled, replace_older, run, text_of, upsert
from fadearena.adapters.sql.tables import KEYS, SINGLE
from fadearena.model.curve import Extent
from fadearena.model.policy import BotPolicy, Policy
from fadearena.model.record import BotsChange, ControlAnswer, SettingsChange
from fadearena.model.units import Usd
from fadearena.ports.control import ControlState

_OF_BOTS = (tables.source_position, tables.sleeve, tables.bot_performance)
_HOME = ("wallet", "account")
_AT_ONCE = 500
_POLICY = msgspec.json.Decoder(Policy)
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
        append(connection, table, added)
    for table, counts in rows.counts.items():
        add_up(connection, table, counts)
    _draw(connection, rows.curves)
    replace_older(connection, tables.mark, [msgspec.structs.asdict(mark) for mark in rows.marks.values()])
    if rows.status:
        upsert(connection, tables.system_status, {"id": SINGLE} | rows.status)
    run(connection, _ANSWERED, [_answered(place, answer) for place, answer in rows.answers])
    queue_records(connection, rows.alerts)
    if rows.settings is not None:
        _write_settings(connection, *rows.settings)


def _draw(connection: Connection, curves: Mapping[str, Sequence[Usd]]) -> None:
    """Draw curves on: this alone is read before it is written."""
    extent, names, known = tables.equity_extent, list(curves), dict[str, Extent]()
    for part in (names[n : n + _AT_ONCE] for n in range(0, len(names), _AT_ONCE)):
        found = connection.execute(sa.select(extent).where(extent.c.series.in_(part)))
        known |= {row.series: filled(Extent, row) for row in found}
    for series, values in curves.items():
        known[series] = Extent.along(values, known.get(series))
    upsert(connection, extent, *({"series": name} | msgspec.structs.asdict(known[name]) for name in names))


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


def _write_settings(connection: Connection, place: Place, change: SettingsChange | BotsChange) -> None:
    """Replace the settings, or some of their bots."""
    if isinstance(change, SettingsChange):
        policy = change.policy
        if policy is not None:
            _write_all(connection, policy)
    else:
        text = connection.execute(sa.select(tables.settings.c.policy)).scalar_one_or_none()
        policy = None if text is None else msgspec.structs.replace(_POLICY.decode(text), version=change.version)
        if policy is not None:
            _write_bots(connection, change)
    if policy is None:  # the journal does not tell what they were
        return
    texts = {"policy": text_of(msgspec.structs.replace(policy, bots=())), "actor": change.actor}
    upsert(connection, tables.settings, {"id": SINGLE, "changed": place.time} | texts)


def _write_all(connection: Connection, policy: Policy) -> None:
    """Replace bots and accounts; what hung on those that went, or moved, goes."""
    bots = [_bot_row(bot, n) for n, bot in enumerate(policy.bots)]
    accounts = [{"id": a.id, "place": n, "address": a.address} for n, a in enumerate(policy.accounts)]
    _forget(connection, _replace(connection, tables.bot, bots, _HOME))
    moved = _replace(connection, tables.account, accounts, ("address",))
    run(connection, sa.delete(tables.drift).where(tables.drift.c.account == sa.bindparam("gone")), moved)


def _write_bots(connection: Connection, change: BotsChange) -> None:
    """Replace some bots; what hung on those that went, or moved, goes."""
    bot, names = tables.bot.c, [*change.dropped, *(put.id for put in change.put)]
    before: dict[str, tuple[int, str, str]] = {}
    for part in (names[n : n + _AT_ONCE] for n in range(0, len(names), _AT_ONCE)):
        found = connection.execute(sa.select(bot.id, bot.place, bot.wallet, bot.account).where(bot.id.in_(part)))
        before |= {row.id: (row.place, row.wallet, row.account) for row in found}
    last = connection.execute(sa.select(sa.func.coalesce(sa.func.max(bot.place), -1))).scalar_one()
    new = count(last + 1)
    rows = [_bot_row(put, before[put.id][0] if put.id in before else next(new)) for put in change.put]
    moved = [
        row["id"] for row in rows if row["id"] in before and before[row["id"]][1:] != (row["wallet"], row["account"])
    ]
    _forget(connection, [{"gone": name} for name in (*change.dropped, *moved)])
    run(connection, _delete(tables.bot), [{"gone_id": name} for name in change.dropped])
    upsert(connection, tables.bot, *rows)


def _bot_row(bot: BotPolicy, place: int) -> Row:
    fields = {name: getattr(bot, name) for name in ("id", "name", "wallet", "enabled", "account")}
    return fields | {"place": place, "policy": text_of(bot)}


def _forget(connection: Connection, gone: list[Row]) -> None:
    """Remove what hung on bots that went, or moved."""
    for table in _OF_BOTS:
        run(connection, sa.delete(table).where(table.c.bot == sa.bindparam("gone")), gone)


def _replace(connection: Connection, table: Table, rows: list[Row], lasting: tuple[str, ...]) -> list[Row]:
    """Replace all rows; return which ids went, or have other values where they should last."""
    found = connection.execute(sa.select(table.c.id, *(table.c[name] for name in lasting)))
    before = {name: tuple(rest) for name, *rest in found}
    now = {row["id"]: tuple(row[name] for name in lasting) for row in rows}
    connection.execute(sa.delete(table))
    run(connection, sa.insert(table), rows)
    return [{"gone": name} for name, was in before.items() if now.get(name) != was]
