"""
The queue of people's commands, in the database of the read store.

Whoever queues one locks the counter of ids first: commands become visible in the order of their ids, so a worker that
has seen one has seen all before it.
"""

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from fadearena.adapters.sql import tables
from fadearena.adapters.sql.lane import Lane
from fadearena.adapters.sql.statements import single, text_of
from fadearena.adapters.sql.tables import SINGLE
from fadearena.adapters.sql.telling import tell
from fadearena.model.error import InvalidInput
from fadearena.model.event import OperatorAction
from fadearena.model.units import EpochMs
from fadearena.ports.control import ControlEntry, ControlState
from fadearena.ports.read_store import check_limit
from fadearena.ports.wakeups import Topic

_TABLE = tables.control
_COUNTER = tables.control_counter
_IS_QUEUED = _TABLE.c.state == ControlState.QUEUED.value
_WAITING = sa.select(_TABLE.c.id).where(_IS_QUEUED, _TABLE.c.id > sa.bindparam("after")).limit(1)
_COUNTED = (
    sa.update(_COUNTER)
    .where(_COUNTER.c.id == SINGLE, _COUNTER.c.last < sa.bindparam("to"))
    .values(last=sa.bindparam("to"))
)
_ACTION = msgspec.json.Decoder(OperatorAction)
_REASONS = msgspec.json.Decoder(tuple[str, ...])


class SqlControl:
    """The queue behind its port: writes in one lane, questions in another."""

    def __init__(self, writing: Lane, reading: Lane) -> None:
        self._writing = writing
        self._reading = reading

    async def put(
        self, actor: str, action: OperatorAction, *, now: EpochMs = 0, idempotency_key: str | None = None
    ) -> ControlEntry:
        """
        Queue a command; with a key that was used before return the entry that it made then.

        Raises:
            InvalidInput: The key was used before, for another command.
        """
        entry = ControlEntry(id=0, actor=actor, action=action, created=now, idempotency_key=idempotency_key)
        return await self._writing.run(lambda connection: _put(connection, entry))

    async def get(self, control_id: int) -> ControlEntry:
        """
        Return a command as it stands.

        Raises:
            InvalidInput: There is none with this id.
        """
        return await self._reading.run(lambda connection: _get(connection, control_id))

    async def of_key(self, idempotency_key: str) -> ControlEntry | None:
        """Return the command that was queued with a key, as it stands; None where there is none."""
        return await self._reading.run(lambda connection: _of_key(connection, idempotency_key))

    async def entries(self, before: int | None, limit: int) -> Sequence[ControlEntry]:
        """
        Return commands as they stand, the newest first: with an id below `before` if given, at most `limit`.

        Raises:
            InvalidInput: `limit` is not 1 to 1,000.
        """
        check_limit(limit)
        asked = sa.select(_TABLE).order_by(_TABLE.c.id.desc()).limit(limit)
        if before is not None:
            asked = asked.where(_TABLE.c.id < before)
        return await self._reading.run(lambda connection: tuple(map(_entry, connection.execute(asked))))

    async def take(self, after: int = 0) -> Sequence[ControlEntry]:
        """
        Take the queued commands with an id greater than `after`, oldest first, and return them.

        Those that were taken before and have no answer yet come again: the worker that took them may be dead.
        """
        if not await self._reading.run(lambda connection: connection.execute(_WAITING, {"after": after}).all()):
            return ()  # asked many times a second: the write lock is taken only where there is something
        return await self._writing.run(lambda connection: _take(connection, after))

    async def withdraw(self, control_id: int) -> ControlEntry:
        """
        Withdraw a command that no worker took yet, and return it as it stands: any other stays as it is.

        Raises:
            InvalidInput: There is none with this id.
        """
        return await self._writing.run(lambda connection: _withdraw(connection, control_id))

    async def continue_after(self, control_id: int) -> None:
        """Give out no id up to this one from now on; for a queue that is older than the journal beside it."""
        await self._writing.run(lambda connection: _count_to(connection, control_id))


def _put(connection: sa.Connection, entry: ControlEntry) -> ControlEntry:
    last: int = single(connection, _COUNTER, last=0)["last"]
    if entry.idempotency_key is not None:
        found = _of_key(connection, entry.idempotency_key)
        if found is not None:
            return _same(found, entry)
    entry = msgspec.structs.replace(entry, id=max(last + 1, entry.created))
    connection.execute(
        sa.insert(_TABLE).values(
            id=entry.id,
            actor=entry.actor,
            kind=entry.action.__struct_config__.tag,
            payload=text_of(entry.action),
            created=entry.created,
            idempotency_key=entry.idempotency_key,
            state=entry.state.value,
            is_taken=False,
            reasons="[]",
        )
    )
    connection.execute(_COUNTED, {"to": entry.id})
    tell(connection, Topic.CONTROL)
    return entry


def _of_key(connection: sa.Connection, key: str) -> ControlEntry | None:
    found = connection.execute(sa.select(_TABLE).where(_TABLE.c.idempotency_key == key)).one_or_none()
    return None if found is None else _entry(found)


def _same(earlier: ControlEntry, entry: ControlEntry) -> ControlEntry:
    if earlier.action != entry.action:
        raise InvalidInput(
            f"the idempotency key {entry.idempotency_key!r} was used for another command: take a new one"
        )
    return earlier


def _get(connection: sa.Connection, control_id: int) -> ControlEntry:
    found = connection.execute(sa.select(_TABLE).where(_TABLE.c.id == control_id)).one_or_none()
    if found is None:
        raise InvalidInput(f"there is no command {control_id}")
    return _entry(found)


def _take(connection: sa.Connection, after: int) -> tuple[ControlEntry, ...]:
    taken = sa.update(_TABLE).where(_IS_QUEUED, _TABLE.c.id > after).values(is_taken=True).returning(_TABLE)
    return tuple(sorted(map(_entry, connection.execute(taken)), key=lambda entry: entry.id))


def _withdraw(connection: sa.Connection, control_id: int) -> ControlEntry:
    mine = _TABLE.c.id == control_id
    withdrawn = sa.update(_TABLE).where(mine, _IS_QUEUED, ~_TABLE.c.is_taken)
    connection.execute(withdrawn.values(state=ControlState.WITHDRAWN.value))
    return _get(connection, control_id)


def _count_to(connection: sa.Connection, control_id: int) -> None:
    single(connection, _COUNTER, last=0)
    connection.execute(_COUNTED, {"to": control_id})


def _entry(row: sa.Row[tuple[object, ...]]) -> ControlEntry:
    fields = row._asdict()
    return ControlEntry(
        id=fields["id"],
        actor=fields["actor"],
        action=_ACTION.decode(fields["payload"]),
        created=fields["created"],
        idempotency_key=fields["idempotency_key"],
        state=ControlState(fields["state"]),
        is_taken=fields["is_taken"],
        reasons=_REASONS.decode(fields["reasons"]),
        journal_seq=fields["journal_seq"],
    )
