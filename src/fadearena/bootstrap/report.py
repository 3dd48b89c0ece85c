"""
What a demo came to: its journal is stepped again, and the paper account is made anew from it.

1. Everything is read once, to be counted. Stepped are the newest segments, as few as hold so many events: what that
   takes does not grow with the length of a run.
2. The invariants are computed from nothing, over all orders that are remembered: the more there are, the fewer of the
   events are followed by a check, so that an event costs no more late in a run than early.
"""

from collections.abc import Callable, Mapping, Sequence

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
from fadearena.ports.snapshots import Segment
from fadearena.runtime.audit import audit
from fadearena.runtime.engine import Engine
from fadearena.runtime.projector import Projector
from fadearena.runtime.server_metrics import ServerMetrics
from fadearena.runtime.tally import Tally

STEPPED = 10_000
"""So many of the newest events at least are stepped again, where there are so many."""
_ORDERS_AN_EVENT = 1_000
"""So many orders may be gone through for an event."""
_SEE_EVERY = 1_000

Progress = Callable[[int, int], None]
"""Is told how much of how much is done."""


def _unseen(_done: int, _total: int) -> None:
    """Tell nobody."""


class Reckoning(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a run came to. `tally` counts this run alone, everything else is how things stand at its end.

    `stepped` of the `entries` in the journal were stepped again, the newest ones; after `checked` of them the
    invariants were checked. `differences` says where stepping brought something else; `bots_equity` is that of all
    enabled bots, None while one of them was never read.
    `tracked` is what we believe that the wallets of enabled bots hold.
    """

    tally: Tally
    equity: Usd
    bots_equity: Usd | None
    tracking_error: Ratio
    drift: dict[Coin, Quantity]
    tracked: Holdings
    entries: int
    stepped: int
    checked: int
    differences: tuple[str, ...]
    journal_hash: str


class Pace:
    """Says after which events the invariants are checked: the more orders are remembered, the fewer."""

    def __init__(self) -> None:
        self._allowed = 0

    def is_due(self, orders: int) -> bool:
        """Tell whether the state after this event is checked, with so many orders in it."""
        self._allowed += _ORDERS_AN_EVENT
        if self._allowed < orders:
            return False
        self._allowed = 0
        return True


class _Reader:
    """
    Looks at every entry of a journal, as it is read or stepped again.

    What an earlier run left is compared only. Of a made-up past the invariants are checked after events that brought
    more than a point of equity.
    """

    def __init__(self, demo: Demo, entries: int, see: Progress) -> None:
        self.checked = 0
        self.tally = Tally()
        self.fingerprint = HashedJournal()
        self.bots: dict[str, Usd | None] = {}
        self._demo = demo
        self._entries = entries
        self._see = see
        self._pace = Pace()
        self._is_behind = False

    def count(self, entry: JournalEntry) -> None:
        """Count an entry."""
        if entry.seq % _SEE_EVERY == 0:
            self._see(entry.seq, self._entries)
        self.fingerprint.add(entry)
        for record in entry.records:
            if isinstance(record, EquityPoint) and record.series.startswith("bot:"):
                self.bots[record.series] = record.usd
        if entry.seq > self._demo.begins:
            self.tally.add(entry.commands, entry.records)

    def look(self, entry: JournalEntry, state: State | None) -> None:
        """
        Count an entry, and check the state after it, if it is its turn.

        Raises:
            InvariantBroken: The books do not add up.
        """
        self.count(entry)
        self._is_behind = state is not None
        if state is None or entry.seq <= self._demo.before:
            return
        is_past = entry.seq <= self._demo.begins
        is_dull = is_past and all(isinstance(record, EquityPoint) for record in entry.records)
        if not is_dull and self._pace.is_due(len(state.orders)):
            self._check(state, f"event {entry.seq} ({type(entry.event).__name__})")

    def end(self, state: State) -> None:
        """
        Check the state after the last entry, if it was not its turn.

        Raises:
            InvariantBroken: The books do not add up.
        """
        if self._is_behind:
            self._check(state, "the last event")

    def _check(self, state: State, what: str) -> None:
        self._is_behind = False
        self.checked += 1
        broken = violations(state)
        if broken:
            raise InvariantBroken(f"after {what}: {broken[0]}")


async def reckon(demo: Demo, see: Progress = _unseen, *, stepped: int = STEPPED) -> Reckoning:
    """
    Read a demo's journal, step at least so many of its newest events again, and sum up.

    Raises:
        InvariantBroken: The books did not add up after an event.
        StorageError: The databases cannot be used.
    """
    places = demo.places
    async with open_journal_reader(places.journal) as store, open_read_store(places.read) as read:
        await Projector(store.journal, read.records, SystemClock(), ServerMetrics()).catch_up()
        entries = (await read.records.position()).journal_seq
        reader = _Reader(demo, entries, see)
        segments = await store.snapshots.segments()
        since = _first_of(segments, entries - stepped)
        if segments:
            async for entry in store.journal.read(segments[0].first_seq, since - 1):
                reader.count(entry)
        found = await audit(store.journal, store.snapshots, Engine(), reader.look, since=since)
        state = found.state or State()
        reader.end(state)
        venue = await _venue(store.journal, state, demo.config.paper_equity_usd)
    return Reckoning(
        tally=reader.tally,
        equity=equity_of(venue, ACCOUNT),
        bots_equity=_sum_of(state, reader.bots),
        tracking_error=tracking_error_of(venue, state, ACCOUNT),
        drift=drift_of(venue, state, ACCOUNT),
        tracked=_tracked(state),
        entries=entries,
        stepped=found.stepped,
        checked=reader.checked,
        differences=tuple(found.differences),
        journal_hash=reader.fingerprint.journal_hash,
    )


def _first_of(segments: Sequence[Segment], seq: int) -> int:
    """Return where the newest segment begins that has everything after an entry; 1 where there is none."""
    begins = [segment.first_seq for segment in segments]
    return max((first for first in begins if first <= seq + 1), default=begins[0] if begins else 1)


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
