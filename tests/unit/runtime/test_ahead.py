"""What lies ahead of our clock waits while that is measured: a fact that is told once is not lost by a wrong clock."""

from collections.abc import Iterable

import pytest

from fadearena.model.command import ReadOwnFills, RepairSource
from fadearena.model.event import (
    CashMoved,
    Event,
    FundingPaid,
    Notice,
    OwnFills,
    RepairStage,
    SourceFills,
    SourceRepair,
    SourceSnapshot,
)
from fadearena.model.wallet import Feed
from fadearena.runtime.ahead import FUTURE_MS, PATIENCE_MS, WAITING_MAX, Ahead
from fadearena.runtime.inbox import Incoming
from tests.support.room import notice
from tests.support.world import OTHER, T0, WALLET, D

LATER = T0 + FUTURE_MS + 3_000


class Doubted:
    """Counts how often somebody doubts the clock."""

    def __init__(self) -> None:
        self.times = 0
        self.ahead = Ahead(self.doubt)

    def doubt(self) -> None:
        """Count."""
        self.times += 1

    def sift(self, events: Iterable[Event], now: int = T0) -> list[Event]:
        """Return the events that can be taken at some time."""
        return [each.event for each in self.ahead.sift([Incoming(event) for event in events], now)]


def cash(key: str, time: int = LATER) -> CashMoved:
    """Return a payment of some time."""
    return CashMoved(time=time, received=0, key=key, account="main", usd=D(1))


def test_what_is_not_ahead_passes() -> None:
    """In its order, whatever it is; up to five seconds are no reason to doubt."""
    doubted = Doubted()
    events: list[Event] = [cash("a", T0 + FUTURE_MS), notice("b"), cash("c", T0)]
    assert doubted.sift(events) == events
    assert (doubted.times, len(doubted.ahead)) == (0, 0)


@pytest.mark.parametrize(
    "event",
    [
        cash("a"),
        OwnFills(time=LATER, received=0, account="main", fills=()),
        FundingPaid(
            time=LATER, received=0, key="f", account="main", coin="ETH", usd=D(1), rate=D("0.0001"), oracle=D(2_000)
        ),
    ],
)
def test_a_fact_that_is_ahead_waits_until_the_clock_is_right(event: Event) -> None:
    """People are told once, the clock is measured, and then it is taken before what came later."""
    doubted = Doubted()
    (told,) = doubted.sift([event])
    assert isinstance(told, Notice)
    assert "8 s" in told.text
    assert doubted.times == 1
    assert doubted.sift([cash("b")]) == []
    assert doubted.sift([notice("c")], LATER - FUTURE_MS) == [event, cash("b"), notice("c")]
    assert len(doubted.ahead) == 0


def test_what_is_ahead_for_a_minute_is_set_aside_by_the_turn() -> None:
    """No fact comes from the future: it passes on, to be refused where everything is."""
    doubted = Doubted()
    far = cash("far", T0 + 10 * PATIENCE_MS)
    doubted.sift([far])
    assert doubted.sift([], T0 + PATIENCE_MS - 1) == []
    assert doubted.sift([], T0 + PATIENCE_MS) == [far]


def test_a_clock_that_was_set_back_ends_the_wait() -> None:
    """Nobody knows then how long it lasted."""
    doubted = Doubted()
    doubted.sift([cash("a")])
    assert doubted.sift([], T0 - 1) == [cash("a")]


def test_what_is_asked_again_does_not_wait() -> None:
    """Answers and snapshots are refused, and come again by themselves."""
    doubted = Doubted()
    snapshot = SourceSnapshot(time=LATER, received=0, wallet=WALLET, dex="", positions=())
    answer = Incoming(OwnFills(time=LATER, received=0, account="main", fills=()), ReadOwnFills(account="main", since=0))
    assert doubted.sift([snapshot]) == [snapshot]
    assert doubted.ahead.sift([answer], T0) == [answer]


def test_the_end_of_a_repair_waits_for_the_fills_that_it_vouches_for() -> None:
    """Pushed or answered: were it to pass, the fills would come to a wallet that is taken for known."""
    doubted = Doubted()
    fills = SourceFills(time=LATER, received=0, wallet=WALLET, feed=Feed.POLL, fills=())
    done, other = (
        SourceRepair(time=0, received=0, wallet=wallet, stage=RepairStage.DONE) for wallet in (WALLET, OTHER)
    )
    asked = RepairSource(wallet=WALLET, since=T0)
    told = doubted.ahead.sift([Incoming(fills), Incoming(done), Incoming(fills, asked), Incoming(done, asked)], T0)
    assert [type(each.event) for each in told] == [Notice]
    assert doubted.sift([other]) == [other]
    assert doubted.sift([], LATER - FUTURE_MS) == [fills, done, fills, done]
    assert doubted.sift([done]) == [done]


def test_answers_from_before_a_recovery_are_dropped() -> None:
    """What was pushed stays, for nobody tells it again."""
    doubted = Doubted()
    fills = SourceFills(time=LATER, received=0, wallet=WALLET, feed=Feed.POLL, fills=())
    asked = RepairSource(wallet=WALLET, since=T0)
    doubted.ahead.sift([Incoming(cash("a")), Incoming(fills, asked)], T0)
    doubted.ahead.forget_answers()
    done = SourceRepair(time=0, received=0, wallet=WALLET, stage=RepairStage.DONE)
    assert doubted.sift([done]) == [done]
    assert doubted.sift([], LATER - FUTURE_MS) == [cash("a")]


def test_only_so_much_waits() -> None:
    """What is too much passes on at once."""
    doubted = Doubted()
    doubted.sift(cash(str(n)) for n in range(WAITING_MAX))
    assert doubted.sift([cash("more")]) == [cash("more")]
