"""
A bad network between the exchange and a worker: nothing is lost for good, and nothing is told that never was so.

Wallets trade all the time; afterwards they stand still, and what the core believes has to be what they hold.
"""

import pytest

from fadearena.core.engine import step
from fadearena.core.invariants import violations
from fadearena.core.state import State
from fadearena.model.event import AccountUnreadable, Notice, RepairStage, SourceRepair, SourceSnapshot, SourceUnreadable
from tests.support.bad_net import Trouble
from tests.support.bad_play import MASTER, BadPlay

QUICK = range(8)
SLOW = range(8, 38)


def check(seed: int) -> None:
    """Play a story, and demand what always has to be so."""
    play = BadPlay(seed)
    play.play()
    events, state = play.events, State()
    for event in events:
        step(state, event)
    assert violations(state) == []
    for bot, wallet in play.wallets.items():
        tracked = {
            coin: follow.now.position
            for (who, coin), follow in state.follows.items()
            if who == bot and follow.now is not None and follow.now.position
        }
        assert tracked == play.truth.now(wallet), bot
        assert not [coin for (who, coin), follow in state.follows.items() if who == bot and follow.uncertainty]
    ours = {coin: memory.book.position for (_, coin), memory in state.books.items() if memory.book.position}
    assert ours == play.truth.now(MASTER.address)
    assert not [key for key, memory in state.books.items() if memory.open or memory.watch.is_drifting]
    assert len(play.orders) == len(set(play.orders))
    wrong = [text for event in events if isinstance(event, SourceSnapshot) for text in play.truth.wrong_in(event)]
    assert wrong == []
    _check_gaps(play)


def _check_gaps(play: BadPlay) -> None:
    """Demand that each gap was told, and that each repair came to an end."""
    events, counts = play.events, play.net.counts
    lost = [event for event in events if isinstance(event, Notice) and "was lost" in event.text]
    if any(counts[f"socket {trouble}"] for trouble in (Trouble.DROP, Trouble.GARBAGE, Trouble.HALF_OPEN)):
        assert lost
    if counts[Trouble.NO_DEX] > 4:
        assert any(isinstance(event, SourceUnreadable | AccountUnreadable) for event in events)
    of_wallets = [event.received for event in lost if "of the wallets" in event.text]
    for wallet in play.wallets.values():
        told = [event for event in events if isinstance(event, SourceRepair) and event.wallet == wallet]
        assert told[0].stage is RepairStage.STARTED
        assert told[-1].stage is RepairStage.DONE
        assert told[-1].received >= max(of_wallets, default=0)


@pytest.mark.parametrize("seed", QUICK)
def test_what_is_believed_after_troubles_is_what_wallets_hold(seed: int) -> None:
    """Positions are the truth, no snapshot ever said otherwise, and every gap was told."""
    check(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", SLOW)
def test_what_is_believed_after_troubles_is_what_wallets_hold_often(seed: int) -> None:
    """The same with more seeds."""
    check(seed)
