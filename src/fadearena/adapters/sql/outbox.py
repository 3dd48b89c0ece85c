"""
The outbox of alerts, in the database of the read store.

Records come in times that never decrease: what is older than the newest that was queued is not queued again, also
after its row was deleted. Those of the newest time are not deleted, since only their rows tell that they are there.
"""

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from fadearena.adapters.sql import tables
from fadearena.adapters.sql.lane import Lane
from fadearena.adapters.sql.statements import Row, insert_new, run, single, text_of, upsert
from fadearena.adapters.sql.tables import SINGLE
from fadearena.model.record import Alert
from fadearena.model.units import EpochMs
from fadearena.ports.outbox import ENDED, Delivery, OutboxRow, record_source
from fadearena.ports.read_store import check_limit

_TABLE = tables.alert_outbox
_LEAD = tables.alert_courier
_NOBODY: dict[str, int | str] = {"holder": "", "until_ms": 0, "seen": 0}
_FIXED = {"id", "source", "time", "record_seq"}
_CHANGING = tuple(column.name for column in _TABLE.columns if column.name not in _FIXED)
_REACHED = msgspec.json.Decoder(tuple[str, ...])
_QUEUED = (
    sa.select(_TABLE)
    .where(_TABLE.c.state == Delivery.QUEUED.value)
    .order_by(sa.case((_TABLE.c.level == "critical", 0), else_=1), _TABLE.c.id)
    .limit(sa.bindparam("most"))
)
_SAVED = (
    sa.update(_TABLE)
    .where(_TABLE.c.id == sa.bindparam("saved"), _TABLE.c.state == Delivery.QUEUED.value)
    .values({name: sa.bindparam(f"new_{name}") for name in _CHANGING})
)


class SqlOutbox:
    """The outbox behind its port: writes in one lane, questions in another."""

    def __init__(self, writing: Lane, reading: Lane) -> None:
        self._writing = writing
        self._reading = reading

    async def put(self, source: str, alert: Alert, time: EpochMs) -> bool:
        """Queue an alert of no record; return False where this source has one already."""
        return await self._writing.run(lambda connection: _add(connection, [_row(source, alert, time)]) == 1)

    async def lead(self, holder: str, now: EpochMs, lease_ms: EpochMs) -> bool:
        """Take or keep the lead for a while; return False while another has it."""
        return await self._writing.run(lambda connection: _lead(connection, holder, now, lease_ms))

    async def queued(self, limit: int) -> tuple[OutboxRow, ...]:
        """Return what waits: critical ones first, then the oldest."""
        return await self._reading.run(lambda connection: _rows(connection, _QUEUED, {"most": limit}))

    async def sent_since(self, since: EpochMs) -> tuple[OutboxRow, ...]:
        """Return the messages that were taken by all since then, the oldest first."""
        asked = sa.select(_TABLE).where(_TABLE.c.state == Delivery.SENT.value, _TABLE.c.changed_ms >= since)
        return await self._reading.run(lambda connection: _rows(connection, asked.order_by(_TABLE.c.id)))

    async def save(self, rows: Sequence[OutboxRow]) -> None:
        """Replace queued rows, in one transaction; those that are not queued any more stay as they are."""
        await self._writing.run(lambda connection: run(connection, _SAVED, [_saved(row) for row in rows]))

    async def rows(
        self, limit: int, states: Sequence[Delivery] = (), before: int | None = None
    ) -> tuple[OutboxRow, ...]:
        """
        Return rows, the newest first, in these states only if given, and with an id below `before` if given.

        Raises:
            InvalidInput: `limit` is not 1 to 1,000.
        """
        check_limit(limit)
        names = [state.value for state in states or Delivery]
        asked = sa.select(_TABLE).where(_TABLE.c.state.in_(names)).order_by(_TABLE.c.id.desc()).limit(limit)
        if before is not None:
            asked = asked.where(_TABLE.c.id < before)
        return await self._reading.run(lambda connection: _rows(connection, asked))

    async def retry(self, ids: Sequence[int] = ()) -> int:
        """Queue failed rows again, all of them or these; return how many."""
        failed = sa.update(_TABLE).where(_TABLE.c.state == Delivery.FAILED.value)
        some = failed.where(_TABLE.c.id.in_(ids)) if ids else failed
        again = some.values(state=Delivery.QUEUED.value, attempts=0, first_ms=None, next_ms=0)
        return await self._writing.run(lambda connection: connection.execute(again).rowcount)

    async def prune(self, before: EpochMs) -> int:
        """Delete what ended before this time; return how many rows."""
        ended = _TABLE.c.state.in_([state.value for state in ENDED])
        seen = sa.select(sa.func.max(_LEAD.c.seen)).scalar_subquery()
        is_old = sa.or_(_TABLE.c.record_seq.is_(None), _TABLE.c.time < seen)
        gone = sa.delete(_TABLE).where(ended, _TABLE.c.changed_ms < before, is_old)
        return await self._writing.run(lambda connection: connection.execute(gone).rowcount)


def queue_records(connection: sa.Connection, alerts: Sequence[tuple[int, EpochMs, Alert]]) -> None:
    """Queue the alerts of records, by number and time, in the transaction that projects them."""
    if not alerts:
        return
    lead = single(connection, _LEAD, **_NOBODY)
    rows = [_row(record_source(seq, time), alert, time, seq) for seq, time, alert in alerts if time >= lead["seen"]]
    _add(connection, rows)
    upsert(connection, _LEAD, lead | {"seen": max([lead["seen"], *(time for _, time, _ in alerts)])})


def _row(source: str, alert: Alert, time: EpochMs, record_seq: int | None = None) -> Row:
    return _form(OutboxRow(id=0, source=source, alert=alert, time=time, record_seq=record_seq))


def _form(row: OutboxRow) -> Row:
    """Return a row as its columns, without the number that the database gives."""
    alert, state, reached = row.alert, row.state.value, text_of(row.reached)
    fields = {name: getattr(row, name) for name in row.__struct_fields__ if name not in {"id", "alert"}}
    words = {"level": alert.level, "category": alert.category, "subject": alert.subject, "text": alert.text}
    return fields | words | {"state": state, "reached": reached}


def _saved(row: OutboxRow) -> Row:
    fields = _form(row)
    return {"saved": row.id} | {f"new_{name}": fields[name] for name in _CHANGING}


def _add(connection: sa.Connection, rows: list[Row]) -> int:
    statement = insert_new(connection, _TABLE, "source")
    return sum(len(connection.execute(statement, row).all()) for row in rows)


def _lead(connection: sa.Connection, holder: str, now: EpochMs, lease_ms: EpochMs) -> bool:
    lead = single(connection, _LEAD, **_NOBODY)
    if lead["holder"] != holder and now < lead["until_ms"]:
        return False
    upsert(connection, _LEAD, lead | {"id": SINGLE, "holder": holder, "until_ms": now + lease_ms})
    return True


def _rows(connection: sa.Connection, asked: sa.Executable, parameters: Row | None = None) -> tuple[OutboxRow, ...]:
    return tuple(_read(row._asdict()) for row in connection.execute(asked, parameters or {}))


def _read(fields: Row) -> OutboxRow:
    alert = Alert(**{name: fields.pop(name) for name in Alert.__struct_fields__})
    state, reached = Delivery(fields.pop("state")), _REACHED.decode(fields.pop("reached"))
    return OutboxRow(alert=alert, state=state, reached=reached, **fields)
