"""The order of readings: new ones first, held ones at their rhythm, the others in turn, strange dexs rarely."""

from collections import Counter

import pytest

from fadearena.adapters.hyperliquid.wallet_feed.options import WalletOptions
from fadearena.adapters.hyperliquid.wallet_feed.rounds import Rounds, differs
from fadearena.adapters.hyperliquid.wallet_feed.wallet import DexView, Rank, Remembered, Watched
from tests.support.hyperliquid import NOW


class Turns:
    """A roster, and readings one after the other, `each_ms` apart; an answer takes no time."""

    def __init__(self, each_ms: int, **ranks: int) -> None:
        remembered = Remembered()
        self.wallets = {
            f"{rank}-{number}": Watched(f"{rank}-{number}", Rank[rank.upper()], NOW, remembered)
            for rank, count in ranks.items()
            for number in range(count)
        }
        self.rounds = Rounds(self.wallets, WalletOptions())
        self.rounds.add(self.wallets.values())
        self.now = NOW
        self._each_ms = each_ms

    def take(self, count: int) -> list[tuple[str, str]]:
        """Return who is read next, where nobody was due for a while nothing."""
        found: list[tuple[str, str]] = []
        while len(found) < count:
            turn = self.rounds.take(self.now)
            if isinstance(turn, int):
                self.now = turn
                continue
            watched, dex = turn
            found.append((watched.wallet, dex))
            self.now += self._each_ms
        return found


def test_new_wallets_are_read_first_those_that_are_told_before_the_others() -> None:
    """Everybody once on the exchange's own dex, before anybody is looked for on another one."""
    turns = Turns(250, held=1, followed=3, watched=4)
    turns.rounds.know(("", "xyz"))
    first = turns.take(8)
    assert first[0] == ("held-0", "")
    assert [wallet for wallet, _ in first[1:4]] == ["followed-0", "followed-1", "followed-2"]
    assert {dex for _, dex in first} == {""}
    assert ("followed-0", "xyz") in turns.take(12)


def test_a_wallet_that_is_only_watched_is_read_twice_at_first() -> None:
    """The second time once a fill around the first reading is decided."""
    turns = Turns(100, watched=1)
    assert turns.take(2) == [("watched-0", ""), ("watched-0", "")]
    assert 2_000 < turns.now - NOW < 3_000
    turns.take(1)
    assert turns.now - NOW > 60_000


def test_held_wallets_keep_their_rhythm_among_thousands() -> None:
    """Two of them are read every ten seconds, whatever waits besides."""
    turns = Turns(250, held=2, followed=1_000, watched=4_000)
    found = Counter(wallet for wallet, _ in turns.take(4 * 60))
    assert found["held-0"] == found["held-1"] == 6


def test_nobody_waits_for_ever_behind_those_that_matter_more() -> None:
    """Where held ones alone would take every turn, others are read, too."""
    turns = Turns(1_000, held=50, followed=20, watched=20)
    found = Counter(wallet.partition("-")[0] for wallet, _ in turns.take(2_000))
    assert found["held"] > found["followed"] > found["watched"] > 100


def test_the_length_of_a_round_is_measured_and_told_where_it_changed() -> None:
    """By more than a tenth; with many followed wallets a round is as long as their readings take."""
    turns = Turns(250, followed=100)
    turns.take(500)
    assert turns.rounds.round_ms is not None
    assert 25_000 <= turns.rounds.round_ms <= 26_000
    assert differs(turns.rounds.round_ms, None)
    assert differs(30_000, 27_000)
    assert not differs(29_000, 27_000)


def test_a_dex_on_which_a_wallet_was_seen_is_read_from_then_on() -> None:
    """And looked at no more rarely than its other ones."""
    turns = Turns(250, followed=1)
    watched = turns.wallets["followed-0"]
    turns.take(1)
    watched.dexs["xyz"] = DexView()
    turns.rounds.see(watched, "xyz")
    turns.rounds.see(watched, "xyz")
    assert Counter(dex for _, dex in turns.take(20)) == {"": 10, "xyz": 10}


def test_who_changes_rank_or_goes_is_read_as_such_at_once() -> None:
    """Once only, however often the rank changed meanwhile."""
    turns = Turns(250, watched=2)
    turns.take(4)
    one = turns.wallets["watched-1"]
    for rank in (Rank.HELD, Rank.WATCHED, Rank.HELD):
        one.rank = rank
        turns.rounds.add([one])
    del turns.wallets["watched-0"]
    turns.rounds.drop({"watched-0"})
    began = turns.now
    assert {wallet for wallet, _ in turns.take(6)} == {"watched-1"}
    assert turns.now - began >= 50_000


def test_what_has_to_be_read_again_comes_at_its_time() -> None:
    """Before everything else that is due then."""
    turns = Turns(250, followed=200)
    turns.take(10)
    turns.rounds.again("followed-199", "xyz", turns.now + 1_000)
    turns.rounds.again("gone", "", turns.now)
    found = turns.take(6)
    assert ("followed-199", "xyz") in found[3:]


@pytest.mark.parametrize("back_ms", [30_000, 3_600_000])
def test_a_clock_that_is_set_back_stops_nobody(back_ms: int) -> None:
    """Everybody is read in the same order, and as soon, as if nothing had been."""
    found = []
    for step_ms in (0, back_ms):
        turns = Turns(250, held=1, followed=3, watched=5)
        turns.rounds.know(("", "xyz"))
        turns.take(30)
        turns.rounds.again("held-0", "xyz", turns.now + 1_000)
        turns.now -= step_ms
        began = turns.now
        found.append((turns.take(60), turns.now - began))
    (order, length), (order_then, length_then) = found
    assert order_then == order
    assert abs(length_then - length) <= 250


def test_a_time_in_which_nothing_was_read_makes_no_round_longer() -> None:
    """A machine that slept for an hour must not take readings of an hour ago for fresh; nor one whose clock was set."""
    turns = Turns(250, followed=4)
    turns.take(20)
    length = turns.rounds.round_ms
    for leap_ms in (3_600_000, -3_600_000):
        turns.now += leap_ms
        for _ in range(20):
            turns.take(1)
            assert turns.rounds.round_ms == length
