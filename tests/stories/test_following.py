"""Following: fills and snapshots of a source through the engine, and what is decided on them."""

import msgspec

from fadearena.model.command import RepairSource
from fadearena.model.event import RepairStage, SetPolicy, SourceFills, SourceRepair, Started
from fadearena.model.policy import Tuning
from fadearena.model.record import BotTrade, Decision, FollowUpdate, Gap
from fadearena.model.units import MINUTE_MS, SECOND_MS, Side
from fadearena.model.wallet import Feed, SourceFill
from tests.support.world import OTHER, WALLET, D, World, bot, settings


def message(world: World, *fills: SourceFill, feed: Feed = Feed.USER) -> World:
    """Deliver fills in one message, with a fresh price for their coin."""
    quotes = (world.quote(fills[0].coin, fills[0].price),)
    return world.send(
        SourceFills(time=world.now, received=world.now, quotes=quotes, wallet=WALLET, feed=feed, fills=fills)
    )


def test_intent_is_never_derived_from_one_fill() -> None:
    """A sale that leaves the source as long as before is no reason to buy: the resulting position counts."""
    world = World().started()
    message(world, world.fill_of("BTC", "1", "100000", "0"), world.fill_of("BTC", "-1", "100000", "1"))
    assert (world.orders, world.followed("BTC")) == ([], D(0))


def test_a_fill_is_applied_once() -> None:
    """The same fill again, alone or in a larger message, is recorded and followed once."""
    world = World().started()
    fill = world.fill_of("BTC", "1", "100000", "0")
    message(world, fill)
    order = world.order
    message(world, fill, fill)
    assert (world.all(BotTrade), world.followed("BTC")) == ([], D(1))
    world.fill(order)
    assert world.sleeve("BTC") == D("-0.05")


def test_the_chain_gives_the_order_inside_a_millisecond() -> None:
    """Fills of one millisecond count all, whatever the order of the list and of their ids."""
    world = World().started()
    one, two, three = (world.fill_of("BTC", "1", "100000", start) for start in ("0", "1", "2"))
    message(world, three, one, two)
    assert (world.followed("BTC"), world.order.terms.quantity) == (D(3), D("0.15"))
    assert world.state.follows["bot", "BTC"].confidence == "confirmed"


def test_spot_and_outcome_fills_are_recorded_once_and_never_followed() -> None:
    """They are shown, and nothing else."""
    world = World().started()
    for coin in ("@107", "PURR/USDC", "#10"):
        fill = world.fill_of(coin, "1000", "1")
        message(world, fill)
        assert [row.is_followed for row in world.all(BotTrade)] == [False]
        message(world, fill)
        assert world.all(BotTrade) == []
    assert (world.orders, world.state.follows) == ([], {})


def test_a_tape_fill_on_an_unknown_position_only_asks_for_a_snapshot() -> None:
    """Without a `startPosition` and without a snapshot nothing is known."""
    world = World().started(snapshots=False).source("BTC", "1", "100000", feed=Feed.TAPE)
    assert (world.orders, world.followed("BTC")) == ([], D(0))
    world.wait(0)
    assert [read.wallet for read in world.reads()] == [WALLET]


def test_a_tape_fill_later_than_the_snapshot_counts() -> None:
    """Provisional fills move the decision."""
    world = World().started().wait(2_001).source("BTC", "1", "100000", feed=Feed.TAPE)
    assert world.order.terms.quantity == D("0.05")
    assert [row.confidence for row in world.all(FollowUpdate)] == ["provisional"]


def test_a_tape_fill_within_two_seconds_of_the_snapshot_waits_for_the_next_read() -> None:
    """Whether it is in the snapshot already cannot be told; the next one tells, and the growth is decided then."""
    world = World().started().source("BTC", "1", "100000", feed=Feed.TAPE, time=1_760_000_003_500)
    assert world.reasons == ["hold:source_known"]
    world.wait(3_500).snapshot()
    assert world.order.terms.quantity == D("0.05")


def test_a_richer_copy_of_a_tape_fill_confirms_it_and_is_not_applied_again() -> None:
    """The user feed's copy has the same key: the position becomes confirmed, nothing is ordered twice."""
    world = World().started().wait(2_001)
    poor = world.fill_of("BTC", "1", "100000")
    message(world, poor, feed=Feed.TAPE)
    order = world.order
    rich = world.fill_of("BTC", "1", "100000", "0", key=poor.key)
    message(world, rich)
    assert (world.orders, world.all(BotTrade), world.followed("BTC")) == ([], [], D(1))
    assert [row.confidence for row in world.all(FollowUpdate)] == ["confirmed"]
    world.fill(order)


def test_a_richer_copy_that_tells_otherwise_is_believed() -> None:
    """A copy whose `startPosition` shows a hole moves the target, although no fill was new."""
    world = World().started().wait(2_001)
    poor = world.fill_of("BTC", "1", "100000")
    message(world, poor, feed=Feed.TAPE)
    world.fill(world.order)
    rich = world.fill_of("BTC", "1", "100000", "-0.6", key=poor.key)
    message(world, rich)
    assert (world.followed("BTC"), world.target("BTC")) == (D("0.4"), D("-0.02"))
    assert world.order.terms.quantity == D("0.03")
    assert len(world.all(Gap)) == 1


def test_a_broken_chain_is_a_gap_that_stops_increases_until_a_snapshot() -> None:
    """The fill's own start is adopted, the repair is asked for, and increases wait; what was fetched comes first."""
    world = World().started().holding("BTC", "1", "100000").source("BTC", "1", "100000", start="3")
    assert [(row.expected, row.reported) for row in world.all(Gap)] == [(D(1), D(3))]
    assert [command.wallet for command in world.all(RepairSource)] == [WALLET]
    assert (world.followed("BTC"), world.reasons) == (D(4), ["hold:source_known"])
    assert world.wait(3_000).snapshot(BTC="4").orders == []
    world.send(SourceRepair(time=world.now, received=world.now, wallet=WALLET, stage=RepairStage.DONE, is_answer=True))
    world.wait(3_000).snapshot(BTC="4")
    assert world.order.terms.quantity == D("0.15")


def test_a_gap_that_shows_less_is_reduced_upon_at_once() -> None:
    """Reduces do not wait for the repair."""
    world = World().started().holding("BTC", "1", "100000").source("BTC", "-0.1", "100000", start="0.5")
    assert (world.followed("BTC"), world.order.terms.quantity) == (D("0.4"), D("0.03"))


def test_missed_fills_that_arrive_late_close_the_gap() -> None:
    """Fetched fills fill the hole: the same position, confirmed, and no growth is counted twice."""
    world = World().started().wait(100)
    first = world.fill_of("BTC", "1", "100000", "0", time=world.now - 50)
    second = world.fill_of("BTC", "1", "100000", "1", time=world.now - 40)
    third = world.fill_of("BTC", "1", "100000", "2", time=world.now - 30)
    message(world, first)
    message(world.fill(), third)
    assert world.orders == []
    message(world, second, feed=Feed.POLL)
    assert (world.followed("BTC"), world.order.terms.quantity) == (D(3), D("0.1"))
    assert world.state.follows["bot", "BTC"].confidence == "confirmed"


def test_history_that_turns_out_otherwise_keeps_an_anchor_that_was_used() -> None:
    """A late fill that shows the source flat in between does not size the open sleeve anew."""
    world = World().started().wait(5_000).snapshot().wait(5_000)
    early = world.fill_of("BTC", "1", "100000", "0", time=world.now - 50)
    late = world.fill_of("BTC", "1", "100000", time=world.now - 10)
    message(world, early)
    world.fill(world.order)
    anchor = world.state.sleeves["bot", "BTC"].anchor
    assert anchor is not None
    assert anchor.is_used
    message(world, late, feed=Feed.TAPE)
    world.fill(world.order)
    message(world, world.fill_of("BTC", "-1", "100000", time=world.now - 20), feed=Feed.TAPE)
    assert world.state.sleeves["bot", "BTC"].anchor is anchor
    assert world.followed("BTC") == 1


def test_provisional_fills_are_limited() -> None:
    """Beyond N unproven fills the oldest are taken as they are, and increases wait for a snapshot."""
    world = World(settings(tuning=Tuning(provisional_max=2))).started().wait(2_001)
    for _ in range(2):
        world.holding("BTC", "1", "100000", feed=Feed.TAPE)
    world.source("BTC", "1", "100000", feed=Feed.TAPE)
    assert world.followed("BTC") == 3
    assert world.state.follows["bot", "BTC"].uncertainty == "gap"
    assert world.reasons == ["hold:source_known"]


def test_one_decision_for_each_coin_of_a_message() -> None:
    """A message with fills of two coins brings one decision in each."""
    world = World().started().mark("ETH", "2000")
    message(world, world.fill_of("BTC", "1", "100000", "0"), world.fill_of("ETH", "10", "2000", "0"))
    assert sorted(decision.coin for decision in world.all(Decision)) == ["BTC", "ETH"]
    assert len(world.orders) == 2


def test_a_bot_that_is_switched_off_is_tracked_while_it_holds_something() -> None:
    """Its reduces go on; once flat, its wallet means nothing any more."""
    world = World().started().holding("BTC", "1", "100000")
    off = settings(bot(enabled=False), version=2)
    world.order_by(SetPolicy(policy=off)).source("BTC", "1", "100000")
    assert (world.orders, world.decision.reason) == ([], "bot_state")
    world.source("BTC", "-2", "100000")
    assert world.order.terms.side is Side.BUY
    world.fill(world.order).source("BTC", "1", "100000").snapshot().unreadable()
    assert (world.turn.records, world.turn.commands) == ([], [])
    world.source_equity("5")
    assert world.turn.records == []


def test_two_bots_are_followed_each_for_itself() -> None:
    """What one wallet does moves no other bot's sleeve."""
    world = World(settings(bot("one", WALLET), bot("two", OTHER))).started()
    world.holding("BTC", "1", "100000").holding("BTC", "2", "100000", wallet=OTHER)
    assert (world.sleeve("BTC", "one"), world.sleeve("BTC", "two")) == (D("-0.05"), D("-0.1"))


def test_a_held_growth_survives_a_partial_reduce_of_the_source() -> None:
    """15 after 10 was held, then 12: the increase to 12 is still permitted."""
    world = World().started().holding("BTC", "1", "100000").source("BTC", "0.5", "100000")
    first = world.order
    world.source("BTC", "0.5", "100000").source("BTC", "-0.2", "100000").fill(first)
    assert world.order.terms.quantity == D("0.015")


def test_nothing_is_decided_before_a_start() -> None:
    """Settings, account and source may be known: without `Started` nothing is sent."""
    world = World().started()
    fresh = World()
    for event, _ in world.journal:
        if not isinstance(event, Started):
            fresh.send(msgspec.structs.replace(event))
    fresh.now = world.now
    assert fresh.source("BTC", "1", "100000").orders == []


def test_seconds_and_minutes_are_what_they_are() -> None:
    """A fill that is 59 s old when it arrives is still followed."""
    world = World(settings(tuning=Tuning(snapshot_round_ms=2 * MINUTE_MS))).started().wait(MINUTE_MS)
    world.source("BTC", "1", "100000", time=world.now - 59 * SECOND_MS)
    assert len(world.orders) == 1
