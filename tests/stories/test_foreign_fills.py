"""What moves our books without an order of ours, and is never undone (rule 8)."""

import pytest

from fadearena.model.event import DirectlyFlattened, Release
from fadearena.model.record import FillKind, MyFill
from fadearena.model.units import Direction
from fadearena.model.wallet import ForcedKind
from tests.support.story import Story, begun
from tests.support.world import OTHER, D, bot, settings

FORCED = (ForcedKind.LIQUIDATION, ForcedKind.ADL, ForcedKind.SETTLEMENT)


def quiet(story: Story) -> Story:
    """Let five seconds pass, after which fills of nobody are booked at once."""
    story.wait(5_001)
    return story


def two_long() -> Story:
    """Two bots that both hold a long in one book, 0.10 and 0.05, with 0.03 external."""
    story = Story(settings(bot(direction=Direction.COPY), bot("two", OTHER, direction=Direction.COPY)))
    story.started()
    quiet(story.holding("BTC", "2").holding("BTC", "1", wallet=OTHER))
    story.fills(story.own_fill("BTC", "0.03", "100000"))
    assert story.position() == D("0.18")
    return story


def test_operators_increase_is_external() -> None:
    """What a person adds to a book belongs to nobody's sleeve, and is told."""
    story = quiet(begun().holding())
    story.fills(story.own_fill("BTC", "-0.5", "100000", fee=D(1)))
    assert (story.part("external"), story.sleeve("BTC"), story.position()) == (D("-0.5"), D("-0.05"), D("-0.55"))
    assert story.alerts == ["operator_trade"]
    assert story.orders == []


def test_operators_reduction_takes_external_first_then_sleeves_in_proportion() -> None:
    """A person's sale takes external of that sign first, then the sleeves by their sizes."""
    story = two_long()
    story.fills(story.own_fill("BTC", "-0.06", "100000"))
    assert (story.part("external"), story.part("bot"), story.part("two")) == (D(0), D("0.08"), D("0.04"))


def test_cut_sleeve_scales_its_ratio_and_is_not_re_opened() -> None:
    """A sleeve that a person cut keeps after/before of its ratio: nothing is re-opened, later growth is smaller."""
    story = quiet(begun().holding("BTC", "2"))
    story.fills(story.own_fill("BTC", "0.05", "100000"))
    assert (story.sleeve("BTC"), story.target("BTC")) == (D("-0.05"), D("-0.05"))
    assert story.orders == []
    assert story.source("BTC", "2", "100000").order.terms.quantity == D("0.05")


def test_sleeve_that_a_person_closed_is_detached_until_the_source_is_flat() -> None:
    """A sleeve that was closed by hand stays closed whatever the source does, until the source was flat once."""
    story = quiet(begun().holding())
    story.fills(story.own_fill("BTC", "0.05", "100000"))
    assert story.sleeve("BTC") == 0
    assert story.source("BTC", "5", "100000").orders == []
    assert story.source("BTC", "-6", "100000").orders == []
    assert story.source("BTC", "1", "100000").order.terms.quantity == D("0.05")


def test_operators_trade_beyond_the_book_turns_it_around_as_external() -> None:
    """A person's trade that turns the book around closes what is there; the rest is external."""
    story = quiet(begun().holding())
    story.fills(story.own_fill("BTC", "0.2", "100000"))
    assert (story.sleeve("BTC"), story.part("external")) == (D(0), D("0.15"))


@pytest.mark.parametrize("forced", FORCED)
def test_forced_fill_closes_the_same_fraction_of_every_part(forced: ForcedKind) -> None:
    """A liquidation, ADL or settlement of a third of the book takes a third of each part, in whole lots, at once."""
    story = two_long()
    story.fills(story.own_fill("BTC", "-0.06", "90000", forced=forced))
    parts = [story.part(name) for name in ("external", "bot", "two")]
    assert [round(part, 2) for part in parts] == [D("0.02"), D("0.07"), D("0.03")]
    assert sum(parts) == D("0.12")
    assert {row.kind for row in story.all(MyFill)} == {FillKind(forced)}
    assert forced in story.alerts
    assert story.orders == []


@pytest.mark.parametrize("forced", FORCED)
def test_own_liquidation_and_adl_stop_the_account(forced: ForcedKind) -> None:
    """Our liquidation or ADL sets the account to reducing until a person resumes; a settlement does not."""
    story = quiet(begun().holding())
    story.fills(story.own_fill("BTC", "0.05", "100000", forced=forced))
    stopped = forced is not ForcedKind.SETTLEMENT
    assert story.latches() == (["account:main own_liquidation"] if stopped else [])
    assert story.source("ETH", "10", "2000").reasons == (["skip:trading_state"] if stopped else ["execute:increase"])


def test_forced_fill_beside_an_order_in_flight_is_not_held_back() -> None:
    """A forced fill says whose it is not: it is booked at once even while an order is in flight."""
    story = begun().holding()
    story.opened("BTC", "1", "100000")
    story.fills(story.own_fill("BTC", "0.05", "100000", forced=ForcedKind.LIQUIDATION))
    assert story.sleeve("BTC") == 0


def test_fill_in_a_market_that_is_not_known_is_external() -> None:
    """A fill in a market of which nothing is known yet counts as external."""
    story = begun()
    story.fills(story.own_fill("DOGE", "100", "0.2"))
    assert story.part("external", "DOGE") == 100


def test_direct_flatten_is_our_own_and_stays_halted() -> None:
    """Orders that were sent past the journal are no second writer; everything stays halted until released."""
    story = begun().holding()
    cloid = "0x" + "5" * 32
    story.send(DirectlyFlattened(time=story.now, received=story.now, account="main", cloids=(cloid,)))
    assert (story.latches(), len(story.since())) == (["all kill"], 1)
    story.fills(story.own_fill("BTC", "0.05", "100000", cloid=cloid))
    assert (story.sleeve("BTC"), story.latches()) == (D(0), ["all kill"])
    assert {row.kind for row in story.all(MyFill)} == {FillKind.FLATTEN}
    story.order_by(Release())
    assert story.source("BTC", "1", "100000").order.terms.quantity == D("0.05")


def test_direct_flatten_of_a_stranger_changes_nothing() -> None:
    """A direct flatten of an account that is not ours is ignored."""
    story = begun()
    story.send(DirectlyFlattened(time=story.now, received=story.now, account="stranger", cloids=()))
    assert (story.latches(), story.turn.commands) == ([], [])
