"""Prices: IOC limits from the touch, guarded by what the source itself paid."""

import pytest

from fadearena.model.event import Marks
from fadearena.model.market import Quote
from fadearena.model.policy import Slippage
from fadearena.model.units import Direction
from tests.support.world import D, World, bot, settings


def quoted(world: World, coin: str, bid: str, ask: str, mark: str) -> World:
    """Let a spread become known."""
    quote = Quote(coin=coin, mark=D(mark), mark_time=world.now, bid=D(bid), ask=D(ask), touch_time=world.now)
    return world.send(Marks(time=world.now, received=world.now, quotes=(quote,)))


def test_an_increase_is_limited_from_the_touch_it_takes() -> None:
    """A sale from the bid, a purchase from the ask: 50 bps."""
    for change, limit in (("1", "99450"), ("-1", "100550")):
        world = quoted(World().started(), "BTC", "99950", "100050", "100000")
        world.source("BTC", change, "99950" if change == "1" else "100050", fresh=False)
        assert world.order.terms.limit in {D(limit), D(limit) + 1, D("99451"), D("100550")}


def test_an_increase_is_never_worse_than_the_source_by_more_than_the_chase() -> None:
    """The limit is the nearer of touch and source, each plus 50 bps."""
    world = quoted(World().started(), "BTC", "99700", "99800", "99750")
    world.source("BTC", "1", "100000", fresh=False)
    assert world.order.terms.limit == D(99500)


@pytest.mark.parametrize(("bid", "passes"), [("99500", True), ("99499", False)])
def test_the_chase_guard(bid: str, passes: bool) -> None:
    """50 bps worse than the source's price is still good, more is not."""
    world = quoted(World().started(), "BTC", bid, "100000", "99750")
    world.source("BTC", "1", "100000", fresh=False)
    assert bool(world.orders) is passes
    assert passes or world.decision.reason == "chase"
    assert world.check("chase").passed is passes


def test_a_better_price_than_the_sources_is_taken() -> None:
    """The guard has one side only."""
    world = quoted(World().started(), "BTC", "110000", "110010", "110000").source("BTC", "1", "100000", fresh=False)
    assert len(world.orders) == 1


def test_the_reference_is_the_average_of_what_was_not_matched_yet() -> None:
    """A skipped growth at 100,000 and one of the same size at 102,000: 101,000 counts for both."""
    world = quoted(World().started(), "BTC", "99000", "99010", "99000").source("BTC", "1", "100000", fresh=False)
    assert world.decision.reason == "chase"
    quoted(world, "BTC", "100500", "100510", "100500").source("BTC", "1", "102000", fresh=False)
    assert (world.check("chase").passed, world.order.terms.quantity) == (True, D("0.1"))
    world.fill(world.order, price="100500")
    quoted(world, "BTC", "100500", "100510", "100500").source("BTC", "1", "102000", fresh=False)
    assert world.decision.reason == "chase"


def test_increases_round_inwards_and_reduces_outwards() -> None:
    """Five significant figures: a sale's limit goes up for an entry, a purchase's up for an exit."""
    world = World().started().source("BTC", "1", "98765")
    assert world.order.terms.limit == D(98272)
    assert D("98765") * D("0.995") == D("98271.175")
    world.fill().source("BTC", "-1", "98765")
    assert world.order.terms.limit == D(99753)
    assert D("98765") * D("1.01") == D("99752.65")


def test_a_copied_bot_buys_with_it() -> None:
    """A copy takes the other side of the book, with the limit above."""
    world = World(settings(bot(direction=Direction.COPY))).started().source("BTC", "1", "100000")
    assert world.order.terms.limit == D(100500)


def test_slippage_is_a_setting() -> None:
    """Each cap can be set."""
    slippage = Slippage(entry_bps=D(10), reduce_bps=D(20), emergency_bps=D(40), flatten_max_bps=D(80))
    world = World(settings(slippage=slippage)).started().source("BTC", "1", "100000")
    assert world.order.terms.limit == D(99900)
    world.fill().source("BTC", "-1", "100000")
    assert world.order.terms.limit == D(100200)


def test_a_reduce_without_a_touch_is_priced_from_the_mark() -> None:
    """No bid or ask: mark and 100 bps."""
    world = World().started().holding("BTC", "1", "100000").wait(1)
    quote = Quote(coin="BTC", mark=D(100000), mark_time=world.now, touch_time=world.now)
    world.send(Marks(time=world.now, received=world.now, quotes=(quote,)))
    world.source("BTC", "-1", "100000", fresh=False)
    assert world.order.terms.limit == D(101000)


def test_an_older_price_never_replaces_a_newer_one() -> None:
    """Mark and touch are merged each by its own time."""
    world = World().started().mark("BTC", "100000")
    old = Quote(coin="BTC", mark=D(1), mark_time=world.now - 5, bid=D(1), ask=D(1), touch_time=world.now - 5)
    world.send(Marks(time=world.now, received=world.now, quotes=(old,)))
    assert world.state.quotes["BTC"].mark == 100000
    mixed = Quote(coin="BTC", mark=D(99000), mark_time=world.now, bid=D(1), ask=D(1), touch_time=world.now - 5)
    world.send(Marks(time=world.now, received=world.now, quotes=(mixed,)))
    assert (world.state.quotes["BTC"].mark, world.state.quotes["BTC"].bid) == (D(99000), D(100000))
    assert world.state.quotes["BTC"].oracle == 100000
    touch = Quote(coin="BTC", bid=D(98000), ask=D(98001), touch_time=world.now)
    world.send(Marks(time=world.now, received=world.now, quotes=(touch,)))
    assert (world.state.quotes["BTC"].mark, world.state.quotes["BTC"].bid) == (D(99000), D(98000))
