"""Records and tables of how things stand, in a database."""

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from fadearena.adapters.sql import tables
from fadearena.adapters.sql.lane import Lane
from fadearena.adapters.sql.read_store import views
from fadearena.adapters.sql.read_store.projection import Place, Rows
from fadearena.adapters.sql.read_store.writer import write
from fadearena.adapters.sql.statements import single, upsert
from fadearena.adapters.sql.tables import SINGLE
from fadearena.adapters.sql.telling import tell
from fadearena.model.record import FollowUpdate, SleeveUpdate
from fadearena.ports.journal import JournalEntry
from fadearena.ports.pairs import OrderPair, PairQuery
from fadearena.ports.read_store import (
    AccountView,
    BotView,
    EquityQuery,
    EquityRow,
    LetterView,
    LogPage,
    LogQuery,
    OrderView,
    Position,
    SettingsView,
    SystemView,
    check_limit,
)
from fadearena.ports.wakeups import Topic


class SqlReadStore:
    """The read store behind its port: writes in one lane, questions in another."""

    def __init__(self, writing: Lane, reading: Lane) -> None:
        self._writing = writing
        self._reading = reading

    async def position(self) -> Position:
        """Return how far everything is in."""
        return await self._reading.run(views.position)

    async def project(self, entries: Sequence[JournalEntry]) -> Position:
        """
        Take entries in, in one transaction with the position, and return it; those already in change nothing.

        Raises:
            InvalidInput: An entry is missing; nothing was taken in then.
        """
        return await self._writing.run(lambda connection: _project(connection, entries))

    async def clear(self, at: Position = Position()) -> None:  # noqa: B008  # frozen
        """Forget everything that follows from the journal; the next entry is the one after `at`."""
        await self._writing.run(lambda connection: _clear(connection, at))

    async def log(self, query: LogQuery) -> LogPage:
        """Return a part of the log."""
        return await self._reading.run(lambda connection: views.log(connection, query))

    async def settings(self) -> SettingsView | None:
        """Return the settings in force; None before any were set."""
        return await self._reading.together(views.settings)

    async def system(self) -> SystemView:
        """Return how things stand."""
        return await self._reading.together(views.system)

    async def bots(self) -> tuple[BotView, ...]:
        """Return the bots of the settings, in their order."""
        return await self._reading.together(views.bots)

    async def accounts(self) -> tuple[AccountView, ...]:
        """Return the accounts of the settings, in their order."""
        return await self._reading.together(views.accounts)

    async def sleeves(self) -> tuple[SleeveUpdate, ...]:
        """Return all sleeves that hold or want something, by bot and coin."""
        return await self._reading.together(views.sleeves)

    async def sources(self) -> tuple[FollowUpdate, ...]:
        """Return what is known of the bots' own positions where it is not zero, by bot and coin."""
        return await self._reading.together(views.sources)

    async def orders(self, limit: int = 50) -> tuple[OrderView, ...]:
        """
        Return orders, the newest first, at most `limit`.

        Raises:
            InvalidInput: `limit` is not 1 to 1,000.
        """
        check_limit(limit)
        return await self._reading.run(lambda connection: views.orders(connection, limit))

    async def pairs(self, query: PairQuery) -> tuple[OrderPair, ...]:
        """Return orders that ended, the newest first, each with what simulation would have made of it."""
        return await self._reading.run(lambda connection: views.pairs(connection, query))

    async def letters(self) -> tuple[LetterView, ...]:
        """Return the dead letters that are open, the oldest first."""
        return await self._reading.run(views.letters)

    async def equity(self, query: EquityQuery) -> tuple[EquityRow, ...]:
        """Return a part of a curve, oldest first."""
        return await self._reading.run(lambda connection: views.equity(connection, query))


def _project(connection: sa.Connection, entries: Sequence[JournalEntry]) -> Position:
    found = single(connection, tables.projection, journal_seq=0, record_seq=0)
    position = Position(journal_seq=found["journal_seq"], record_seq=found["record_seq"])
    rows = Rows()
    for entry in entries:
        if entry.seq <= position.journal_seq:
            continue
        position, first = position.after(entry), entry.record_seq - len(entry.records) + 1
        rows.take_event(entry)
        for number, record in enumerate(entry.records, first):
            rows.take(Place(number, entry.seq, entry.received, entry.event.time), record)
            if rows.settings is not None:
                write(connection, rows)
                rows = Rows()
    if position.journal_seq == found["journal_seq"]:
        return position
    write(connection, rows)
    _go_on_after(connection, position)
    tell(connection, Topic.RECORDS)
    return position


def _clear(connection: sa.Connection, at: Position) -> None:
    single(connection, tables.projection, journal_seq=0, record_seq=0)
    if connection.dialect.name == "postgresql":  # millions of rows are gone at once, and their space with them
        names = ", ".join(table.name for table in tables.PROJECTED if table is not tables.projection)
        connection.exec_driver_sql(f"TRUNCATE {names}")
    else:
        for table in reversed(tables.PROJECTED):
            connection.execute(sa.delete(table))
    _go_on_after(connection, at)


def _go_on_after(connection: sa.Connection, position: Position) -> None:
    upsert(connection, tables.projection, {"id": SINGLE} | msgspec.structs.asdict(position))
