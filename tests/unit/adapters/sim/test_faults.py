"""The faulty venue goes wrong exactly as it is told."""

import asyncio
from decimal import Decimal
from itertools import islice

import pytest

from fadearena.adapters.sim.faults import Fault, FaultyVenue, seeded
from fadearena.model.command import QueryOrder, ReadAccount
from fadearena.model.error import OutcomeUnknown
from fadearena.model.event import OrderAnswered, OrderFound, OwnFills
from fadearena.model.order import Filled, Found, Refused
from tests.support.paper import Paper, answer_of


def make(*faults: Fault) -> tuple[Paper, FaultyVenue]:
    """Return a paper exchange with a price, and a faulty venue before it."""
    paper = Paper()
    paper.quote("ETH", "2000", "2000")
    return paper, FaultyVenue(paper.exchange, paper.clock, faults)


def found(paper: Paper, cloid: str) -> Found:
    """Return what the exchange itself says of an order."""
    (event,) = paper.do(QueryOrder(account="main", cloid=cloid))
    assert isinstance(event, OrderFound)
    return event.found


def test_lost_command_never_arrives() -> None:
    """A lost order leaves its outcome unknown and the exchange without it."""
    paper, venue = make(Fault.LOST)
    order = paper.order("0.1", "2000")
    with pytest.raises(OutcomeUnknown):
        asyncio.run(venue.execute(order))
    assert found(paper, order.identity.cloid) is Found.NOT_FOUND


def test_unanswered_command_is_executed_and_its_fills_come_late() -> None:
    """An unanswered order has run; its fills come after the delay, stamped with the present."""
    paper, venue = make(Fault.UNANSWERED)
    order = paper.order("0.1", "2000")
    with pytest.raises(OutcomeUnknown):
        asyncio.run(venue.execute(order))
    assert found(paper, order.identity.cloid) is Found.FILLED
    paper.clock.move_by(1_999)
    assert venue.advance(paper.clock.now_ms()) == []
    paper.clock.move_by(1)
    (late,) = venue.advance(paper.clock.now_ms())
    assert isinstance(late, OwnFills)
    assert late.received == paper.clock.now_ms()
    assert venue.advance(paper.clock.now_ms()) == []


def test_doubled_answer_comes_twice() -> None:
    """Everything that comes back comes twice, in order; it was executed once."""
    paper, venue = make(Fault.DOUBLED)
    events = asyncio.run(venue.execute(paper.order("0.1", "2000")))
    assert events[:2] == events[2:]
    (read,) = asyncio.run(venue.execute(ReadAccount(account="main")))
    assert read == paper.do(ReadAccount(account="main"))[0]


def test_late_fills_come_after_the_answer() -> None:
    """The answer comes at once, the fills by `advance` after the delay."""
    paper, venue = make(Fault.LATE_FILLS)
    (answered,) = asyncio.run(venue.execute(paper.order("0.1", "2000")))
    assert isinstance(answered, OrderAnswered)
    paper.clock.move_by(2_000)
    (late,) = venue.advance(paper.clock.now_ms())
    assert isinstance(late, OwnFills)


def test_refused_order_never_arrives() -> None:
    """A refused order is answered with a no, and the exchange does not know it."""
    paper, venue = make(Fault.REFUSED)
    order = paper.order("0.1", "2000")
    assert isinstance(answer_of(asyncio.run(venue.execute(order))), Refused)
    assert found(paper, order.identity.cloid) is Found.NOT_FOUND


def test_partial_order_fills_half() -> None:
    """Half of the order fills, in its own decimals; where half is nothing it fills as it is."""
    paper, venue = make(Fault.PARTIAL, Fault.PARTIAL)
    answer = answer_of(asyncio.run(venue.execute(paper.order("0.1001", "2000"))))
    assert isinstance(answer, Filled)
    assert answer.quantity == Decimal("0.05")
    whole = answer_of(asyncio.run(venue.execute(paper.order("1", "2000"))))
    assert isinstance(whole, Filled)
    assert whole.quantity == 1


def test_faults_for_orders_leave_reads_alone() -> None:
    """A read under an order's fault is answered as if there were none, and so is all after the script."""
    paper, venue = make(Fault.PARTIAL, Fault.REFUSED)
    for _ in range(3):
        assert asyncio.run(venue.execute(ReadAccount(account="main"))) == paper.do(ReadAccount(account="main"))


def test_seed_makes_the_script() -> None:
    """The same seed gives the same faults, each about as often as its chance says."""
    chances = {Fault.LOST: 0.1, Fault.DOUBLED: 0.2}
    script = list(islice(seeded(7, chances), 2_000))
    assert script == list(islice(seeded(7, chances), 2_000))
    assert script != list(islice(seeded(8, chances), 2_000))
    assert 150 < script.count(Fault.LOST) < 250
    assert 300 < script.count(Fault.DOUBLED) < 500
    assert set(script) == {Fault.LOST, Fault.DOUBLED, Fault.NONE}
