"""The rows of a year's report are the ledger: nothing is left out, nothing told twice."""

import gzip
from collections import defaultdict
from decimal import ROUND_DOWN, Decimal

from hypothesis import given
from hypothesis import strategies as st

from fadearena.core.engine import RULES_VERSION
from fadearena.core.engine.replay import replay
from fadearena.core.state import State
from fadearena.model.command import PlaceOrder
from fadearena.model.order import Filled
from fadearena.model.realised import Realised, Realising, Where
from fadearena.model.record import FundingBooked, MyFill, Record
from fadearena.model.units import ZERO
from fadearena.model.wallet import ForcedKind
from fadearena.ports.journal_row import from_line, from_row
from tests.golden.story import HERE
from tests.support.story import Story, begun
from tests.support.world import D

LOT = D("0.00001")
"""The smallest quantity of BTC."""


def report(records: list[Record]) -> list[Realised]:
    """Return the rows that records come to."""
    book, rows = Realising(), list[Realised]()
    for number, record in enumerate(records, 1):
        match record:
            case MyFill():
                rows += book.take_fill(number, number, record)
            case FundingBooked():
                rows.append(book.take_funding(number, number, record))
            case _:
                pass
    return rows


def sums_of(rows: list[Realised]) -> dict[Where, tuple[Decimal, Decimal, Decimal]]:
    """Return realised, fees and funding of every part, added up as the ledger does: one after the other."""
    sums: defaultdict[Where, list[Decimal]] = defaultdict(lambda: [ZERO, ZERO, ZERO])
    for row in rows:
        where = sums[row.account, row.coin, row.part, row.bot]
        for n, usd in enumerate((row.realised, row.fee, row.funding)):
            where[n] += usd
    return {where: (money[0], money[1], money[2]) for where, money in sums.items() if any(money)}


def ledger_of(state: State) -> dict[Where, tuple[Decimal, Decimal, Decimal]]:
    """Return what the ledger holds of every part."""
    parts: dict[Where, tuple[Decimal, Decimal, Decimal]] = {}
    for (account, coin), memory in state.books.items():
        for kind, bot, part in memory.book.parts():
            money = (part.realised, part.fees, part.funding)
            if any(money):
                parts[account, coin, kind, bot] = money
    return parts


def test_rows_come_to_what_the_ledger_holds() -> None:
    """A journal with every fault and every control of an operator: part by part, to the last digit."""
    state, records = State(), list[Record]()
    with gzip.open(HERE / f"rules-{RULES_VERSION}.jsonl.gz") as lines:
        for line in lines:
            entry = from_row(from_line(line))
            replay(state, entry.event, entry.commands)
            records += entry.records
    rows = report(records)
    assert len(rows) > 100
    assert sums_of(rows) == ledger_of(state)
    assert all(row.proceeds - row.cost == row.realised for row in rows)


def play(story: Story, action: str, price: str, amount: str) -> None:
    """Let one thing happen that moves books or money."""
    match action:
        case "trade" | "answer only":
            story.source("BTC", amount, price)
            for order in [command for command in story.turn.commands if isinstance(command, PlaceOrder)]:
                story.answer(order, Filled(quantity=order.terms.quantity, average_price=D("100001"), order_id=7))
                if action == "trade":
                    quantity = str(order.terms.quantity)
                    story.fills(story.fill_for(order, quantity, price, order_id=7, fee=D("0.7")))
        case "operator":
            story.fills(story.own_fill("BTC", str(D(amount) / 20), price, fee=D("0.3")))
        case "liquidation":
            closing = (-story.position() / 2).quantize(LOT, ROUND_DOWN)
            if closing:
                fill = story.own_fill("BTC", str(closing), price, fee=D("0.9"), forced=ForcedKind.SETTLEMENT)
                story.fills(fill)
        case "funding":
            story.funding("BTC", amount, "0.0000125", price)
        case _:
            raise AssertionError(action)
    story.wait(6_000)
    story.mark("BTC", price)


STEPS = st.tuples(
    st.sampled_from(["trade", "trade", "answer only", "operator", "liquidation", "funding"]),
    st.sampled_from(["90000", "100000", "100000.7", "120000"]),
    st.sampled_from(["-2", "-1", "-0.3", "0.3", "1", "3"]),
)


@given(steps=st.lists(STEPS, min_size=1, max_size=12))
def test_whatever_happens_rows_come_to_what_the_ledger_holds(steps: list[tuple[str, str, str]]) -> None:
    """Fills whose price was a guess, trades by hand, forced closings, funding: each part's money is in its rows."""
    story = begun()
    for step in steps:
        play(story, *step)
    records = [record for _, turned in story.journal for record in turned.records]
    assert sums_of(report(records)) == ledger_of(story.state)
