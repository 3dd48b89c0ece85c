"""What is known of one wallet: the newest snapshot and the fills after it, each fill once, never flat by mistake."""

from decimal import Decimal

import pytest

from fadearena.adapters.hyperliquid.wallet_feed.wallet import FILLS_MAX, DexView, News, Rank, Remembered, Watched
from fadearena.model.event import SourceSnapshot
from fadearena.model.units import Side
from fadearena.model.wallet import Feed, SourceFill, SourcePosition
from tests.support.hyperliquid import ALICE, NOW


def watched(rank: Rank = Rank.WATCHED) -> Watched:
    """Return a wallet of which nothing is known."""
    return Watched(ALICE, rank, NOW, Remembered())


def fill(at: int, size: int, coin: str = "BTC") -> SourceFill:
    """Return a fill `at` ms after the beginning."""
    return SourceFill(
        key=f"{at}:{coin}:{size}",
        coin=coin,
        time=NOW + at,
        side=Side.BUY if size > 0 else Side.SELL,
        price=Decimal(100),
        quantity=Decimal(abs(size)),
    )


def snapshot(at: int, dex: str = "", **held: int) -> SourceSnapshot:
    """Return what was read `at` ms after the beginning."""
    positions = tuple(
        SourcePosition(coin=coin.replace("__", ":"), size=Decimal(size), entry=Decimal(90))
        for coin, size in held.items()
    )
    return SourceSnapshot(time=NOW + at, received=0, wallet=ALICE, dex=dex, positions=positions)


def held(wallet: Watched) -> dict[str, int]:
    """Return what it holds."""
    return {position.coin: int(position.size) for position in wallet.positions}


def test_fills_after_a_snapshot_are_added_to_it_and_those_before_are_in_it() -> None:
    """Whether they are heard before the answer or after it; a fill of its very millisecond counts as in it."""
    wallet = watched()
    for at, size in ((500, 1), (1_000, 2), (1_500, 4)):
        wallet.note(fill(at, size), Feed.TAPE, NOW + 1_600)
    assert held(wallet) == {}
    assert wallet.take(snapshot(1_000, BTC=10), NOW + 1_700) == set()
    wallet.note(fill(900, 8), Feed.TAPE, NOW + 1_800)
    wallet.note(fill(1_800, -3), Feed.TAPE, NOW + 1_900)
    assert held(wallet) == {"BTC": 11}


def test_a_fill_counts_once_and_is_told_again_where_a_later_feed_knows_more() -> None:
    """The tape lacks the position before a fill; stream and poll know it, the second of them brings nothing more."""
    wallet, one = watched(Rank.HELD), fill(1_000, 1)
    wallet.take(snapshot(0), NOW)
    told = [wallet.note(one, feed, NOW + 1_000) for feed in (Feed.TAPE, Feed.TAPE, Feed.USER, Feed.POLL, Feed.USER)]
    assert told == [News.NEW, News.KNOWN, News.RICHER, News.LATER, News.KNOWN]
    assert held(wallet) == {"BTC": 1}


def test_a_snapshot_says_which_coins_no_fill_explains() -> None:
    """It is taken over all the same, and the next one finds nothing."""
    wallet = watched()
    wallet.take(snapshot(0, BTC=1, ETH=5), NOW)
    wallet.note(fill(1_000, 1), Feed.TAPE, NOW + 1_000)
    assert wallet.unexplained(snapshot(2_000, BTC=2, ETH=6)) == {"ETH"}
    assert wallet.take(snapshot(2_000, BTC=2, ETH=6), NOW + 2_000) == {"ETH"}
    assert wallet.take(snapshot(3_000, BTC=2, ETH=6), NOW + 3_000) == set()
    assert held(wallet) == {"BTC": 2, "ETH": 6}


def test_a_position_stays_until_a_second_snapshot_lacks_it_too() -> None:
    """An answer that was cut short is not taken for flat; one whose fill closed it is believed at once."""
    wallet = watched()
    wallet.take(snapshot(0, BTC=1, ETH=5), NOW)
    wallet.note(fill(500, -1), Feed.TAPE, NOW + 500)
    assert wallet.take(snapshot(1_000), NOW + 1_000) == {"ETH"}
    assert held(wallet) == {"ETH": 5}
    wallet.take(snapshot(2_000, ETH=5), NOW + 2_000)
    wallet.take(snapshot(3_000), NOW + 3_000)
    assert held(wallet) == {"ETH": 5}
    wallet.take(snapshot(4_000), NOW + 4_000)
    assert held(wallet) == {}


def test_a_fill_as_close_as_a_tie_to_a_snapshot_has_it_read_again() -> None:
    """Whether it is heard before the answer or after it."""
    wallet = watched()
    wallet.note(fill(1_000, 1), Feed.TAPE, NOW + 1_000)
    wallet.take(snapshot(1_000, BTC=1), NOW + 1_000)
    first, wallet.dexs[""].is_tied = wallet.dexs[""].is_tied, False
    wallet.note(fill(1_003, 1), Feed.TAPE, NOW + 1_003)
    assert (first, wallet.dexs[""].is_tied) == (True, True)
    assert held(wallet) == {"BTC": 2}


@pytest.mark.parametrize(("time", "is_tied"), [(-1_001, False), (-1_000, True), (900, True), (1_011, False)])
def test_an_older_fill_that_is_heard_of_after_a_snapshot_has_it_read_again(time: int, is_tied: bool) -> None:
    """Nobody knows whether the snapshot holds it; what happened long before, and what is clearly later, is certain."""
    wallet, followed = watched(), watched(Rank.FOLLOWED)
    for each in (wallet, followed):
        each.take(snapshot(1_000, BTC=1), NOW + 1_000)
        each.note(fill(time, 1), Feed.TAPE, NOW + 1_200)
    assert wallet.dexs[""].is_tied is is_tied
    assert not followed.dexs[""].is_tied


def test_an_older_snapshot_says_nothing_and_a_time_that_cannot_be_does_not_stay() -> None:
    """Answers overtake one another; a clock that was wrong for a while blinds nobody."""
    wallet = watched()
    wallet.take(snapshot(2_000, BTC=2), NOW + 2_000)
    assert wallet.take(snapshot(1_000, BTC=1), NOW + 2_100) == set()
    assert held(wallet) == {"BTC": 2}
    wallet.take(snapshot(32_000, BTC=3), NOW + 3_000)
    wallet.take(snapshot(4_000, BTC=4), NOW + 4_000)
    assert held(wallet) == {"BTC": 4}


def test_a_dex_begins_with_the_first_fill_or_position_on_it() -> None:
    """One on which nothing is held is not remembered."""
    wallet = watched()
    wallet.take(snapshot(0, "flx"), NOW)
    wallet.note(fill(1_000, 1, "xyz:NVDA"), Feed.TAPE, NOW + 1_000)
    assert list(wallet.dexs) == ["", "xyz"]
    before = wallet.read_time
    wallet.take(snapshot(500, "xyz", xyz__NVDA=2), NOW + 1_100)
    wallet.take(snapshot(600), NOW + 1_100)
    assert held(wallet) == {"xyz:NVDA": 3}
    assert (before, wallet.read_time) == (None, NOW + 500)
    wallet.take(snapshot(700, "abc", abc__X=1), NOW + 1_200)
    assert held(wallet) == {"xyz:NVDA": 3, "abc:X": 1}


def test_an_entry_is_known_as_long_as_nothing_is_added() -> None:
    """A reduce keeps it, an increase or a turn does not."""
    wallet = watched()
    wallet.take(snapshot(0, BTC=4, ETH=4, SOL=4), NOW)
    for coin, size in (("BTC", -1), ("ETH", 1), ("SOL", -5)):
        wallet.note(fill(1_000, size, coin), Feed.TAPE, NOW + 1_000)
    assert {each.coin: each.entry for each in wallet.positions} == {"BTC": Decimal(90), "ETH": None, "SOL": None}


def test_fills_are_forgotten_once_nobody_can_tell_them_again() -> None:
    """Those of a wallet that is only watched after some seconds; of one that is told, while they may be fetched."""
    remembered = Remembered()
    quiet, told = Watched(ALICE, Rank.WATCHED, NOW, remembered), Watched(ALICE, Rank.HELD, NOW, remembered)
    for wallet in (quiet, told):
        for at in range(0, 60_000, 1_000):
            wallet.note(fill(at, 1), Feed.TAPE, NOW + at)
    assert (len(quiet.fills), len(told.fills)) == (20, 60)
    assert remembered.fills == 80
    late = snapshot(10_000, BTC=1)
    assert quiet.take(late, NOW + 60_000) is None
    assert told.take(late, NOW + 60_000) == set()
    told.forget_all()
    assert remembered.fills == 20


def test_what_is_remembered_of_a_wallet_has_a_limit() -> None:
    """However much it trades; what is beyond it moves nothing when it is told again."""
    wallet = watched(Rank.HELD)
    wallet.take(snapshot(0), NOW)
    for number in range(FILLS_MAX + 10):
        wallet.note(fill(1_000 + number, 1), Feed.TAPE, NOW + 10_000)
    assert len(wallet.fills) == FILLS_MAX
    assert wallet.note(fill(1_001, 1), Feed.POLL, NOW + 10_000) is News.NEW
    assert held(wallet) == {"BTC": FILLS_MAX + 10}


def test_what_is_fetched_completes_a_wallet_up_to_now_only() -> None:
    """A fill of an impossible time does not hide what is missed later."""
    wallet = watched(Rank.HELD)
    wallet.complete([fill(86_400_000, 1)], NOW + 5)
    assert wallet.complete_to == NOW + 5
    assert isinstance(wallet.dexs[""], DexView)
