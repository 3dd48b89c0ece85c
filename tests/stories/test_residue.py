"""Residue: dust of closed sleeves, moved at mark so that neither a flip nor a deletion waits for it."""

import msgspec

from fadearena.model.event import Instruments, Kill, Marks, SetPolicy
from fadearena.model.market import Quote
from fadearena.model.order import Purpose
from fadearena.model.record import FillKind, MyFill, PartKind
from fadearena.model.units import MINUTE_MS, SECOND_MS, Side
from tests.support.world import MARKETS, OTHER, WALLET, D, World, bot, settings


def dusty() -> World:
    """A bot with a sleeve of 1 ETH, and one whose sleeve of 0.01 ETH is worth $8 after the price fell."""
    policy = settings(bot("big", WALLET), bot("small", OTHER), bot("third", "0x" + "c3" * 20))
    world = World(policy, equity="100000").started().holding("ETH", "20", "2000")
    return world.holding("ETH", "0.2", "2000", wallet=OTHER).mark("ETH", "800")


def residue(world: World, coin: str = "ETH") -> D:
    """The residue of a book."""
    return world.state.books["main", coin].book.residue.size


def test_a_full_exit_below_the_minimum_moves_to_the_residue_at_mark() -> None:
    """The sleeve is closed in the ledger; the book keeps what it holds."""
    world = dusty().source("ETH", "-0.2", "800", wallet=OTHER)
    assert (world.orders, world.reasons) == ([], ["execute:dust"])
    assert (world.sleeve("ETH", "small"), residue(world)) == (D(0), D("-0.01"))
    assert [(row.kind, row.part, row.price) for row in world.all(MyFill)] == [
        (FillKind.DUST, PartKind.SLEEVE, D(800)),
        (FillKind.DUST, PartKind.RESIDUE, D(800)),
    ]
    assert world.state.books["main", "ETH"].book.position == D("-1.01")


def test_a_flip_does_not_wait_for_dust() -> None:
    """The old sleeve becomes dust and the new one opens with the same event, taking the dust along."""
    world = dusty().source("ETH", "-2.2", "800", wallet=OTHER)
    assert world.reasons == ["execute:dust", "execute:increase"]
    assert (world.order.terms.side, world.order.terms.quantity) == (Side.BUY, D("0.11"))
    assert world.order.terms.residue_quantity == D("0.01")
    world.fill(world.order)
    assert (world.sleeve("ETH", "small"), residue(world)) == (D("0.1"), D(0))


def test_a_deletion_does_not_wait_for_dust() -> None:
    """A bot whose sleeve became dust can be removed."""
    world = dusty().source("ETH", "-0.2", "800", wallet=OTHER)
    kept = tuple(each for each in world.policy.bots if each.id != "small")
    world.order_by(SetPolicy(policy=settings(*kept, version=2)))
    assert "small" not in world.state.bots
    assert residue(world) == D("-0.01")


def test_the_books_next_order_closes_the_residue() -> None:
    """An exit of another bot in the same direction takes it along."""
    world = dusty().source("ETH", "-0.2", "800", wallet=OTHER).source("ETH", "-10", "800")
    assert (world.order.terms.quantity, world.order.terms.residue_quantity) == (D("0.51"), D("0.01"))
    assert world.order.terms.reduce_only
    world.fill(world.order)
    assert (residue(world), world.sleeve("ETH", "big")) == (D(0), D("-0.5"))


def test_a_sleeve_that_grows_takes_residue_of_its_sign_over() -> None:
    """A growth absorbs dust by a crossing, after it passed all checks, and orders the rest."""
    world = dusty().source("ETH", "-0.2", "800", wallet=OTHER).source("ETH", "2", "800")
    assert (residue(world), world.order.terms.quantity) == (D(0), D("0.09"))
    world.fill(world.order)
    assert world.sleeve("ETH", "big") == D("-1.1")


def test_a_stopped_growth_takes_no_residue_over() -> None:
    """The checks come first."""
    world = dusty().source("ETH", "-0.2", "800", wallet=OTHER).order_by(Kill(bot="big")).source("ETH", "2", "800")
    assert residue(world) == D("-0.01")


def test_residue_that_is_all_the_book_holds_is_closed_whatever_its_size() -> None:
    """When the last sleeve goes in part, what remains is sent reduce-only: the minimum does not count there."""
    world = dusty().source("ETH", "-0.2", "800", wallet=OTHER).source("ETH", "-20", "800")
    assert world.order.terms.quantity == D("1.01")
    world.fill(world.order, quantity="1")
    assert residue(world) == D("-0.01")
    assert (world.order.terms.purpose, world.order.terms.reduce_only) == (Purpose.RESIDUE, True)
    world.refuse(world.order).mark("ETH", "800")
    assert world.orders == []
    world.mark("ETH", "800").wait(MINUTE_MS).mark("ETH", "800")
    assert residue(world) == D("-0.01")


def test_a_refused_close_of_residue_is_tried_again_by_itself() -> None:
    """A minute later it is sent anew, with a fresh price."""
    world = dusty().source("ETH", "-0.2", "800", wallet=OTHER).source("ETH", "-20", "800")
    world.fill(world.order, quantity="1").refuse(world.order).wait(MINUTE_MS - 1).mark("ETH", "800").wait(1)
    assert world.order.terms.purpose is Purpose.RESIDUE
    world.fill(world.order)
    assert residue(world) == 0


def test_residue_that_grew_above_the_minimum_is_sent_by_itself() -> None:
    """Dust that the market lifted to $10.80 is worth an order of its own."""
    world = dusty().source("ETH", "-0.2", "800", wallet=OTHER).mark("ETH", "1040")
    assert world.orders == []
    world.mark("ETH", "1080")
    assert (world.order.terms.purpose, world.order.terms.quantity) == (Purpose.RESIDUE, D("0.01"))


def test_dust_and_an_exit_together_may_be_worth_an_order() -> None:
    """An exit of $5 goes with residue of $7.50, as one order of $12.50."""
    third = "0x" + "c3" * 20
    world = dusty().holding("ETH", "0.3", "800", wallet=third).mark("ETH", "500")
    world.source("ETH", "-0.3", "500", wallet=third).source("ETH", "-0.2", "500", wallet=OTHER)
    assert (world.order.terms.quantity, world.order.terms.residue_quantity) == (D("0.025"), D("0.015"))


def test_stopped_delisted_and_drifting_books_keep_their_residue() -> None:
    """Residue is closed only where something may be sent."""
    world = dusty().source("ETH", "-0.2", "800", wallet=OTHER).order_by(Kill()).mark("ETH", "1080")
    assert world.orders == []
    world = dusty().source("ETH", "-0.2", "800", wallet=OTHER)
    for _ in range(2):
        world.wait(3 * SECOND_MS).read_account(ETH="-5")
    assert world.mark("ETH", "1080").orders == []
    world = dusty().source("ETH", "-0.2", "800", wallet=OTHER)
    gone = msgspec.structs.replace(MARKETS[1], is_delisted=True)
    world.send(Instruments(time=world.now, received=world.now, instruments=(gone,)))
    assert world.mark("ETH", "1080").orders == []


def test_residue_is_not_priced_from_a_mark_that_nobody_knows() -> None:
    """With a touch on the other side only there is no price for it."""
    world = dusty().source("ETH", "-0.2", "800", wallet=OTHER).wait(2 * MINUTE_MS)
    quote = Quote(coin="ETH", mark=D(1080), mark_time=world.now - MINUTE_MS - 1)
    world.send(Marks(time=world.now, received=world.now, quotes=(quote,)))
    assert world.orders == []
