"""What a demo came to: its journal is stepped again, and the paper account is made anew from it."""

from collections.abc import Mapping

import msgspec

from fadearena.adapters.memory.journal import HashedJournal
from fadearena.adapters.sim.exchange import SimExchange
from fadearena.adapters.sql.journal.store import open_journal_reader
from fadearena.adapters.sql.read_store import open_read_store
from fadearena.bootstrap.demo import Demo, Holdings
from fadearena.bootstrap.reckoning import drift_of, equity_of, tracking_error_of
from fadearena.bootstrap.seed import ACCOUNT, paper_accounts
from fadearena.core.invariants import violations
from fadearena.core.state import State
from fadearena.kit.clock import ManualClock, SystemClock
from fadearena.kit.decimals import normalise
from fadearena.model.error import InvariantBroken
from fadearena.model.ids import Address, Coin
from fadearena.model.record import EquityPoint
from fadearena.model.units import ZERO, Quantity, Ratio, Size, Usd
from fadearena.ports.journal import KEPT_KINDS, JournalEntry, JournalReader
from fadearena.runtime.audit import audit
from fadearena.runtime.engine import Engine
from fadearena.runtime.projector import Projector
from fadearena.runtime.server_metrics import ServerMetrics
from fadearena.runtime.tally import Tally


class Reckoning(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a run came to. `tally` counts this run alone, everything else is how things stand at its end.

    `differences` says where stepping the journal again brought something else; `bots_equity` is that of all enabled
    bots, None while one of them was never read.
    `tracked` is what we believe that the wallets of enabled bots hold.
    """

    tally: Tally
    equity: Usd
    bots_equity: Usd | None
    tracking_error: Ratio
    drift: dict[Coin, Quantity]
    tracked: Holdings
    differences: tuple[str, ...]
    journal_hash: str


class _Reader:
    """
    Looks at every entry of a journal as it is stepped again.

    What an earlier run left is compared only. Of a made-up past the invariants are checked after every event that
    brought more than a point of equity.
    """

    def __init__(self, before: int, begins: int) -> None:
        self.tally = Tally()
        self.fingerprint = HashedJournal()
        self.bots: dict[str, Usd | None] = {}
        self._before = before
        self._begins = begins

    def look(self, entry: JournalEntry, state: State | None) -> None:
        """
        Count an entry, and check the state after it.

        Raises:
            InvariantBroken: The books do not add up.
        """
        self.fingerprint.add(entry)
        for record in entry.records:
            if isinstance(record, EquityPoint) and record.series.startswith("bot:"):
                self.bots[record.series] = record.usd
        if entry.seq <= self._before:
            return
        is_past = entry.seq <= self._begins
        if not is_past:
            self.tally.add(entry.commands, entry.records)
        is_dull = is_past and all(isinstance(record, EquityPoint) for record in entry.records)
        broken = () if state is None or is_dull else violations(state)
        if broken:
            raise InvariantBroken(f"after event {entry.seq} ({type(entry.event).__name__}): {broken[0]}")


async def reckon(demo: Demo) -> Reckoning:
    """
    Step a demo's journal again, and sum up.

    Raises:
        InvariantBroken: The books did not add up after an event.
        StorageError: The databases cannot be used.
    """
    reader = _Reader(demo.before, demo.begins)
    places = demo.places
    async with open_journal_reader(places.journal) as store, open_read_store(places.read) as read:
        await Projector(store.journal, read.records, SystemClock(), ServerMetrics()).catch_up()
        found = await audit(store.journal, store.snapshots, Engine(), reader.look)
        state = found.state or State()
        venue = await _venue(store.journal, state, demo.config.paper_equity_usd)
    return Reckoning(
        tally=reader.tally,
        equity=equity_of(venue, ACCOUNT),
        bots_equity=_sum_of(state, reader.bots),
        tracking_error=tracking_error_of(venue, state, ACCOUNT),
        drift=drift_of(venue, state, ACCOUNT),
        tracked=_tracked(state),
        differences=tuple(found.differences),
        journal_hash=reader.fingerprint.journal_hash,
    )


def _sum_of(state: State, known: Mapping[str, Usd | None]) -> Usd | None:
    """Return the equity of all enabled bots; None where that of one is not known."""
    total = ZERO
    for bot in state.policy.bots:
        usd = known.get(f"bot:{bot.id}")
        if bot.enabled and usd is None:
            return None
        total += usd or ZERO
    return total


def _tracked(state: State) -> Holdings:
    wallets = {bot.id: bot.wallet for bot in state.policy.bots if bot.enabled}
    held: dict[Address, dict[Coin, Size]] = {wallet: {} for wallet in wallets.values()}
    for (bot, coin), follow in state.follows.items():
        if bot in wallets and follow.now is not None and follow.now.position:
            held[wallets[bot]][coin] = normalise(follow.now.position)
    return held


async def _venue(journal: JournalReader, state: State, start_usd: Usd) -> SimExchange:
    """Return the paper venue as the journal has it, at the prices that the core knew last."""
    events = [entry.event async for entry in journal.read(1, kinds=KEPT_KINDS)]
    accounts = paper_accounts(state.policy, start_usd, events)
    venue = SimExchange(ManualClock(state.now), accounts, state.instruments.values())
    venue.restore(events)
    for quote in state.quotes.values():
        venue.on_quote(quote)
    return venue
