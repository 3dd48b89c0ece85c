"""Every adapter stands behind its door: the type checker compares them, and this test names them."""

import asyncio
from decimal import Decimal
from pathlib import Path

from fadearena.adapters.alerts.console import ConsoleSink
from fadearena.adapters.keys.environment import EnvironmentKeys
from fadearena.adapters.keys.file import FileKeys
from fadearena.adapters.keys.ring import RingKeys
from fadearena.adapters.memory.access import MemoryAccess
from fadearena.adapters.memory.alerts import MemoryAlerts
from fadearena.adapters.memory.control import MemoryControl
from fadearena.adapters.memory.heartbeat import MemoryHeartbeats
from fadearena.adapters.memory.journal import HashedJournal, MemoryJournal
from fadearena.adapters.memory.keys import MemoryKeys
from fadearena.adapters.memory.lease import MemoryLease
from fadearena.adapters.memory.outbox import MemoryOutbox
from fadearena.adapters.memory.read_store import MemoryReadStore
from fadearena.adapters.memory.sightings import MemorySightings
from fadearena.adapters.memory.snapshots import MemorySnapshots
from fadearena.adapters.memory.storage import JournalMemory
from fadearena.adapters.sim.faults import FaultyVenue
from fadearena.adapters.sim.history import HistoryFeed
from fadearena.adapters.sim.live import LiveArena, LiveStreet
from fadearena.adapters.sim.venue import PaperVenue
from fadearena.adapters.sql.database import SqliteFile
from fadearena.adapters.sql.journal.store import open_journal, open_journal_reader
from fadearena.adapters.sql.read_store import open_read_store
from fadearena.bootstrap.keys import address_of
from fadearena.kit.clock import Clock, ManualClock, ScaledClock, SystemClock
from fadearena.ports.access import AccessStore
from fadearena.ports.alerts import AlertSink
from fadearena.ports.control import Control
from fadearena.ports.heartbeat import Heartbeats
from fadearena.ports.journal import Journal, JournalReader, JournalWriter
from fadearena.ports.keys import Keys
from fadearena.ports.lease import Lease
from fadearena.ports.market_feed import MarketFeed
from fadearena.ports.outbox import Outbox
from fadearena.ports.read_store import ReadStore
from fadearena.ports.sightings import Sightings
from fadearena.ports.snapshots import Snapshots
from fadearena.ports.venue import Executor, Venue
from fadearena.ports.wallet_feed import WalletFeed
from tests.support.paper import fresh_exchange
from tests.support.tables import lay


def test_venues_and_feeds_fit_their_doors() -> None:
    """Each stand-in for the outside can be put where its port is asked for."""
    clock = ManualClock()
    clocks: list[Clock] = [clock, SystemClock(), ScaledClock(0, Decimal(2))]
    exchange, arena = fresh_exchange(clock), LiveArena(clock, seed=1, wallets={})
    executors: list[Executor] = [exchange, FaultyVenue(exchange, clock, ())]
    venues: list[Venue] = [PaperVenue(LiveStreet(arena), ())]
    wallets: list[WalletFeed] = [HistoryFeed([], clock), arena.wallets]
    markets: list[MarketFeed] = [arena.markets]
    assert all((clocks, executors, venues, wallets, markets))


def test_places_of_keys_fit_their_door(tmp_path: Path) -> None:
    """Wherever keys are kept, who signs finds them the same way."""
    kept: list[Keys] = [
        FileKeys(tmp_path / "keys", address_of),
        RingKeys(address_of),
        EnvironmentKeys("FADEARENA_NOTHING", address_of),
        MemoryKeys(address_of),
    ]
    assert all(kept)


def test_storage_in_memory_fits_its_doors() -> None:
    """Each shipped fake can be put where its port is asked for."""
    memory = JournalMemory()
    lease = MemoryLease(memory)
    leases: list[Lease] = [lease]
    writers: list[JournalWriter] = [HashedJournal()]
    journals: list[Journal] = [MemoryJournal(memory, lease)]
    snapshots: list[Snapshots] = [MemorySnapshots(memory, lease)]
    controls, beats = list[Control]([MemoryControl()]), list[Heartbeats]([MemoryHeartbeats()])
    stores: list[ReadStore] = [MemoryReadStore(MemoryControl())]
    sinks: list[AlertSink] = [MemoryAlerts(), ConsoleSink()]
    outboxes: list[Outbox] = [MemoryOutbox()]
    sightings: list[Sightings] = [MemorySightings()]
    access: list[AccessStore] = [MemoryAccess()]
    assert all((leases, writers, journals, snapshots, controls, beats, stores, sinks, outboxes, sightings, access))


def test_storage_in_a_database_fits_its_doors(tmp_path: Path) -> None:
    """Each can be put where its port is asked for."""
    lay(SqliteFile(tmp_path / "journal.db"), "journal")
    lay(SqliteFile(tmp_path / "read.db"), "read")

    async def opened() -> None:
        journal_at = SqliteFile(tmp_path / "journal.db")
        async with open_journal(journal_at) as journal, open_journal_reader(journal_at) as reader:
            journals: list[Journal] = [journal.journal]
            readers: list[JournalReader] = [reader.journal]
            snapshots: list[Snapshots] = [journal.snapshots]
            leases: list[Lease] = [journal.lease]
            assert all((journals, readers, snapshots, leases))
        async with open_read_store(SqliteFile(tmp_path / "read.db")) as store:
            records: list[ReadStore] = [store.records]
            controls: list[Control] = [store.control]
            beats: list[Heartbeats] = [store.heartbeats]
            sightings: list[Sightings] = [store.sightings]
            access: list[AccessStore] = [store.access]
            assert all((records, controls, beats, sightings, access))

    asyncio.run(opened())
