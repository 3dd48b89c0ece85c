"""Own protection: what is done when the mark comes near our liquidation price (rule 6)."""

from fadearena.model.order import Purpose
from fadearena.model.policy import Tuning
from fadearena.model.units import Direction, Side
from tests.support.story import Story, begun
from tests.support.world import OTHER, D, bot, settings

LOOSE = Tuning(liquidation_distance=D("0.01"))


def near(tuning: Tuning = LOOSE) -> Story:
    """A short of 0.5 BTC at 100,000 with 10,000 USD: at 114,000 half of the room to liquidation is gone."""
    return begun(settings(bot(leverage_multiplier=D("0.5")), tuning=tuning)).holding()


def test_largest_sleeve_is_halved_near_liquidation() -> None:
    """Mark within 5 % of our liquidation price: the largest sleeve is halved with the emergency limit, and told."""
    story = near()
    story.mark("BTC", "113000")
    assert (story.orders, story.alerts) == ([], [])
    story.mark("BTC", "114000")
    assert story.alerts == ["protect"]
    terms = story.order.terms
    assert (terms.side, terms.quantity, terms.purpose, terms.reduce_only) == (
        Side.BUY,
        D("0.25"),
        Purpose.PROTECT,
        True,
    )
    assert terms.limit == D(117420)


def test_sleeve_is_halved_once_until_that_is_done() -> None:
    """While the reduce is on its way, or fails, the sleeve is not halved again; still near afterwards, it is."""
    story = near()
    order = story.mark("BTC", "114000").order
    assert story.mark("BTC", "114500").alerts == []
    story.reject(order)
    assert story.mark("BTC", "114600").alerts == []
    assert story.target("BTC") == D("-0.25")
    story.wait(1_000)
    story.fill(story.mark("BTC", "114600").order if not story.orders else story.order, quantity="0.01")
    assert story.mark("BTC", "114700").alerts == []
    assert story.target("BTC") == D("-0.25")


def test_halved_sleeve_is_not_opened_again() -> None:
    """What protection closed is not re-opened; later growth is sized by what was left."""
    story = near()
    story.fill(story.mark("BTC", "114000").order)
    assert (story.sleeve("BTC"), story.target("BTC")) == (D("-0.25"), D("-0.25"))
    assert story.mark("BTC", "100000").orders == []


def test_sleeve_that_waits_to_grow_is_halved_too() -> None:
    """A sleeve whose target is larger than what it holds is halved by what it holds."""
    story = near()
    order = story.opened("BTC", "0.2", "100000")
    story.reject(story.reject(story.reject(order).order).order)
    assert story.target("BTC") == D("-0.6")
    story.mark("BTC", "114000")
    assert story.alerts == ["protect"]
    assert story.target("BTC") == D("-0.25")
    assert story.order.terms.quantity == D("0.25")


def test_larger_of_two_sleeves_is_halved() -> None:
    """Of several sleeves that lean the book's way only the largest is halved."""
    one = bot(leverage_multiplier=D("0.1"))
    two = bot("two", OTHER, leverage_multiplier=D("0.4"))
    story = begun(settings(one, two, tuning=LOOSE)).holding().holding(wallet=OTHER)
    story.mark("BTC", "114000")
    assert (story.order.terms.bot, story.order.terms.quantity) == ("two", D("0.2"))


def test_long_is_protected_too() -> None:
    """A long is protected against a fall."""
    story = begun(settings(bot(leverage_multiplier=D("0.5"), direction=Direction.COPY), tuning=LOOSE)).holding()
    story.mark("BTC", "88000")
    assert story.alerts == []
    story.mark("BTC", "85000")
    assert (story.alerts, story.order.terms.side) == (["protect"], Side.SELL)


def test_book_of_external_only_has_no_sleeve_to_halve() -> None:
    """Where no sleeve leans the book's way nothing of ours can be halved."""
    story = begun()
    story.mark("BTC", "100000").fills(story.own_fill("BTC", "-0.5", "100000"))
    assert story.mark("BTC", "116000").orders == []
    assert story.alerts == []


def test_distance_is_a_setting() -> None:
    """The distance can be set; where it is wider protection comes earlier."""
    story = near(tuning=Tuning(liquidation_distance=D("0.01"), protect_distance=D("0.08")))
    story.mark("BTC", "110200")
    assert story.alerts == ["protect"]


def test_account_of_unknown_worth_is_not_judged() -> None:
    """While nobody knows what the account is worth its distance to liquidation is not judged."""
    story = Story(settings(tuning=LOOSE))
    story.tell_settings()
    story.read_account(equity="0")
    story.mark("BTC", "100000").fills(story.own_fill("BTC", "-0.5", "100000"))
    assert story.mark("BTC", "119000").alerts == []
