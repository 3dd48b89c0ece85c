"""Repairs that overlap, and repairs of very many at once: none ends another, and none costs what nobody needs."""

import pytest

from fadearena.model.command import ReadSource
from fadearena.model.event import RepairStage, SourceFills
from fadearena.model.record import BotTrade
from fadearena.model.wallet import Feed
from tests.stories.test_crowd_of_bots import repair
from tests.support.story import begun
from tests.support.world import T0, WALLET, D


def test_a_younger_gap_does_not_end_what_a_start_still_fetches() -> None:
    """A socket that was away for a second meanwhile proves nothing of the hours before."""
    story = begun().holding().wait(30_000).crash().takes_over().read_all()
    repair(story, RepairStage.STARTED)
    repair(story, RepairStage.DONE, since=story.now - 5_000)
    there = story.fill_of("ETH", "10", "2000", "0", time=story.now - 20_000)
    back = story.fill_of("ETH", "-10", "2000", "10", time=story.now - 15_000)
    story.wait(2_001).snapshot(BTC="1").wait(2_001).snapshot(BTC="1")
    assert story.source("BTC", "1", "100000").orders == []
    trip = SourceFills(time=back.time, received=story.now, wallet=WALLET, feed=Feed.POLL, fills=(there, back))
    assert [record.key for record in story.send(trip).all(BotTrade)] == [there.key, back.key]
    repair(story, RepairStage.DONE, since=T0)
    assert not story.state.bots["bot"].is_repairing


def test_a_gap_after_a_start_that_failed_to_fetch_ends_by_itself() -> None:
    """What a start could not fetch waits for the next start, and holds up nothing that comes later."""
    story = begun().holding().wait(30_000).crash().takes_over().read_all()
    repair(story, RepairStage.FAILED, is_answer=True)
    repair(story, RepairStage.STARTED)
    repair(story, RepairStage.DONE, since=story.now - 5_000)
    assert not story.state.bots["bot"].is_repairing


def test_a_repair_of_who_holds_nothing_and_is_sure_asks_for_no_snapshot() -> None:
    """A socket that was away for a moment would cost thousands of readings; the next round reads everybody anyway."""
    story = begun().wait(2_001).snapshot()
    repair(story, RepairStage.STARTED)
    repair(story, RepairStage.DONE, since=story.now - 5_000)
    assert story.all(ReadSource) == []
    assert story.wait(2_001).all(ReadSource) == []


def test_a_repair_of_who_holds_something_is_followed_by_two_snapshots() -> None:
    """What money stands on is compared at once, and again."""
    story = begun().holding().wait(2_001).snapshot(BTC="1")
    repair(story, RepairStage.STARTED)
    repair(story, RepairStage.DONE, since=story.now - 5_000)
    assert [read.dex for read in story.all(ReadSource)] == [""]
    assert [read.dex for read in story.wait(2_001).all(ReadSource)] == [""]


@pytest.mark.parametrize("stage", [RepairStage.DONE, RepairStage.FAILED])
def test_an_answer_to_us_ends_no_hole_that_the_feed_has_not_mended(stage: RepairStage) -> None:
    """What the feed still fetches is listed when it comes, and no snapshot proves anything before."""
    story = begun().wait(2_001).snapshot().wait(1_000)
    repair(story, RepairStage.STARTED)
    there = story.fill_of("ETH", "10", "2000", "0", time=story.now - 200)
    back = story.fill_of("ETH", "-10", "2000", "10", time=story.now - 100)
    repair(story, stage, since=T0, is_answer=True)
    assert story.state.bots["bot"].is_repairing
    story.wait(2_001).snapshot().wait(2_001).snapshot()
    trip = SourceFills(time=back.time, received=story.now, wallet=WALLET, feed=Feed.POLL, fills=(there, back))
    assert [record.key for record in story.send(trip).all(BotTrade)] == [there.key, back.key]
    repair(story, RepairStage.DONE, since=T0)
    assert not story.state.bots["bot"].is_repairing


def test_a_younger_gap_that_cannot_be_fetched_does_not_end_what_a_start_still_fetches() -> None:
    """Only the answer to what the start asked does, be it a failure."""
    story = begun().holding().wait(30_000).crash().takes_over().read_all()
    repair(story, RepairStage.STARTED)
    repair(story, RepairStage.FAILED)
    assert story.state.bots["bot"].is_repairing
    repair(story, RepairStage.FAILED, is_answer=True)
    assert not story.state.bots["bot"].is_repairing


@pytest.mark.parametrize("coin", ["BTC", "ETH"])
def test_a_round_trip_that_comes_after_a_snapshot_agreed_is_listed_once(coin: str) -> None:
    """It is history and moves nothing, also in a coin that was never seen before; told again it is none of the news."""
    story = begun().read_all().wait(2_001).snapshot(BTC="1").wait(10_000)
    held = "1" if coin == "BTC" else "0"
    there = story.fill_of(coin, "10", "2000", held, time=story.now - 8_000)
    back = story.fill_of(coin, "-10", "2000", str(D(held) + 10), time=story.now - 500)
    story.snapshot(BTC="1").wait(100)
    for times in (1, 0):
        told = SourceFills(time=back.time, received=story.now, wallet=WALLET, feed=Feed.POLL, fills=(there, back))
        assert [record.key for record in story.send(told).all(BotTrade)] == [there.key, back.key] * times
        story.wait(2_001).snapshot(BTC="1")
    assert (story.followed(coin), story.orders) == (D(held), [])


def test_of_very_many_fills_that_were_let_go_none_is_listed_twice() -> None:
    """What is older than all that is remembered may have been listed."""
    story = begun().read_all().wait(2_001).snapshot(BTC="1")
    fills = [story.fill_of("ETH", "1", "2000", str(n), time=story.now + n) for n in range(200)]
    for listed in (200, 0):
        story.wait(200)
        told = SourceFills(time=story.now, received=story.now, wallet=WALLET, feed=Feed.POLL, fills=tuple(fills))
        assert len(story.send(told).all(BotTrade)) == listed
        story.wait(2_001).snapshot(BTC="1", ETH="200").wait(2_001).snapshot(BTC="1", ETH="200")
