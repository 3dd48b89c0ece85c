"""Sizing: what an anchor fixes, and how the ratio only ever falls while a sleeve is open."""

import msgspec
import pytest

from fadearena.model.command import ReadSourceEquity
from fadearena.model.event import Reanchor, SetPolicy, SourceFills
from fadearena.model.policy import Sizing
from fadearena.model.record import Decision, EquityPoint
from fadearena.model.units import MINUTE_MS, SECOND_MS, Direction
from fadearena.model.wallet import Feed
from tests.support.world import OTHER, WALLET, D, World, bot, settings


def by_equity() -> World:
    """A bot sized by equity, 1 : 1 at a multiplier of 0.5."""
    policy = settings(bot(sizing=Sizing.EQUITY, leverage_multiplier=D("0.5")))
    return World(policy).started().source_equity("100000")


def ratio(world: World, coin: str = "SOL", name: str = "bot") -> D:
    """The ratio of a sleeve's anchor."""
    anchor = world.state.sleeves[name, coin].anchor
    assert anchor is not None
    assert anchor.ratio is not None
    return anchor.ratio


def test_the_target_is_sign_times_ratio_times_followed() -> None:
    """Fade turns the sign, copy keeps it; rounded towards zero to the lot."""
    for direction, target in ((Direction.FADE, "-1.02"), (Direction.COPY, "1.02")):
        world = World(settings(bot(direction=direction))).started().source("SOL", "20.59", "100")
        assert world.target("SOL") == D(target)
        world = World(settings(bot(direction=direction))).started().source("SOL", "-20.59", "100")
        assert world.target("SOL") == -D(target)


def test_sizing_by_equity() -> None:
    """0.5 x (10,000 x 1) / 100,000 = 0.05 of the source's size."""
    world = by_equity().source("SOL", "100", "100")
    assert world.order.terms.quantity == 5


def test_a_share_defaults_to_the_accounts_enabled_bots() -> None:
    """Of two enabled bots each has half of the equity; a share of its own goes before."""
    for share, expected in ((None, "2.5"), (D("0.2"), "1")):
        one = bot("one", WALLET, sizing=Sizing.EQUITY, leverage_multiplier=D("0.5"), share=share)
        world = World(settings(one, bot("two", OTHER), bot("off", "0x" + "ff" * 20, enabled=False))).started()
        world.source_equity("100000").source("SOL", "100", "100")
        assert world.order.terms.quantity == D(expected)


def test_sizing_by_notional() -> None:
    """$500 at the mark of the anchor, over the largest followed since: growing never adds to it."""
    policy = settings(bot(sizing=Sizing.NOTIONAL, notional_usd=D(500)))
    world = World(policy).started().holding("SOL", "10", "100")
    assert world.sleeve("SOL") == -5
    world.source("SOL", "10", "100")
    assert (world.orders, world.target("SOL")) == ([], D(-5))
    world.source("SOL", "-10", "100")
    assert world.order.terms.quantity == D("2.5")


def test_while_an_input_is_unknown_growths_are_skipped() -> None:
    """Without the source's equity there is no ratio: the growth is skipped, and said so; the next one is followed."""
    policy = settings(bot(sizing=Sizing.EQUITY, leverage_multiplier=D("0.5")))
    world = World(policy).started().source("SOL", "100", "100")
    assert (world.orders, world.decision.reason) == ([], "sizing_known")
    world.source_equity("100000").mark("SOL", "100")
    assert world.orders == []
    world.source("SOL", "100", "100")
    assert world.order.terms.quantity == 10


def test_sources_that_are_sized_by_equity_are_asked_for_it() -> None:
    """With each round of snapshots the equity is read too, at most once a minute, and of nobody else."""
    policy = settings(bot(sizing=Sizing.EQUITY))
    world = World(policy).started()
    assert len(world.snapshot().turn.commands) == 0
    world.wait(SECOND_MS).snapshot()
    assert [read.wallet for read in world.all(ReadSourceEquity)] == [WALLET]
    world.source_equity("100000").wait(SECOND_MS).snapshot()
    assert world.all(ReadSourceEquity) == []
    world.wait(MINUTE_MS).snapshot()
    assert len(world.all(ReadSourceEquity)) == 1
    world = World().started().wait(SECOND_MS).snapshot()
    assert world.all(ReadSourceEquity) == []


def test_a_jump_of_the_sources_equity_needs_a_second_reading() -> None:
    """More than 30 % in one reading is not believed, nor is zero; an older reading says nothing."""
    world = by_equity().wait(1).source_equity("1000").source("SOL", "100", "100")
    assert ratio(world) == D("0.05")
    world = by_equity().wait(1).source_equity("200000").wait(1).source_equity("200000").source("SOL", "100", "100")
    assert ratio(world) == D("0.025")
    world = by_equity().source_equity("90000")
    assert world.all(EquityPoint) == []
    world.wait(1).source_equity("0").source("SOL", "100", "100")
    assert ratio(world) == D("0.05")


def test_a_source_that_loses_does_not_make_us_grow() -> None:
    """Its equity halves, its position stays: our ratio does not double, neither does a growth's part of it."""
    world = by_equity().holding("SOL", "100", "100")
    world.wait(1).source_equity("75000").mark("SOL", "100")
    assert (world.orders, ratio(world)) == ([], D("0.05"))
    world.source("SOL", "100", "100")
    assert (ratio(world), world.order.terms.quantity) == (D("0.05"), D(5))


def test_a_growth_is_blended_at_the_lower_ratio() -> None:
    """The old 100 at 0.05, the new 100 at 0.04: 0.045 on 200."""
    world = by_equity().holding("SOL", "100", "100").wait(1).source_equity("125000").source("SOL", "100", "100")
    assert (ratio(world), world.order.terms.quantity) == (D("0.045"), D(4))


def test_a_deposit_does_not_multiply_us() -> None:
    """Our own equity doubles while a sleeve is open: the ratio stays, until the source opens anew."""
    world = by_equity().holding("SOL", "100", "100")
    for _ in range(2):
        world.wait(3 * SECOND_MS).read_account(equity="20000")
    world.snapshot().source("SOL", "100", "100")
    assert (ratio(world), world.order.terms.quantity) == (D("0.05"), D(5))
    world.fill(world.order).source("SOL", "-200", "100").fill(world.order).source("SOL", "100", "100")
    assert ratio(world) == D("0.1")


def test_settings_apply_at_the_next_anchor() -> None:
    """A multiplier and a direction that change while a sleeve is open count when the source opens anew."""
    world = World().started().holding("SOL", "100", "100")
    changed = settings(bot(leverage_multiplier=D("0.1"), direction=Direction.COPY))
    world.order_by(SetPolicy(policy=msgspec.structs.replace(changed, version=2))).source("SOL", "100", "100")
    world.fill(world.order)
    assert world.sleeve("SOL") == -10
    world.source("SOL", "-200", "100").fill(world.order).source("SOL", "100", "100")
    assert world.target("SOL") == 10


def test_an_operator_can_anchor_anew() -> None:
    """A smaller multiplier then reduces at once; a larger one waits for the next growth."""
    world = World().started().holding("SOL", "100", "100")
    smaller = settings(bot(leverage_multiplier=D("0.01")))
    world.order_by(SetPolicy(policy=msgspec.structs.replace(smaller, version=2))).order_by(Reanchor(bot="bot"))
    assert world.order.terms.quantity == 4
    world.fill(world.order)
    larger = settings(bot(leverage_multiplier=D("0.1")))
    world.order_by(SetPolicy(policy=msgspec.structs.replace(larger, version=3))).order_by(Reanchor(bot="bot"))
    assert world.orders == []
    world.source("SOL", "10", "100")
    assert world.order.terms.quantity == 10


def test_a_source_that_closes_and_opens_in_one_message_is_anchored_anew() -> None:
    """Flat in between is a new leg, even where nobody saw it."""
    world = by_equity().holding("SOL", "100", "100").wait(1).source_equity("75000")
    fills = (world.fill_of("SOL", "-100", "100", "100"), world.fill_of("SOL", "50", "100", "0"))
    world.send(SourceFills(time=world.now, received=world.now, wallet=WALLET, feed=Feed.USER, fills=fills))
    assert ratio(world).quantize(D("0.0001")) == D("0.0667")


def test_a_sleeve_whose_anchor_waits_follows_the_source_down() -> None:
    """After an operator anchored anew without the input, what is held still shrinks as the source does."""
    world = World().started().holding("SOL", "100", "100")
    policy = settings(bot(sizing=Sizing.EQUITY))
    world.order_by(SetPolicy(policy=msgspec.structs.replace(policy, version=2))).order_by(Reanchor(bot="bot"))
    assert (world.orders, world.target("SOL")) == ([], D(-5))
    world.source("SOL", "-50", "100")
    assert world.order.terms.quantity == D("2.5")
    world.fill(world.order).source("SOL", "-50", "100")
    assert world.order.terms.quantity == D("2.5")


def test_a_target_that_rounds_to_nothing_is_no_order() -> None:
    """0.05 x 0.1 SOL is less than a lot."""
    world = World().started().source("SOL", "0.1", "100")
    assert (world.orders, world.all(Decision), world.target("SOL")) == ([], [], D(0))


@pytest.mark.parametrize("name", ["ETH", "SOL"])
def test_each_coin_has_its_own_anchor(name: str) -> None:
    """What happens in one coin says nothing of another."""
    world = World().started().holding("BTC", "1", "100000").source(name, "10", "1000")
    assert world.order.terms.coin == name
    assert world.target("BTC") == D("-0.05")
