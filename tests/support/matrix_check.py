"""
What must hold when a story of the fault matrix has ended: our books against the exchange's, to the last digit.

Sentences; none is wanted. What the exchange says is asked past the wire, and read here by hand.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from fadearena.adapters.hyperliquid.transport import Transport
from fadearena.core.invariants import violations
from fadearena.core.state import State
from fadearena.kit.decimals import exact_arithmetic
from fadearena.model.command import BurnNonce, PlaceOrder
from fadearena.model.ids import Cloid
from fadearena.model.record import Decision, Drift, FillKind, FundingBooked, MyFill, TradingStateChange
from fadearena.model.units import ZERO, Side, Size, Usd
from fadearena.ports.journal import JournalEntry
from tests.support.crash_check import numbering_problems, stepped_problems
from tests.support.matrix_people import ACCOUNT, MASTER, OURS_USD
from tests.support.matrix_story import Holdings

_SENT = frozenset({FillKind.ORDER, FillKind.FLATTEN})
_OURS = _SENT | {FillKind.CROSS, FillKind.DUST, FillKind.CORRECTION}
_CENT = Decimal("0.000001")


class Books(msgspec.Struct, frozen=True, kw_only=True):
    """What the exchange says of our account."""

    held: Holdings
    cash: Usd
    orders: list[dict[str, Any]]
    fills: list[dict[str, Any]]
    payments: list[dict[str, Any]]

    def traded(self) -> dict[Cloid, Size]:
        """Return what each order traded, by the fills."""
        sums: defaultdict[Cloid, Size] = defaultdict(lambda: ZERO)
        for fill in self.fills:
            sums[fill.get("cloid", "")] += _signed(fill)
        return dict(sums)


async def books_of(direct: Transport, held: Holdings, cash: Mapping[str, str]) -> Books:
    """Ask the exchange for everything about our account."""
    return Books(
        held=held,
        cash=sum((Decimal(usd) for usd in cash.values()), start=ZERO),
        orders=await _ask(direct, type="historicalOrders"),
        fills=await _ask(direct, type="userFillsByTime", startTime=0),
        payments=[row["delta"] for row in await _ask(direct, type="userFunding", startTime=0)],
    )


def problems_of(entries: Sequence[JournalEntry], books: Books) -> Iterator[str]:
    """Yield what is wrong."""
    state = State()
    yield from stepped_problems(state, entries, frozenset())
    yield from violations(state)
    with exact_arithmetic():
        yield from numbering_problems(entries)
        yield from _order_problems(entries, books)
        yield from _fill_problems(entries, books)
        yield from _money_problems(state, entries, books)
        yield from _overshoot_problems(entries, books)
        yield from _position_problems(state, books)
    for entry in entries:
        for record in entry.records:
            if isinstance(record, TradingStateChange):
                yield f"entry {entry.seq}: {record.latch} was set: {record.reason}"
            elif isinstance(record, Drift):
                yield f"entry {entry.seq}: the exchange holds {record.theirs} {record.coin}, our sum is {record.ours}"


def _order_problems(entries: Sequence[JournalEntry], books: Books) -> Iterator[str]:
    """Every order at the exchange is one that was journaled, as it was journaled, and is there once."""
    placed: dict[Cloid, PlaceOrder] = {}
    nonces = Counter[int]()
    for entry in entries:
        for command in entry.commands:
            if isinstance(command, PlaceOrder):
                placed[command.identity.cloid] = command
                nonces[command.identity.nonce] += 1
            elif not isinstance(command, BurnNonce) and (nonce := getattr(command, "nonce", None)) is not None:
                nonces[nonce] += 1
    yield from (f"nonce {nonce} was used by {n} actions" for nonce, n in nonces.items() if n > 1)
    seen = Counter(row["order"]["cloid"] for row in books.orders)
    yield from (f"order {cloid} is at the exchange {n} times" for cloid, n in seen.items() if n > 1)
    for row in books.orders:
        order = row["order"]
        known = placed.get(order["cloid"])
        if known is None:
            yield f"order {order['cloid']} is at the exchange and not in the journal"
            continue
        terms = known.terms
        ours = (terms.coin, terms.side, terms.quantity, terms.limit)
        theirs = (order["coin"], _side(order), Decimal(order["origSz"]), Decimal(order["limitPx"]))
        if ours != theirs:
            yield f"order {order['cloid']} is journaled as {ours}, and at the exchange as {theirs}"
        if row["status"] == "open":
            yield f"order {order['cloid']} rests on the book"


def _fill_problems(entries: Sequence[JournalEntry], books: Books) -> Iterator[str]:
    """Every execution is booked once; nothing else is."""
    ours: defaultdict[Cloid, Size] = defaultdict(lambda: ZERO)
    for entry in entries:
        for record in entry.records:
            if isinstance(record, MyFill):
                if record.kind in _SENT:
                    ours[record.cloid or ""] += record.side.signed(record.quantity)
                if record.kind not in _OURS:
                    yield f"entry {entry.seq} books a {record.kind} of {record.quantity} {record.coin}"
    theirs = books.traded()
    for cloid in sorted(theirs.keys() | ours.keys()):
        if theirs.get(cloid, ZERO) != ours.get(cloid, ZERO):
            yield f"order {cloid} traded {theirs.get(cloid, ZERO)}, {ours.get(cloid, ZERO)} is booked"


def _money_problems(state: State, entries: Sequence[JournalEntry], books: Books) -> Iterator[str]:
    """Fees, funding, realised PnL and cash are the exchange's."""
    records = [record for entry in entries for record in entry.records]
    fees = sum((record.fee for record in records if isinstance(record, MyFill)), start=ZERO)
    paid = sum((Decimal(fill["fee"]) for fill in books.fills), start=ZERO)
    if fees != paid:
        yield f"fees of {paid} were paid, {fees} are booked"
    funding = sum((record.usd for record in records if isinstance(record, FundingBooked)), start=ZERO)
    received = sum((Decimal(row["usdc"]) for row in books.payments), start=ZERO)
    if funding != received:
        yield f"funding of {received} was received, {funding} is booked"
    realised = sum((record.realised for record in records if isinstance(record, MyFill)), start=ZERO)
    closed = sum((Decimal(fill["closedPnl"]) for fill in books.fills), start=ZERO)
    notional = sum((Decimal(fill["px"]) * Decimal(fill["sz"]) for fill in books.fills), start=Usd(1))
    if abs(realised - closed) > _CENT * notional:
        yield f"{closed} was realised, {realised} is booked"
    costs = sum((part.cost for memory in state.books.values() for _, _, part in memory.book.parts()), start=ZERO)
    spent = -sum((_signed(fill) * Decimal(fill["px"]) for fill in books.fills), start=ZERO)
    ours = realised - fees + funding - costs
    theirs = spent - paid + received
    if abs(ours - theirs).quantize(_CENT):
        yield f"all trades, fees and payments brought {theirs}, {ours} is booked"
    if abs(OURS_USD + closed - paid + received - books.cash) > _CENT * len(books.fills):
        yield f"the exchange's cash is {books.cash}, by its own rows {OURS_USD + closed - paid + received}"


def _overshoot_problems(entries: Sequence[JournalEntry], books: Books) -> Iterator[str]:
    """By the exchange's fills no order made a position larger than the target that it was decided for."""
    decided = {
        record.cloid: record
        for entry in entries
        for record in entry.records
        if isinstance(record, Decision) and record.cloid is not None
    }
    held: defaultdict[str, Size] = defaultdict(lambda: ZERO)
    for fill in sorted(books.fills, key=lambda fill: (fill["time"], fill["oid"])):
        before = held[fill["coin"]]
        held[fill["coin"]] += _signed(fill)
        decision = decided.get(fill.get("cloid", ""))
        if decision is None:
            yield f"a fill of {fill['sz']} {fill['coin']} is of no order that was decided: {fill.get('cloid')}"
        elif abs(held[fill["coin"]]) > max(abs(before), abs(decision.target), abs(decision.sleeve)):
            yield f"order {decision.cloid} took {fill['coin']} to {held[fill['coin']]}, decided for {decision.target}"


def _position_problems(state: State, books: Books) -> Iterator[str]:
    """No position is anywhere that no sleeve stands for."""
    theirs = books.held.get(MASTER.address, {})
    ours = {coin: memory.book.position for (account, coin), memory in state.books.items() if account == ACCOUNT}
    for coin in sorted(theirs.keys() | ours.keys()):
        if theirs.get(coin, ZERO) != ours.get(coin, ZERO):
            yield f"the exchange holds {theirs.get(coin, ZERO)} {coin}, our sum is {ours.get(coin, ZERO)}"
    for (_, coin), memory in state.books.items():
        if memory.book.residue.size or memory.book.external.size:
            yield f"{coin}: {memory.book.residue.size} is residue, {memory.book.external.size} external"
        if memory.open or memory.held_fills:
            yield f"{coin} has unsettled orders: {memory.open}, {memory.held_fills}"


async def _ask(direct: Transport, **question: Any) -> list[dict[str, Any]]:
    body = msgspec.json.encode({"user": MASTER.address, **question})
    status, answer = await direct.post("/info", body)
    assert status == 200, answer
    rows: list[dict[str, Any]] = msgspec.json.decode(answer)
    return rows


def _side(row: Mapping[str, Any]) -> Side:
    return Side.BUY if row["side"] == "B" else Side.SELL


def _signed(fill: Mapping[str, Any]) -> Size:
    return _side(fill).signed(Decimal(fill["sz"]))
