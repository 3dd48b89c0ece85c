"""Signs of life, in the database of the read store."""

import asyncio
from functools import partial
from typing import Any

import msgspec
import sqlalchemy as sa

from fadearena.adapters.sql import tables
from fadearena.adapters.sql.lane import Lane
from fadearena.adapters.sql.statements import text_of, upsert
from fadearena.model.error import StorageUnavailable
from fadearena.ports.heartbeat import KEPT_MS, Beat

PATIENCE_S = 1.0
_BEAT = msgspec.json.Decoder(Beat)


class SqlHeartbeats:
    """The last beat of each process."""

    def __init__(self, writing: Lane, reading: Lane) -> None:
        self._writing = writing
        self._reading = reading

    async def beat(self, beat: Beat) -> None:
        """
        Replace the beat of this process; those of processes that were not heard of for a day are dropped.

        Raises:
            StorageUnavailable: It could not be written within a second; the next one may.
        """
        row = {"process": beat.process, "time": beat.time, "payload": text_of(beat)}
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._writing.run(partial(_replace, row))
        except TimeoutError:
            raise StorageUnavailable(
                f"no beat was written for {PATIENCE_S:g} s: look at who holds the database"
            ) from None

    async def beats(self) -> tuple[Beat, ...]:
        """Return the last beat of each process, by name."""
        found = await self._reading.together(lambda connection: connection.execute(sa.select(tables.heartbeat)).all())
        return tuple(_BEAT.decode(row.payload) for row in sorted(found, key=lambda row: row.process))


def _replace(row: dict[str, Any], connection: sa.Connection) -> None:
    old = tables.heartbeat.c.time < row["time"] - KEPT_MS
    connection.execute(sa.delete(tables.heartbeat).where(old))
    upsert(connection, tables.heartbeat, row)
