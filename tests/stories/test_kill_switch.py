"""The trading state: latches with their own ends, kill switch, pause, release (rule 9)."""

import pytest

from fadearena.model.command import BurnNonce, WakeAt
from fadearena.model.event import Kill, OperatorAction, Pause, Release, Resume
from fadearena.model.record import TradingStateChange
from tests.support.story import Story, begun
from tests.support.world import OTHER, D, bot, settings


def pair() -> Story:
    """Two bots, both with a sleeve in BTC."""
    story = begun(settings(bot(), bot("two", OTHER)))
    return story.holding("BTC", "1").holding("BTC", "2", wallet=OTHER)


def test_active_increases_and_reduces() -> None:
    """Without a latch the state is active: both directions are sent."""
    story = begun().holding()
    assert story.latches() == []
    assert story.fill(story.opened("BTC", "1", "100000")).source("BTC", "-1", "100000").orders


def test_pause_only_reduces() -> None:
    """While paused nothing is increased, and reduces follow the source."""
    story = begun().holding()
    story.order_by(Pause())
    assert story.changes() == ["+all pause"]
    assert story.source("BTC", "1", "100000").reasons == ["skip:trading_state"]
    assert story.source("BTC", "-2", "100000").order.terms.reduce_only


def test_kill_sends_nothing_and_tracking_goes_on() -> None:
    """While halted neither increases nor reduces are sent, but what the source does is still counted."""
    story = begun().holding()
    story.order_by(Kill())
    (change,) = story.all(TradingStateChange)
    assert (change.scope, change.state, change.actor, change.reason) == ("all", "halted", "ann", "kill was ordered")
    assert story.source("BTC", "-1", "100000").orders == []
    assert (story.followed("BTC"), story.target("BTC")) == (D(0), D(0))


def test_kill_burns_what_is_in_flight() -> None:
    """A kill sends a noop for every order in flight, so that what has not run never will."""
    story = begun()
    first, second = story.opened("BTC", "1", "100000"), story.opened("ETH", "10", "2000")
    story.order_by(Kill())
    assert sorted(story.burns()) == sorted(o.identity.cloid for o in (first, second))
    assert all(isinstance(command, BurnNonce | WakeAt) for command in story.turn.commands)
    assert story.order_by(Kill()).all(BurnNonce) == []


def test_order_that_was_dropped_at_the_gate_is_settled_by_its_noop() -> None:
    """What a stop kept from leaving is dropped; its noop, always allowed, proves that it never ran."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    story.order_by(Kill())
    story.drop(order).burnt(order)
    assert (story.status(order), story.orders, story.sleeve("BTC")) == ("expired", [], D(0))


def test_kill_of_one_bot_burns_and_halts_only_that_bot() -> None:
    """One bot's kill burns its orders in flight and leaves the other bot alone."""
    story = begun(settings(bot(), bot("two", OTHER)))
    mine, other = story.opened("BTC", "1", "100000"), story.opened("ETH", "10", "2000", wallet=OTHER)
    story.order_by(Kill(bot="bot"))
    assert story.burns() == [mine.identity.cloid]
    story.burnt(mine).fill(other)
    assert story.source("BTC", "1", "100000").reasons == ["skip:bot_state"]
    assert story.source("ETH", "10", "2000", wallet=OTHER).orders


def test_release_ends_a_kill_and_catches_up_with_reduces_only() -> None:
    """After a release reduces go at once; increases of meanwhile are not made up for, not even fresh ones."""
    story = begun().holding()
    story.source("ETH", "10", "2000")
    story.fill().wait(2_001)
    story.order_by(Kill())
    story.source("BTC", "-0.5", "100000")
    story.source("ETH", "10", "2000")
    story.order_by(Release())
    assert [(o.terms.coin, o.terms.quantity, o.terms.reduce_only) for o in story.orders] == [("BTC", D("0.025"), True)]
    assert story.latches() == []


def test_flip_while_halted_only_closes_after_the_release() -> None:
    """A source that flipped while everything was halted leads to a close at the release, and to nothing more."""
    story = begun().holding()
    story.order_by(Kill())
    story.source("BTC", "-2", "100000")
    close = story.order_by(Release()).order
    assert close.terms.reduce_only
    assert story.fill(close).orders == []
    assert story.sleeve("BTC") == 0


def test_release_is_refused_where_nothing_is_halted() -> None:
    """A release where nothing is halted is refused with a reason."""
    story = begun()
    story.order_by(Release())
    assert story.refusal() == "nothing here is halted"


def test_end_of_one_latch_never_undoes_another() -> None:
    """A kill's release leaves a pause in force, a resume leaves a kill in force."""
    story = begun().holding()
    story.order_by(Pause())
    story.order_by(Kill())
    story.order_by(Resume())
    assert story.latches() == ["all kill"]
    story.order_by(Pause())
    story.order_by(Release())
    assert story.latches() == ["all pause"]
    assert story.source("BTC", "1", "100000").reasons == ["skip:trading_state"]


def test_first_reason_of_a_latch_stays() -> None:
    """A latch that is set already keeps who, when and why."""
    story = begun()
    story.order_by(Pause(), actor="ann")
    story.order_by(Pause(), actor="bob")
    assert story.changes() == []
    (latch,) = story.state.latches.by_scope["all"].values()
    assert (latch.actor, latch.since, latch.until_ms) == ("ann", story.now, None)


def test_strictest_of_bot_and_everything_counts() -> None:
    """A bot's own kill binds it while everything else is active, and the release of all does not end it."""
    story = pair()
    story.order_by(Kill(bot="two"))
    story.order_by(Kill())
    story.order_by(Release())
    assert story.latches() == ["bot:two kill"]
    assert story.source("BTC", "-1", "100000", wallet=OTHER).orders == []
    story.order_by(Release(bot="two"))
    assert story.latches() == []
    assert story.order.terms.bot == "two"


@pytest.mark.parametrize("stop", [Kill(), Kill(flatten=True), Pause(), Kill(bot="bot"), Kill(flatten=True, bot="bot")])
def test_stops_survive_a_restart(stop: OperatorAction) -> None:
    """Latches are durable: after a crash and a takeover they are what they were."""
    story = begun().holding()
    story.order_by(stop)
    before = story.latches()
    assert before
    story.restarted()
    assert story.latches() == before


def test_re_seeding_a_bot_does_not_end_its_stop() -> None:
    """A bot that is removed and added again is still stopped: only a release ends a kill."""
    policy = settings(bot(), bot("two", OTHER))
    story = begun(policy)
    story.order_by(Kill(bot="two"))
    story.remove("two").change(policy)
    assert story.latches() == ["bot:two kill"]
    story.order_by(Release(bot="two"))
    assert story.latches() == []


def test_bots_flatten_closes_its_sleeve_and_stays_halted() -> None:
    """One bot's flatten closes its sleeves, ends when they are 0, and leaves the bot halted until released."""
    story = pair()
    order = story.order_by(Kill(flatten=True, bot="two")).order
    assert (order.terms.bot, order.terms.quantity, order.terms.reduce_only) == ("two", D("0.1"), True)
    assert order.terms.limit == D(103000)
    story.order_by(Release(bot="two"))
    assert "still closing" in story.refusal()
    story.fill(order)
    assert story.sleeve("BTC", "two") == 0
    assert story.latches() == ["bot:two kill"]
    assert story.sleeve("BTC") == D("-0.05")


def test_bots_failed_close_is_tried_again_with_twice_the_room() -> None:
    """A close that fails while a bot is flattened doubles its cap up to `flatten_max_bps`."""
    story = begun().holding()
    order = story.order_by(Kill(flatten=True, bot="bot")).order
    limits = [order.terms.limit]
    for _ in range(4):
        story.reject(order).mark("BTC", "100000")
        while not story.orders:
            story.wait(1_000)
        order = story.order
        limits.append(order.terms.limit)
    assert limits == [103_000, 106_000, 112_000, 120_000, 120_000]


def test_flatten_of_a_bot_without_sleeves_is_done_at_once() -> None:
    """A bot that holds nothing is flat at once; an order of its in flight is waited for."""
    story = begun()
    story.order_by(Kill(flatten=True, bot="bot"))
    assert story.latches() == ["bot:bot kill"]
    story = begun()
    order = story.opened("BTC", "1", "100000")
    story.order_by(Kill(flatten=True, bot="bot"))
    assert (story.latches(), story.burns()) == (["bot:bot flatten", "bot:bot kill"], [order.identity.cloid])
    story.burnt(order)
    assert story.latches() == ["bot:bot kill"]


def test_release_of_a_bots_flatten_is_a_new_start() -> None:
    """After a bot's flatten and release only what the source does from then on is followed."""
    story = begun().holding()
    story.fill(story.order_by(Kill(flatten=True, bot="bot")).order)
    story.order_by(Release(bot="bot"))
    assert (story.followed("BTC"), story.orders) == (D(0), [])
    assert story.source("BTC", "0.5", "100000").order.terms.quantity == D("0.025")


def test_release_with_rejoin_takes_the_positions_up_again() -> None:
    """Released with `rejoin`, the positions that the bot holds now are taken up."""
    story = begun().holding()
    story.fill(story.order_by(Kill(flatten=True, bot="bot")).order)
    story.wait(2_001)
    story.mark("BTC", "100000")
    order = story.order_by(Release(bot="bot", rejoin=True)).order
    assert (order.terms.quantity, order.terms.bot) == (D("0.05"), "bot")
