"""Signs of life, in the database of the read store."""

import asyncio

import msgspec
import sqlalchemy as sa

from fadearena.adapters.sql import tables
from fadearena.adapters.sql.lane import Lane
from fadearena.adapters.sql.statements import text_of, upsert
from fadearena.model.error import StorageUnavailable
from fadearena.ports.heartbeat import Beat

PATIENCE_S = 1.0
_BEAT = msgspec.json.Decoder(Beat)


class SqlHeartbeats:
    """The last beat of each process."""

    def __init__(self, writing: Lane, reading: Lane) -> None:
        self._writing = writing
        self._reading = reading

    async def beat(self, beat: Beat) -> None:
        """
        Replace the beat of this process.

        Raises:
            StorageUnavailable: It could not be written within a second; the next one may.
        """
        row = {"process": beat.process, "time": beat.time, "payload": text_of(beat)}
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._writing.run(lambda connection: upsert(connection, tables.heartbeat, row))
        except TimeoutError:
            raise StorageUnavailable(
                f"no beat was written for {PATIENCE_S:g} s: look at who holds the database"
            ) from None

    async def beats(self) -> tuple[Beat, ...]:
        """Return the last beat of each process, by name."""
        found = await self._reading.run(lambda connection: connection.execute(sa.select(tables.heartbeat)).all())
        return tuple(_BEAT.decode(row.payload) for row in sorted(found, key=lambda row: row.process))
