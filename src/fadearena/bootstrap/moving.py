"""
An installation into another database: `db copy`.

Both modes move, as far as there are any. Nothing may run meanwhile: the leases are held, and nobody may beat. What a
worker would recover from the copy is compared with what it would from the source, before anybody may work on it.
"""

import asyncio
from contextlib import ExitStack
from hashlib import blake2b
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec
from pydantic import SecretStr

from fadearena.adapters.sql import copying
from fadearena.adapters.sql.copying import TableCopy
from fadearena.adapters.sql.journal.store import no_worker, open_journal_reader
from fadearena.adapters.sql.migrations import current
from fadearena.adapters.sql.read_store import open_read_store
from fadearena.bootstrap.places import TREES, Places, places_of
from fadearena.config import Config, postgres_url
from fadearena.core.state import State
from fadearena.kit.clock import SystemClock
from fadearena.model.error import InvalidInput, LeaseLost, StorageUnavailable
from fadearena.model.policy import Mode
from fadearena.runtime.engine import Engine
from fadearena.runtime.recovery import recover

_SLICE = 500
_FILES = ("sqlite", "file")


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker would recover from a journal: up to where, and a checksum over all parts of the state."""

    journal_seq: int
    record_seq: int
    checksum: str


class Copied(msgspec.Struct, frozen=True, kw_only=True):
    """A mode that was copied."""

    mode: Mode
    tables: tuple[TableCopy, ...]
    standing: Standing

    @property
    def rows(self) -> int:
        """How many rows that were."""
        return sum(table.rows for table in self.tables)


async def copy_installation(config: Config, source: str, target: str) -> tuple[Copied, ...]:
    """
    Copy every mode that there is, compare, and let the copy be used.

    Args:
        config: Of the installation; a PostgreSQL database belongs to its data directory.
        source: A data directory, as a path or a URL (`file:`, `sqlite:`), or the URL of a PostgreSQL database.
        target: The same; nothing may be there yet, or only a copy that was not finished.

    Raises:
        InvalidInput: There is nothing to copy, the target is not empty, or a process is running.
        LeaseLost: A worker is running.
        StorageError: One of the databases fails, or is of another version; a copy that was begun cannot be used, and
            can be begun again.
    """
    before, after = configured_at(config, source), configured_at(config, target)
    pairs = [(places_of(before, mode), places_of(after, mode)) for mode in Mode]
    if any(one.journal == other.journal for one, other in pairs):
        raise InvalidInput("both are the same place: give another one to copy to")
    pairs = [pair for pair in pairs if current(pair[0].journal, "journal") is not None]
    if not pairs:
        raise InvalidInput(f"there is nothing to copy at {places_of(before).journal}")
    _make_ready(places_of(before), after)
    with ExitStack() as held:
        for from_, to in pairs:
            await _refuse_the_living(from_)
            if not held.enter_context(no_worker(from_.journal)):
                raise LeaseLost(f"a worker runs on {from_.journal}: end it first, then copy")
            to.home.mkdir(mode=0o700, exist_ok=True)
        for from_, to in pairs:
            await asyncio.to_thread(copying.prepare, _home(from_), _home(to))
        return tuple([await _copy(from_, to) for from_, to in pairs])


def configured_at(config: Config, place: str) -> Config:
    """
    Return the configuration of an installation whose databases are at this place.

    Raises:
        InvalidInput: It is neither a directory nor a URL that we know.
    """
    url = postgres_url(place)
    if url is not None:
        return config.model_copy(update={"database_url": SecretStr(url)})
    parts = urlsplit(place)
    if parts.scheme and parts.scheme not in _FILES:
        raise InvalidInput(f"{parts.scheme}: is no place that we know: give a directory or postgresql://...")
    path = Path(unquote(parts.path) if parts.scheme else place).expanduser().absolute()
    return config.model_copy(update={"data_dir": path, "database_url": None})


def _make_ready(active: Places, after: Config) -> None:
    """Let the data directory of the copy be of the same mode and network, where it is another one."""
    there = places_of(after, active.mode)
    msgspec.structs.replace(there, network=active.network).prepare()


async def _refuse_the_living(places: Places) -> None:
    """Refuse to copy what somebody may change meanwhile."""
    async with open_read_store(places.read) as read:
        now = SystemClock().now_ms()
        for beat in await read.heartbeats.beats():
            if beat.is_alive(now):
                raise InvalidInput(f"{beat.process} is running (process {beat.pid}): end it first, then copy")


async def _copy(source: Places, target: Places) -> Copied:
    tables = await asyncio.to_thread(copying.copy, _home(source), _home(target))
    await asyncio.to_thread(copying.finish, {"journal": target.journal})
    standing, copied = await standing_of(source), await standing_of(target)
    if standing != copied:
        raise StorageUnavailable(
            f"a worker would recover another state from the copy (up to entry {copied.journal_seq}) than from "
            f"{source.journal} (up to {standing.journal_seq}): do not use it, and report this"
        )
    await asyncio.to_thread(copying.finish, {"read": target.read})
    return Copied(mode=source.mode, tables=tables, standing=standing)


async def standing_of(places: Places) -> Standing:
    """
    Return what a worker would recover.

    Raises:
        JournalCorrupt: It would not get so far.
    """
    engine = Engine()
    async with open_journal_reader(places.journal) as store:
        recovered = await recover(store.journal, store.snapshots, engine)
    return Standing(
        journal_seq=recovered.seq, record_seq=recovered.record_seq, checksum=_checksum(engine, recovered.state)
    )


def _checksum(engine: Engine, state: State) -> str:
    found: dict[str, bytes | None] = {}
    cut = engine.parts(state, None).begin(full=True)
    while slice_ := cut.take(_SLICE):
        found.update(slice_)
    sum_ = blake2b(digest_size=16)
    for key in sorted(found):
        sum_.update(msgspec.msgpack.encode((key, found[key])))
    return sum_.hexdigest()


def _home(places: Places) -> copying.Home:
    return {tree: places.location(tree) for tree in TREES}
