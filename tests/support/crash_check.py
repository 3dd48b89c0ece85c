"""
What must hold when a story has ended, however often the worker died on the way.

`Ending.problems` are sentences; none is wanted. The rest of an ending is compared with that of a run without a death.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import msgspec

from fadearena.adapters.sql.journal.store import open_journal_reader
from fadearena.adapters.sql.read_store import open_read_store
from fadearena.core.engine import step
from fadearena.core.engine.replay import adopt
from fadearena.core.invariants import violations
from fadearena.core.state import State, encode
from fadearena.kit.clock import Clock
from fadearena.kit.decimals import exact_arithmetic, normalise
from fadearena.model.command import BurnNonce, PlaceOrder
from fadearena.model.event import Operator, OwnFills
from fadearena.model.record import BotTrade, ControlAnswer, Decision, Drift, FillKind, MyFill
from fadearena.model.units import ZERO, Size
from fadearena.ports.control import ControlState
from fadearena.ports.journal import JournalEntry
from fadearena.ports.venue import SignedCommand
from fadearena.runtime.engine import Engine
from fadearena.runtime.projector import rebuild
from fadearena.runtime.recovery import recover
from tests.support.crash_life import Place
from tests.support.read_tables import dump
from tests.support.truth import START_USD, Tale, price_of
from tests.support.truth_venue import Ledger, TruthVenue

_TEXT = msgspec.json.Encoder(order="sorted", decimal_format="string").encode
_SENT = frozenset({FillKind.ORDER, FillKind.FLATTEN})
_OURS = _SENT | {FillKind.CROSS, FillKind.DUST, FillKind.CORRECTION}


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """How a story ended: what money hangs on, which fills of the bots were counted, what is wrong."""

    money: dict[str, str]
    trades: tuple[str, ...]
    orders: int
    entries: int
    problems: tuple[str, ...]


async def look(place: Place, tale: Tale, clock: Clock) -> Ending:
    """Look at everything that a story left."""
    venue = TruthVenue(clock, place.exchange, [account.id for account in tale.policy.accounts])
    venue.close()
    async with open_journal_reader(place.journal, inline=True) as store:
        entries = [entry async for entry in store.journal.read()]
        recovered = await recover(store.journal, store.snapshots, Engine())
        left_out = frozenset(mark.seq for mark in await store.journal.skipped())
        read_store = await _read_store_problems(place, entries)
    state = State()
    problems = [*stepped_problems(state, entries, left_out), *violations(state), *recovered.differences, *read_store]
    if encode(state) != encode(recovered.state):
        problems.append("a recovered state is not the one that follows from the whole journal")
    with exact_arithmetic():
        problems += numbering_problems(entries)
        problems += _order_problems(entries, venue.ledger)
        problems += _booking_problems(entries, venue.ledger)
        problems += _overshoot_problems(entries, venue.ledger)
        problems += _account_problems(state, venue, tale)
        problems += _target_problems(state, tale)
        money = _money(state)
    return Ending(
        money=money,
        trades=_trades(entries, tale),
        orders=len(venue.ledger.placed()),
        entries=len(entries),
        problems=tuple(problems),
    )


def _money(state: State) -> dict[str, str]:
    """Return everything that money hangs on, apart from prices."""
    latches = sorted((scope, sorted(held)) for scope, held in state.latches.by_scope.items())
    told = {"latches": repr(latches), "settings": repr(msgspec.json.encode(state.policy))}
    for (bot, coin), follow in sorted(state.follows.items()):
        sleeve, now = state.sleeves[bot, coin], follow.now
        anchor = sleeve.anchor
        held = state.books[sleeve.account, coin].book.size_of(bot)
        told[f"{bot} {coin}"] = " ".join(
            f"{name}={value}"
            for name, value in (
                ("position", now and normalise(now.position)),
                ("baseline", now and normalise(now.baseline)),
                ("followed", now and normalise(now.followed)),
                ("confidence", follow.confidence),
                ("anchor", anchor and (anchor.sign, str(anchor.ratio), anchor.direction)),
                ("target", normalise(sleeve.target)),
                ("sleeve", normalise(held)),
            )
        )
    for (account, coin), memory in sorted(state.books.items()):
        book = memory.book
        sizes = (normalise(size) for size in (book.position, book.residue.size, book.external.size))
        told[f"{account} {coin}"] = f"position, residue, external: {' '.join(map(str, sizes))}"
    return told


def stepped_problems(state: State, entries: Sequence[JournalEntry], left_out: frozenset[int]) -> list[str]:
    """Step a whole journal again; return which entry, the first one, comes out otherwise, and how many others do."""
    found = []
    for entry in entries:
        if entry.seq in left_out:
            adopt(state, entry.event, entry.commands)
            continue
        turned = step(state, entry.event)
        for now, then in ((turned.commands, entry.commands), (turned.records, entry.records)):
            if _TEXT(now) != _TEXT(then):
                kind = entry.event.__struct_config__.tag
                found.append(f"stepping entry {entry.seq} ({kind}) again brings {now} instead of {list(then)}")
    return [*found[:1], f"{len(found) - 1} other entries come out otherwise, too"] if found else []


def _trades(entries: Sequence[JournalEntry], tale: Tale) -> tuple[str, ...]:
    """Return the bots' fills that were counted; slices of a TWAP are not told to who was away."""
    slices = {(each.bot, each.at, each.coin) for each in tale.trades if each.is_twap}
    trades = [record for entry in entries for record in entry.records if isinstance(record, BotTrade)]
    return tuple(sorted(f"{t.bot} {t.key}" for t in trades if (t.bot, t.time, t.coin) not in slices))


async def _read_store_problems(place: Place, entries: Sequence[JournalEntry]) -> list[str]:
    """Compare the read store with one that is made anew, row by row; and people's commands with their answers."""
    problems = []
    async with (
        open_journal_reader(place.journal, inline=True) as store,
        open_read_store(place.rebuilt, inline=True) as rebuilt,
        open_read_store(place.read, inline=True) as read,
    ):
        await rebuild(store.journal, store.snapshots, rebuilt.records)
        if await read.records.position() != await rebuilt.records.position():
            problems.append("the read store does not reach to the journal's end")
        events = [entry.event for entry in entries if isinstance(entry.event, Operator)]
        for control_id in {event.control_id for event in events if event.control_id}:
            ended = await read.control.get(control_id)
            if ended.state not in {ControlState.ACCEPTED, ControlState.REFUSED} or ended.journal_seq is None:
                problems.append(f"command {control_id} was decided and is {ended.state}")
    shown, anew = dump(place.read), dump(place.rebuilt)
    for table in anew:
        if shown[table] != anew[table]:
            extra = [row for row in shown[table] if row not in anew[table]]
            missing = [row for row in anew[table] if row not in shown[table]]
            problems.append(f"table {table} is not what a rebuild makes of it: {extra[:2]} instead of {missing[:2]}")
    answers = Counter(r.control_id for entry in entries for r in entry.records if isinstance(r, ControlAnswer))
    problems += [f"command {number} was answered {n} times" for number, n in answers.items() if n != 1]
    return problems


def numbering_problems(entries: Sequence[JournalEntry]) -> Iterator[str]:
    """Entries are numbered without a gap, and their times never decrease."""
    record_seq, received = 0, 0
    for number, entry in enumerate(entries, 1):
        record_seq += len(entry.records)
        if (entry.seq, entry.record_seq) != (number, record_seq):
            yield f"entry {number} is numbered {entry.seq}, its last record {entry.record_seq} instead of {record_seq}"
        if entry.received < received:
            yield f"entry {number} was received before the one before it"
        received = entry.received


def _order_problems(entries: Sequence[JournalEntry], ledger: Ledger) -> Iterator[str]:
    """Nothing arrived that was not journaled before, and nothing twice."""
    journaled = {command.identity.cloid: command for command in _commands(entries) if isinstance(command, PlaceOrder)}
    burnt = {command.nonce for command in _commands(entries) if isinstance(command, BurnNonce)}
    for _, order in ledger.placed():
        if journaled.get(order.identity.cloid) != order:
            yield f"order {order.identity.cloid} reached the exchange and is not in the journal"
    arrived = Counter(order.identity.cloid for _, order in ledger.placed())
    accepted = Counter(ledger.accepted())
    for what, counted in (("reached the exchange", arrived), ("traded", accepted)):
        yield from (f"order {cloid} {what} {n} times" for cloid, n in counted.items() if n > 1)
    nonces = Counter(_nonce(each.command) for each in ledger.arrived if not isinstance(each.command, BurnNonce))
    yield from (f"nonce {nonce} was used by {n} actions" for nonce, n in nonces.items() if n > 1)
    burns = {each.command.nonce for each in ledger.arrived if isinstance(each.command, BurnNonce)}
    yield from (f"nonce {nonce} was burnt and is in no journaled command" for nonce in burns - burnt)


def _booking_problems(entries: Sequence[JournalEntry], ledger: Ledger) -> Iterator[str]:
    """Every execution of ours is booked exactly once, with its fee; nothing else is."""
    theirs: defaultdict[str | None, Size] = defaultdict(lambda: ZERO)
    ours: defaultdict[str | None, Size] = defaultdict(lambda: ZERO)
    told: set[str] = set()
    fees = ZERO
    for fill in ledger.fills.values():
        theirs[fill.cloid] += fill.side.signed(fill.quantity)
    for entry in entries:
        if isinstance(entry.event, OwnFills):
            told |= {fill.key for fill in entry.event.fills}
        for record in entry.records:
            if isinstance(record, MyFill):
                fees += record.fee
                if record.kind in _SENT:
                    ours[record.cloid] += record.side.signed(record.quantity)
                if record.kind not in _OURS:
                    yield f"entry {entry.seq} books a {record.kind} of {record.quantity} {record.coin}"
            elif isinstance(record, Drift):
                yield f"entry {entry.seq}: the exchange holds {record.theirs} {record.coin}, our sum is {record.ours}"
    for cloid in sorted({*theirs, *ours}, key=str):
        if theirs[cloid] != ours[cloid]:
            yield f"order {cloid} traded {theirs[cloid]}, {ours[cloid]} is booked"
    yield from (f"fill {key} was never told to the core" for key in sorted(ledger.fills.keys() - told))
    paid = sum((fill.fee for fill in ledger.fills.values()), start=ZERO)
    if fees != paid:
        yield f"fees of {paid} were paid, {fees} are booked"


def _overshoot_problems(entries: Sequence[JournalEntry], ledger: Ledger) -> Iterator[str]:
    """By the exchange's own fills no order took a sleeve beyond the target that it was decided for."""
    decided: dict[str, tuple[int, Decision]] = {}
    inner: list[tuple[int, MyFill]] = []
    for entry in entries:
        for record in entry.records:
            if isinstance(record, Decision) and record.cloid is not None:
                decided[record.cloid] = entry.seq, record
            elif isinstance(record, MyFill) and record.kind in {FillKind.CROSS, FillKind.DUST}:
                inner.append((entry.seq, record))
    sleeves: defaultdict[tuple[str | None, str], Size] = defaultdict(lambda: ZERO)
    for fill in ledger.fills.values():
        seq, decision = decided[fill.cloid or ""]
        key = decision.bot, decision.coin
        sleeves[key] += fill.side.signed(fill.quantity)
        moved = [record for at, record in inner if at <= seq and (record.bot, record.coin) == key]
        now = sleeves[key] + sum((record.side.signed(record.quantity) for record in moved), start=ZERO)
        if decision.bot is not None and abs(now) > max(abs(decision.target), abs(decision.sleeve)):
            yield f"order {fill.cloid} took {key} to {now}, it was decided for {decision.target}"


def _account_problems(state: State, venue: TruthVenue, tale: Tale) -> Iterator[str]:
    """The exchange's own books agree with ours: positions, and equity to the cent."""
    for account in state.accounts:
        profit = ZERO
        for (name, coin), memory in state.books.items():
            if name != account:
                continue
            mark = price_of(coin, tale.end)
            profit += sum((part.profit(mark) or ZERO for _, _, part in memory.book.parts()), start=ZERO)
            theirs = venue.exchange._ledgers[account].size(coin)
            if theirs != memory.book.position:
                yield f"{account} holds {theirs} {coin}, our sum is {memory.book.position}"
            if memory.open or memory.held_fills:
                yield f"{account} {coin} has unsettled orders: {memory.open}, {memory.held_fills}"
        equity = f"{START_USD + profit:.2f}"
        if equity != venue.equity(account, tale.end):
            yield f"{account} is worth {venue.equity(account, tale.end)} to the exchange, {equity} to us"


def _target_problems(state: State, tale: Tale) -> Iterator[str]:
    """What we believe of the bots is what they hold, and we hold what we want."""
    held: defaultdict[tuple[str, str], Size] = defaultdict(lambda: ZERO)
    for each in tale.trades:
        held[each.bot, each.coin] += each.change
    for (bot, coin), size in held.items():
        follow, sleeve = state.follows.get((bot, coin)), state.sleeves.get((bot, coin))
        if follow is None or sleeve is None or follow.now is None or follow.now.position != size:
            yield f"{bot} holds {size} {coin}, we believe {follow and follow.now}"
        elif state.books[sleeve.account, coin].book.size_of(bot) != sleeve.target:
            yield f"{bot} {coin} is not at its target {sleeve.target}"


def _nonce(command: SignedCommand) -> int:
    return command.identity.nonce if isinstance(command, PlaceOrder) else command.nonce


def _commands(entries: Sequence[JournalEntry]) -> Iterator[object]:
    for entry in entries:
        yield from entry.commands
