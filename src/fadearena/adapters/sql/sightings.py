"""
What a worker sees at present, in the database of the read store.

Thousands of wallets may have changed at once: they are written some hundred at a time, so that nobody else who writes
waits for all of them.
"""

from collections.abc import Collection, Iterator, Sequence
from functools import partial
from typing import Any, Final, TypeVar

import msgspec
import sqlalchemy as sa

from fadearena.adapters.sql import tables
from fadearena.adapters.sql.lane import Lane
from fadearena.adapters.sql.statements import Row, run, text_of, upsert
from fadearena.adapters.sql.tables import SINGLE
from fadearena.model.ids import Address, Coin
from fadearena.model.wallet import Feed, SourcePosition
from fadearena.ports.sightings import Sight, Sighting

T = TypeVar("T")
BATCH: Final = 500
_TABLE = tables.sighting
_SIGHT = msgspec.json.Decoder(Sight)
_POSITIONS = msgspec.json.Decoder(tuple[SourcePosition, ...])
_LEVERAGES = msgspec.json.Decoder(dict[Coin, int])
_GONE = sa.delete(_TABLE).where(_TABLE.c.wallet == sa.bindparam("gone"))


class SqlSightings:
    """The sight of the last worker, and a row for each wallet in it."""

    def __init__(self, writing: Lane, reading: Lane) -> None:
        self._writing = writing
        self._reading = reading

    async def show(self, sight: Sight, changed: Collection[Sighting]) -> None:
        """
        Replace the whole, and the wallets that changed.

        Raises:
            StorageUnavailable: Not all of it could be written; all of it may be shown once more.
        """
        for some in _batches(tuple(changed)):
            await self._writing.run(partial(_take, changed=some))
        row: Row = {"id": SINGLE, "time": sight.time, "payload": text_of(sight)}
        await self._writing.run(lambda connection: upsert(connection, tables.sight, row))

    async def forget(self, kept: Collection[Address]) -> None:
        """
        Drop all wallets but these.

        Raises:
            StorageUnavailable: They could not be dropped; the next time they may.
        """
        known = await self._reading.run(lambda connection: connection.scalars(sa.select(_TABLE.c.wallet)).all())
        for some in _batches(sorted(set(known) - set(kept))):
            await self._writing.run(partial(run, statement=_GONE, rows=[{"gone": wallet} for wallet in some]))

    async def sight(self) -> Sight | None:
        """Return the whole as it was shown last; None before the first time."""
        asked = sa.select(tables.sight.c.payload)
        payload = await self._reading.together(lambda connection: connection.scalars(asked).one_or_none())
        return None if payload is None else _SIGHT.decode(payload)

    async def wallets(self, wallets: Collection[Address] | None = None) -> tuple[Sighting, ...]:
        """Return what was shown of these wallets, or of all, by address; one that was never shown is absent."""
        if wallets is None:
            return await self._reading.run(partial(_found, those=sa.true()))
        found: list[Sighting] = []
        for some in _batches(sorted(set(wallets))):
            found += await self._reading.together(partial(_found, those=_TABLE.c.wallet.in_(some)))
        return tuple(found)


def _batches(whole: Sequence[T]) -> Iterator[Sequence[T]]:
    return (whole[start : start + BATCH] for start in range(0, len(whole), BATCH))


def _take(connection: sa.Connection, changed: Sequence[Sighting]) -> None:
    upsert(connection, _TABLE, *map(_row, changed))


def _row(one: Sighting) -> Row:
    row: Row = msgspec.structs.asdict(one)
    texts = {name: text_of(row[name]) for name in ("positions", "leverages")}
    return row | texts | {"feed": None if one.feed is None else one.feed.value}


def _found(connection: sa.Connection, those: sa.ColumnElement[bool]) -> tuple[Sighting, ...]:
    asked = sa.select(_TABLE).where(those).order_by(_TABLE.c.wallet)
    return tuple(_sighting(row._asdict()) for row in connection.execute(asked))


def _sighting(row: dict[str, Any]) -> Sighting:
    feed, leverages = row["feed"], row["leverages"]
    row["feed"] = None if feed is None else Feed(feed)
    row["positions"] = _POSITIONS.decode(row["positions"])
    row["leverages"] = {} if leverages is None else _LEVERAGES.decode(leverages)  # None: shown by an older worker
    return Sighting(**row)
