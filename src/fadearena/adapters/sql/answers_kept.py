"""Answers that were given, in the database of the read store."""

import msgspec
import sqlalchemy as sa

from fadearena.adapters.sql import tables
from fadearena.adapters.sql.lane import Lane
from fadearena.adapters.sql.statements import insert_once, upsert
from fadearena.ports.answers_kept import KEPT_MS, KeptAnswer

_TABLE = tables.answer_kept
_FOUND = sa.select(_TABLE).where(_TABLE.c.key == sa.bindparam("key")).with_for_update()


class SqlAnswers:
    """Kept answers behind their port; each method is one short transaction of the lane that writes."""

    def __init__(self, writing: Lane) -> None:
        self._writing = writing

    async def begin(self, answer: KeptAnswer) -> KeptAnswer:
        """Take a key where it may be taken, and return what stands there then."""
        return await self._writing.run(lambda connection: _begin(connection, answer))

    async def finish(self, answer: KeptAnswer) -> None:
        """Keep the answer, if this holder still holds the key; old keys go."""
        await self._writing.run(lambda connection: _finish(connection, answer))

    async def let_go(self, answer: KeptAnswer) -> None:
        """Let the next one who comes with the same request hold the key."""
        statement = sa.update(_TABLE).where(*_held(answer)).values(until=0)
        await self._writing.run(lambda connection: connection.execute(statement))

    async def forget(self, answer: KeptAnswer) -> None:
        """Free the key for any request."""
        statement = sa.delete(_TABLE).where(*_held(answer))
        await self._writing.run(lambda connection: connection.execute(statement))


def _begin(connection: sa.Connection, answer: KeptAnswer) -> KeptAnswer:
    row = None
    while row is None:  # another process may free the key in between
        connection.execute(insert_once(connection, _TABLE), msgspec.structs.asdict(answer))
        row = connection.execute(_FOUND, {"key": answer.key}).one_or_none()
    there = KeptAnswer(**row._asdict())
    if there.may_be_taken(answer):
        there = there.taken(answer)
        upsert(connection, _TABLE, msgspec.structs.asdict(there))
    return there


def _finish(connection: sa.Connection, answer: KeptAnswer) -> None:
    fields = {"status": answer.status, "media_type": answer.media_type, "body": answer.body}
    connection.execute(sa.update(_TABLE).where(*_held(answer)).values(fields))
    connection.execute(sa.delete(_TABLE).where(_TABLE.c.created <= answer.created - KEPT_MS))


def _held(answer: KeptAnswer) -> tuple[sa.ColumnElement[bool], ...]:
    return _TABLE.c.key == answer.key, _TABLE.c.holder == answer.holder
