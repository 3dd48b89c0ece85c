"""Wallets that trade all the time, seen by the tape and by readings only (rules 2.3, 2.4)."""

from collections import Counter

from fadearena.model.command import PlaceOrder, ReadSource
from fadearena.model.event import SourceFills
from fadearena.model.record import BotTrade, Decision, PositionChange
from fadearena.model.wallet import Feed
from tests.support.story import Story, begun
from tests.support.world import WALLET, D, bot, settings

SIZES = ("0.013", "0.0171", "-0.0049", "0.0207", "-0.0111", "0.0033", "0.0187", "-0.0153")


def play(story: Story, trades: int) -> Counter[str]:
    """Let the wallet trade every 700 ms, read it when that is asked for, fill our orders; count the decisions."""
    said, seen = Counter[str](), len(story.journal)
    for n in range(trades):
        story.mark("BTC", "100000").source("BTC", SIZES[n % len(SIZES)], "100000", feed=Feed.TAPE).wait(150)
        while seen < len(story.journal):
            turned = story.journal[seen][1]
            seen += 1
            said.update(f"{record.outcome}" for record in turned.records if isinstance(record, Decision))
            said.update(
                type(record).__name__ for record in turned.records if isinstance(record, BotTrade | PositionChange)
            )
            for command in turned.commands:
                if isinstance(command, PlaceOrder):
                    story.fill(command)
                elif isinstance(command, ReadSource):
                    said["reads"] += 1
                    story.snapshot()
        story.wait(550)
    return said


def test_a_wallet_that_trades_all_the_time_is_decided_on() -> None:
    """Two minutes of a trade each 700 ms: increases are made, nothing is doubted, it is read now and then only."""
    story = begun().wait(500)
    said = play(story, 170)
    assert story.followed("BTC") == story.positions[WALLET, "BTC"]
    assert said["execute"] > 100
    assert said["BotTrade"] == 170
    assert said["reads"] < 10
    assert said["PositionChange"] == 0


def test_a_fill_before_anything_was_known_is_listed_once() -> None:
    """Readings do not hold it yet: it counts as soon as that is clear, and nobody tells it again."""
    story = Story(settings(bot()))
    story.started(snapshots=False)
    story.mark("BTC", "100000").source("BTC", "1", "100000", feed=Feed.TAPE, start="7", fresh=False)
    (told,) = story.all(BotTrade)
    assert (told.quantity, told.is_followed) == (D(1), False)
    story.later(20).snapshot(BTC="7").later(20).snapshot(BTC="7")
    assert story.followed("BTC") == D(0)
    story.positions[WALLET, "BTC"] = D(8)
    story.later(700).source("BTC", "0.6", "100000", feed=Feed.TAPE)
    assert (story.followed("BTC"), story.reasons) == (D("0.6"), ["hold:source_known"])
    assert story.later(100).snapshot().all(BotTrade) == []
    assert (story.followed("BTC"), story.reasons) == (D("1.6"), ["execute:increase"])
    again = story.fill_of("BTC", "1", "100000", "7", time=told.time, key=told.key)
    story.send(SourceFills(time=story.now, received=story.now, wallet=WALLET, feed=Feed.POLL, fills=(again,)))
    assert story.all(BotTrade) == []
