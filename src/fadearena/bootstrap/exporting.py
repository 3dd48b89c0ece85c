"""Exports from the database of an installation, without a server."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

import msgspec

from fadearena.adapters.sql.read_store import ReadDatabase, open_read_store
from fadearena.api.exports import FileForm, Scope, Sources, Table, written
from fadearena.bootstrap.places import Places
from fadearena.model.error import InvalidInput
from fadearena.model.ids import BotId
from fadearena.ports.archive import Cut, DecisionQuery, TradeQuery


class Written(msgspec.Struct, frozen=True):
    """How many bytes an export came to."""

    bytes: int


async def export_to(
    places: Places, form: FileForm, table: Table, scope: Scope, write: Callable[[bytes], object]
) -> Written:
    """
    Write an export part by part; return how much it was.

    Raises:
        InvalidInput: The form needs something that is not installed, or a value does not fit it; or nobody ever heard
            of the bot.
        StorageError: The read store cannot be used; what was written is no whole file.
    """
    count = 0
    async with open_read_store(places.read) as store:
        if scope.bot is not None and not await _is_known(store, scope.bot):
            raise InvalidInput(f"there is no bot {scope.bot}, and never was: `fadearena bots list` names them all")
        stream = written(form, table, Sources(store.records, store.archive), scope)
        async with aclosing(stream):
            async for data in stream:
                write(data)
                count += len(data)
    return Written(count)


def export_to_file(places: Places, form: FileForm, table: Table, scope: Scope, file: Path) -> Written:
    """
    Write an export to a new file, which is there only once it is whole; return how much it was.

    Raises:
        InvalidInput: The file is there already, or cannot be written; or as above.
        StorageError: As above; there is no file then.
    """
    if file.exists():
        raise InvalidInput(f"{file} is there already: give another file, or remove it")
    partial = file.with_name(f"{file.name}.partial")
    try:
        with partial.open("wb") as opened:
            found = asyncio.run(export_to(places, form, table, scope, opened.write))
        partial.replace(file)
    except OSError as error:
        raise InvalidInput(f"{file} cannot be written ({error.strerror}): give another file") from error
    finally:
        partial.unlink(missing_ok=True)
    return found


async def _is_known(store: ReadDatabase, bot: BotId) -> bool:
    """Tell whether a bot is in the settings, or was when something of it was recorded."""
    if any(view.id == bot for view in await store.records.bots()):
        return True
    if (await store.archive.trades(TradeQuery(limit=1, bot=bot))).trades:
        return True
    return bool(await store.archive.decisions(DecisionQuery(cut=Cut(limit=1), bot=bot)))
