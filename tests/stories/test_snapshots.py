"""Snapshots: a second, independent truth, that must be sure of itself before it overrules fills."""

from fadearena.model.event import RepairStage, SourceRepair, SourceSnapshot
from fadearena.model.record import FollowUpdate, PositionChange
from fadearena.model.units import MINUTE_MS, SECOND_MS
from fadearena.model.wallet import Feed
from tests.support.world import WALLET, D, World, bot, settings


def test_a_snapshot_that_contradicts_fills_must_be_read_twice() -> None:
    """The first reading asks for another, the second is believed and makes a position change."""
    world = (
        World().started().holding("BTC", "1", "100000").wait(3 * SECOND_MS).mark("BTC", "100000").snapshot(BTC="0.4")
    )
    assert (world.followed("BTC"), world.all(PositionChange)) == (D(1), [])
    world.wait(2_001)
    assert len(world.reads()) == 1
    world.snapshot(BTC="0.4")
    assert [(row.before, row.after) for row in world.all(PositionChange)] == [(D(1), D("0.4"))]
    assert world.order.terms.quantity == D("0.03")


def test_a_snapshot_within_two_seconds_of_a_fill_is_not_believed_against_it() -> None:
    """It may simply be older than the fill."""
    world = World().started().holding("BTC", "1", "100000")
    for _ in range(3):
        world.wait(600).snapshot(BTC="0.4")
    assert world.followed("BTC") == 1


def test_an_empty_state_after_positions_needs_three_reads() -> None:
    """Nothing at all is what a broken answer looks like."""
    world = World().started().holding("BTC", "1", "100000").wait(SECOND_MS)
    for read in range(3):
        assert (world.followed("BTC"), world.orders) == (D(1), [])
        world.wait(2_001 + (read == 0)).mark("BTC", "100000").snapshot(BTC="0")
    assert world.followed("BTC") == 0
    assert world.order.terms.quantity == D("0.05")


def test_an_empty_state_with_its_closing_fills_needs_none() -> None:
    """Fills that close the position are enough."""
    world = World().started().holding("BTC", "1", "100000").source("BTC", "-1", "100000")
    assert world.order.terms.quantity == D("0.05")


def test_a_failed_read_is_unknown_and_never_flat() -> None:
    """What was known stays, the read is tried again in ten seconds."""
    world = World().started().holding("BTC", "1", "100000").unreadable()
    assert (world.orders, world.followed("BTC")) == ([], D(1))
    world.wait(10 * SECOND_MS)
    assert len(world.reads()) == 1


def test_a_failed_first_read_is_tried_again() -> None:
    """Also before anything was ever read, whichever dex it was about."""
    for dex in (None, ""):
        world = World().started(snapshots=False).unreadable(dex=dex).wait(10 * SECOND_MS)
        assert [read.dex for read in world.reads()] == [""]


def test_a_stale_snapshot_says_nothing() -> None:
    """One that is not newer than the last is not looked at, and does not end the wait for a fresh one."""
    world = World().started().wait(60_001).source("BTC", "1", "100000")
    assert len(world.reads()) == 1
    at = world.now
    world.send(SourceSnapshot(time=at - 60_001, received=at, wallet=WALLET, dex="", positions=()))
    assert world.turn.commands == []
    assert world.followed("BTC") == 1
    world.wait(100).snapshot()
    assert len(world.orders) == 1


def test_a_snapshot_on_demand_that_is_old_itself_does_not_count() -> None:
    """What was taken more than a round ago is not fresh, whenever it arrives."""
    world = World().started().wait(120_000).source("BTC", "1", "100000")
    at = world.now
    world.send(SourceSnapshot(time=at - 60_001, received=at, wallet=WALLET, dex="", positions=()))
    assert world.orders == []


def test_a_growth_that_only_a_snapshot_shows_has_its_implied_price() -> None:
    """From 1 at 100,000 to 2 at 100,100: the second one cost 100,200, and the chase guard knows."""
    for price, passes in (("100200", True), ("99800", True), ("99600", False)):
        world = World().started().holding("BTC", "1", "100000").wait(SECOND_MS)
        world.snapshot(entry={"BTC": "100000"})
        for _ in range(2):
            world.wait(2_500).mark("BTC", price).snapshot(BTC="2", entry={"BTC": "100100"})
        assert bool(world.orders) is passes
        assert passes or world.decision.reason == "chase"


def test_a_growth_without_an_implied_price_is_not_chased() -> None:
    """Where the entry is not known the chase guard cannot be evaluated, and the increase is skipped."""
    world = World().started().holding("BTC", "1", "100000").wait(SECOND_MS)
    for _ in range(2):
        world.wait(2_500).mark("BTC", "100000").snapshot(BTC="2")
    assert (world.orders, world.decision.reason) == ([], "chase")
    world.source("BTC", "0.1", "100000")
    assert world.order.terms.quantity == D("0.055")


def test_a_snapshot_confirms_what_the_tape_said() -> None:
    """Agreement is shown as confirmed; nothing is decided anew."""
    world = World().started().wait(2_001).source("BTC", "1", "100000", feed=Feed.TAPE).fill().wait(2_001).snapshot()
    assert [row.confidence for row in world.all(FollowUpdate)] == ["confirmed"]
    assert world.orders == []
    world.wait(2_001).snapshot()
    assert world.all(FollowUpdate) == []


def test_a_position_in_doubt_holds_increases() -> None:
    """Between the first contradicting reading and the second a growth that is still held stays held."""
    world = World().started().holding("BTC", "1", "100000").source("BTC", "0.5", "100000")
    blocker = world.order
    world.source("BTC", "0.5", "100000").no_answer(blocker).wait(3_000).snapshot(BTC="3").mark("BTC", "100000")
    world.fill(blocker)
    assert world.reasons == ["hold:source_known"]
    world.wait(2_001).mark("BTC", "100000").snapshot(BTC="3", entry={"BTC": "100000"})
    assert world.order.terms.quantity == D("0.075")


def test_a_failed_repair_is_told_and_asks_for_snapshots() -> None:
    """Until one agrees the position is unknown, and increases are skipped, also one that was held."""
    world = World().started().holding("BTC", "1", "100000").source("BTC", "0.5", "100000")
    blocker = world.order
    world.source("BTC", "0.5", "100000")
    world.send(SourceRepair(time=world.now, received=world.now, wallet=WALLET, stage=RepairStage.FAILED))
    assert world.alerts == ["repair"]
    assert len(world.reads()) == 1
    world.fill(blocker)
    assert (world.orders, world.decision.reason) == ([], "source_known")


def test_repairs_and_roles_of_strangers_are_nothing() -> None:
    """A wallet that no bot has is not repaired."""
    world = World().started()
    world.send(SourceRepair(time=world.now, received=world.now, wallet="0x" + "ee" * 20, stage=RepairStage.DONE))
    assert (world.turn.commands, world.turn.records) == ([], [])


def test_a_repair_before_any_snapshot_reads_the_main_dex() -> None:
    """Done or failed, the comparison with a snapshot follows."""
    world = World(settings(bot())).started(snapshots=False)
    world.send(SourceRepair(time=world.now, received=world.now, wallet=WALLET, stage=RepairStage.DONE))
    assert [read.dex for read in world.reads()] == [""]


def test_each_dex_has_a_snapshot_of_its_own() -> None:
    """A reading of one dex says nothing of a coin on another."""
    world = World().started().snapshot(dex="xyz").wait(2_500).snapshot(dex="xyz").holding("xyz:NVDA", "10", "200")
    for _ in range(3):
        world.wait(2_500).snapshot()
    assert world.followed("xyz:NVDA") == 10


def test_a_failed_repair_of_what_was_never_known_shows_nothing() -> None:
    """A coin of which only tape fills were seen stays unknown."""
    world = World().started(snapshots=False).source("BTC", "1", "100000", feed=Feed.TAPE)
    world.send(SourceRepair(time=world.now, received=world.now, wallet=WALLET, stage=RepairStage.FAILED))
    assert world.all(FollowUpdate) == []


def test_what_grew_during_an_outage_is_not_made_up_for() -> None:
    """The first reading after a long silence shows more: nothing is opened on it, until the source grows again."""
    world = World().started().holding("BTC", "1", "100000").wait(10 * MINUTE_MS)
    for _ in range(2):
        world.wait(2_500).mark("BTC", "100000").snapshot(BTC="2", entry={"BTC": "100000"})
    assert (world.orders, world.decision.reason) == ([], "waits_for_growth")
    assert world.target("BTC") == D("-0.1")
    world.source("BTC", "0.2", "100000")
    assert world.order.terms.quantity == D("0.06")


def test_what_shrank_during_an_outage_is_reduced_at_once() -> None:
    """Exits are always made up for."""
    world = World().started().holding("BTC", "1", "100000").wait(10 * MINUTE_MS)
    for _ in range(2):
        world.wait(2_500).mark("BTC", "100000").snapshot(BTC="0.5")
    assert world.order.terms.quantity == D("0.025")


def test_after_an_agreeing_reading_an_outage_is_over() -> None:
    """Growth that shows later is followed as ever."""
    world = World().started().holding("BTC", "1", "100000").wait(10 * MINUTE_MS).snapshot(entry={"BTC": "100000"})
    for _ in range(2):
        world.wait(2_500).mark("BTC", "100000").snapshot(BTC="2", entry={"BTC": "100000"})
    assert world.order.terms.quantity == D("0.05")
