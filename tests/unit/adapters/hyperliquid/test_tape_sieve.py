"""Messages of the tape: whose trades are kept, each once, and what is told of rows that cannot be read."""

import gc
import json

import pytest

from fadearena.adapters.hyperliquid.tape_feed.news import TapeFills
from fadearena.adapters.hyperliquid.tape_feed.sieve import KEYS_MAX, Sieve
from fadearena.model.units import Side
from tests.support.hyperliquid import ALICE, BOB
from tests.support.tape import trade

NOW = 10_000


def data(*rows: object) -> bytes:
    """Return the data of a message."""
    return json.dumps(rows).encode()


def test_a_trade_is_told_to_each_party_that_is_watched() -> None:
    """All that one message says of one wallet stands together; who is not watched is nobody."""
    sieve = Sieve((ALICE, BOB))
    text = data(trade(1, buyer=ALICE), trade(2, seller=BOB, buyer=ALICE), trade(3))
    alice, bob = sieve.sift(text, NOW).fills
    assert (alice.wallet, [(fill.key, fill.side) for fill in alice.fills]) == (
        ALICE,
        [("1:BTC:1:B", Side.BUY), ("2:BTC:2:B", Side.BUY)],
    )
    assert (bob.wallet, [(fill.key, fill.side) for fill in bob.fills]) == (BOB, [("2:BTC:2:A", Side.SELL)])
    assert not sieve.sift(text, NOW).fills
    assert sieve.repeats == 3


def test_who_is_watched_later_is_told_what_comes_again() -> None:
    """A trade of two is told to each once, whenever they came."""
    sieve, text = Sieve((ALICE,)), data(trade(1, buyer=ALICE, seller=BOB))
    assert [fills.wallet for fills in sieve.sift(text, NOW).fills] == [ALICE]
    sieve.watch((ALICE, BOB))
    assert [fills.wallet for fills in sieve.sift(text, NOW).fills] == [BOB]
    sieve.watch(())
    assert sieve.wallets == frozenset()
    assert not sieve.sift(data(trade(2, buyer=ALICE)), NOW).fills


def test_one_tid_in_two_coins_or_at_two_times_is_two_trades() -> None:
    """Only time, coin and tid together name a trade."""
    sieve = Sieve((ALICE,))
    rows = [trade(1, tid=7, buyer=ALICE), trade(1, tid=7, coin="ETH", buyer=ALICE), trade(2, tid=7, buyer=ALICE)]
    assert sum(len(fills.fills) for fills in sieve.sift(data(*rows), NOW).fills) == 3


def test_a_wallet_that_meets_itself_has_two_fills() -> None:
    """It bought and it sold."""
    (fills,) = Sieve((ALICE,)).sift(data(trade(1, buyer=ALICE, seller=ALICE)), NOW).fills
    assert [fill.side for fill in fills.fills] == [Side.BUY, Side.SELL]


@pytest.mark.parametrize("px", ["abc", "0", "-1"])
def test_an_impossible_number_is_told_and_the_others_go_on(px: str) -> None:
    """Its coin is doubted."""
    sifted = Sieve((ALICE,)).sift(data(trade(1, buyer=ALICE) | {"px": px}, trade(2, buyer=ALICE)), NOW)
    assert [fill.time for fills in sifted.fills for fill in fills.fills] == [2]
    assert (len(sifted.rejected), sifted.doubted) == (1, {"BTC"})


def test_rows_that_cannot_be_read_are_told_one_by_one() -> None:
    """Where not even the coin can be read, nobody knows which it was."""
    broken = {"coin": "ETH", "px": 1}
    sifted = Sieve((ALICE,)).sift(data(trade(1, buyer=ALICE), broken, {"px": "1"}), NOW)
    assert [type(each) for each in sifted.fills] == [TapeFills]
    assert (len(sifted.rejected), sifted.doubted) == (2, {"ETH", None})
    assert '"ETH"' in sifted.rejected[0].excerpt


@pytest.mark.parametrize("text", [b"{}", b"null", b'"x"', b"[1,2]"])
def test_a_message_that_is_no_tape_doubts_all(text: bytes) -> None:
    """It is told, and nothing is raised."""
    sifted = Sieve((ALICE,)).sift(text, NOW)
    assert (len(sifted.trades), len(sifted.fills), sifted.doubted) == (0, 0, {None})
    assert sifted.rejected


def test_memory_is_bounded_and_says_what_it_forgot() -> None:
    """Two thousand keys of a coin; what is older is not told again, but doubted, in this coin only."""
    sieve = Sieve((ALICE,))
    for time in range(1, 3 * KEYS_MAX + 1):
        assert len(sieve.sift(data(trade(time, buyer=ALICE)), NOW).fills) == 1
    again = sieve.sift(data(trade(2 * KEYS_MAX + 1, buyer=ALICE)), NOW)
    assert not again.doubted
    old = sieve.sift(data(trade(2, buyer=ALICE)), NOW)
    assert (len(again.fills), len(old.fills), old.doubted) == (0, 0, {"BTC"})
    other = sieve.sift(data(trade(2, coin="ETH", buyer=ALICE)), NOW)
    assert (len(other.fills), other.doubted) == (1, set())


def test_memory_is_no_business_of_the_collector() -> None:
    """It looks through none of the keys: those of hundreds of coins would block everything for tens of milliseconds."""
    sieve = Sieve((ALICE,))
    (told,) = sieve.sift(data(*(trade(time, buyer=ALICE) for time in range(1, KEYS_MAX))), NOW).fills
    gc.collect()
    key = told.fills[-1].key
    assert [each for each in gc.get_objects() if isinstance(each, dict | set) and key in each] == []


def test_a_trade_from_afar_in_time_makes_no_later_one_doubtful_for_ever() -> None:
    """It counts as one of a minute from now: later ones are told once that is over, whatever was forgotten."""
    sieve, later = Sieve((ALICE,)), NOW + 60_000
    sieve.sift(data(trade(NOW + 10**9, buyer=ALICE)), NOW)
    for number in range(1, 2 * KEYS_MAX + 1):
        sieve.sift(data(trade(NOW + number, buyer=ALICE)), NOW)
    assert sieve.sift(data(trade(later, buyer=ALICE)), later).doubted == {"BTC"}
    told = sieve.sift(data(trade(later + 1, buyer=ALICE)), later + 1)
    assert (len(told.fills), told.doubted) == (1, set())
