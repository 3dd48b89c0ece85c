"""Every adapter stands behind its door: the type checker compares them, and this test names them."""

from fadearena.adapters.memory.alerts import MemoryAlerts
from fadearena.adapters.memory.control import MemoryControl
from fadearena.adapters.memory.journal import HashedJournal, MemoryJournal
from fadearena.adapters.memory.read_store import MemoryReadStore
from fadearena.adapters.sim.faults import FaultyVenue
from fadearena.adapters.sim.history import HistoryFeed
from fadearena.kit.clock import Clock, ManualClock, SystemClock
from fadearena.ports.alerts import AlertSink
from fadearena.ports.control import Control
from fadearena.ports.journal import Journal
from fadearena.ports.read_store import ReadStore
from fadearena.ports.venue import Venue
from fadearena.ports.wallet_feed import WalletFeed
from tests.support.paper import fresh_exchange


def test_adapters_fit_their_doors() -> None:
    """Each adapter can be put where its port is asked for."""
    clock = ManualClock()
    exchange = fresh_exchange(clock)
    clocks: list[Clock] = [clock, SystemClock()]
    venues: list[Venue] = [exchange, FaultyVenue(exchange, clock, ())]
    feeds: list[WalletFeed] = [HistoryFeed([], clock)]
    journals: list[Journal] = [HashedJournal(), MemoryJournal()]
    stores: list[ReadStore] = [MemoryReadStore()]
    controls: list[Control] = [MemoryControl()]
    sinks: list[AlertSink] = [MemoryAlerts()]
    assert all((clocks, venues, feeds, journals, stores, controls, sinks))
