"""The crowd: trades of the exchange like any other, as many as are asked for."""

from collections import defaultdict
from decimal import Decimal as D

import pytest

from fadearena.kit.clock import ManualClock
from fadearena.model.error import InvalidInput
from fadearena.model.ids import Address, Coin
from fadearena.model.units import HOUR_MS, MINUTE_MS, SECOND_MS
from fadearena.sandbox.exchange.crowd import CrowdOptions
from fadearena.sandbox.exchange.exchange import Exchange
from fadearena.sandbox.exchange.trading import HOUSE
from fadearena.sandbox.nouns import Fill, News, Payment, Trade
from tests.support.box import NOON, books_balance

PACE = D(100)


class Place:
    """An exchange with a crowd, and what happens there."""

    def __init__(
        self, traders: int = 60, coins: int = 40, pace: D = PACE, *, start: int = NOON, others: int = 0
    ) -> None:
        self.clock = ManualClock(start)
        options = CrowdOptions(traders, pace)
        self.exchange = Exchange(self.clock, 1, traders=others, history_ms=0, coins=coins, crowd=options)
        self.news: list[News] = []
        self.exchange.listen(self.news.append)

    def wait(self, ms: int) -> None:
        """Let time pass, a second at a time."""
        for _ in range(ms // SECOND_MS):
            self.clock.move_by(SECOND_MS)
            self.exchange.meet()

    @property
    def trades(self) -> list[Trade]:
        """What was printed so far."""
        return [one for one in self.news if isinstance(one, Trade)]


@pytest.fixture(scope="module")
def place() -> Place:
    """An exchange whose crowd has traded for a few seconds."""
    made = Place(others=2)
    made.wait(12 * SECOND_MS)
    return made


def test_the_books_balance(place: Place) -> None:
    """Sizes sum up to zero with the market maker's, and everybody's money has a source."""
    books_balance(place.exchange)


def test_as_many_trades_as_are_asked_for(place: Place) -> None:
    """By the second, in order of time, in whole lots at the mark, never with oneself, on most coins."""
    crowd = {member.account.address for member in place.exchange.crowd}
    theirs = [one for one in place.trades if {one.buyer, one.seller} & crowd]
    assert len(theirs) == 12 * PACE
    assert [one.time for one in theirs] == sorted(one.time for one in theirs)
    assert not any(one.buyer == one.seller for one in theirs)
    assert len({one.coin for one in theirs}) > 35
    assert len({(one.time, one.coin, one.trade_id) for one in theirs}) == len(theirs)
    for one in theirs:
        asset = place.exchange.view.asset(one.coin)
        assert one.quantity > 0
        assert one.quantity % D(1).scaleb(-asset.size_decimals) == 0
    assert any(one.buyer in crowd and one.seller in crowd for one in theirs)
    assert any(HOUSE & {one.buyer, one.seller} for one in theirs)


def test_tape_fills_and_positions_agree(place: Place) -> None:
    """Summed up from the tape and chained by their start, fills end in the positions that the exchange holds."""
    sizes: defaultdict[tuple[Address, Coin], D] = defaultdict(D)
    for one in place.trades:
        sizes[one.buyer, one.coin] += one.quantity
        sizes[one.seller, one.coin] -= one.quantity
    chained: dict[tuple[Address, Coin], D] = {}
    for fill in (one for one in place.news if isinstance(one, Fill)):
        assert fill.start == chained.get((fill.user, fill.coin), D(0))
        chained[fill.user, fill.coin] = fill.start + fill.side.signed(fill.quantity)
    held = {(user, coin): size for user, of in place.exchange.view.positions().items() for coin, size in of.items()}
    assert {key: size for key, size in sizes.items() if size} == held
    assert {key: size for key, size in chained.items() if size} == held


def test_open_interest_is_what_is_held_long(place: Place) -> None:
    """It is counted along, and the same as summed up."""
    held = place.exchange.view.positions().values()
    for coin in ("BTC", "xyz:TSLA", "SYN1"):
        longs = sum((max(of.get(coin, D(0)), D(0)) for of in held), start=D(0))
        assert place.exchange.view.context(coin).open_interest == longs


def test_nobody_holds_too_much(place: Place) -> None:
    """Gross, everybody stays far below its money; some have one balance for all dexs, some are flat in a coin."""
    view = place.exchange.view
    for member in place.exchange.crowd:
        gross = sum(abs(held.size) * view.mark(coin) for coin, held in member.account.positions.items())
        assert gross < sum(member.account.cash.values()) + sum(
            held.margin for held in member.account.positions.values()
        )
    assert {member.account.mode for member in place.exchange.crowd} == {"disabled", "unifiedAccount"}
    closed = [one for one in place.news if isinstance(one, Fill) and one.start + one.side.signed(one.quantity) == 0]
    assert len(closed) > 50


def test_old_fills_are_forgotten() -> None:
    """Each keeps its last ones, and all of them together have room for so many."""
    place = Place(3, 12)
    for member in place.exchange.crowd:
        member.account.fills_kept = 20
    place.wait(2 * SECOND_MS)
    for member in place.exchange.crowd:
        assert 20 <= len(member.account.fills) <= 25
    many = Place(500, 12, D(0))
    assert {member.account.fills_kept for member in many.exchange.crowd} == {1_000}


def test_it_can_be_quiet_and_go_on() -> None:
    """At no trades a second all traders rest and prices go on; what was not traded then is never made up for."""
    place = Place(others=2)
    place.wait(2 * SECOND_MS)
    place.exchange.set_pace(D(0))
    place.news.clear()
    held, mark = place.exchange.view.positions(), place.exchange.view.mark("BTC")
    place.wait(MINUTE_MS)
    assert place.trades == []
    assert place.exchange.view.positions() == held
    assert place.exchange.view.mark("BTC") != mark
    assert place.exchange.pace_ms == SECOND_MS
    place.exchange.set_pace(D(50))
    place.wait(SECOND_MS)
    assert 49 <= len(place.trades) <= 55
    assert place.exchange.pace_ms < SECOND_MS


def test_without_a_crowd_the_others_rest_and_go_on() -> None:
    """The pace of nobody is that of those with a name: they rest, or do not."""
    place = Place(0, 0, D(50), others=2)
    assert place.exchange.pace_ms == SECOND_MS
    place.exchange.set_pace(D(0))
    place.wait(3 * MINUTE_MS)
    assert place.trades == []
    place.exchange.set_pace(D(1))
    place.wait(3 * MINUTE_MS)
    assert place.trades


def test_what_cannot_be_done_in_time_is_left_out() -> None:
    """After a pause of the machine trades of the last second happen, and those before it do not."""
    place = Place()
    place.clock.move_by(30 * SECOND_MS)
    place.exchange.meet()
    assert PACE <= len(place.trades) <= PACE + 1
    assert {one.time for one in place.trades} == {NOON + 30 * SECOND_MS}


@pytest.mark.parametrize("pace", [D(-1), D("NaN"), D("Infinity")], ids=str)
def test_a_pace_is_a_number(pace: D) -> None:
    """Anything else is refused."""
    with pytest.raises(InvalidInput, match="no number of trades"):
        Place(pace=pace)


def test_two_are_no_crowd() -> None:
    """Fewer than three cannot trade."""
    with pytest.raises(InvalidInput, match="no crowd"):
        Place(2)


def test_funding_is_paid_bit_by_bit_and_once() -> None:
    """After a full hour everybody with a position is paid once for each coin, and the books still balance."""
    place = Place(start=NOON + HOUR_MS - 3 * SECOND_MS)
    place.wait(4 * SECOND_MS)
    place.exchange.set_pace(D(0))
    place.news.clear()
    place.wait(30 * SECOND_MS)
    paid = [(one.user, one.coin) for one in place.news if isinstance(one, Payment)]
    held = {(user, coin) for user, of in place.exchange.view.positions().items() for coin in of}
    assert len(paid) == len(set(paid)) > 100
    first_three = {coin for _, coin in held} - {coin for _, coin in paid}
    assert len(first_three) <= 6
    assert {pair for pair in held if pair[1] not in first_three} == set(paid)
    books_balance(place.exchange)


def test_who_cannot_carry_its_position_is_liquidated_in_its_turn() -> None:
    """A price that jumps ruins those who are short; others get new money for what they lost."""
    place = Place(coins=12)
    place.wait(12 * SECOND_MS)
    before = len([one for one in place.news if isinstance(one, Fill) and one.liquidation])
    assert before == 0
    for coin in ("BTC", "ETH", "SOL", "AVAX", "BNB", "DOGE"):
        place.exchange.push_price(coin, place.exchange.view.mark(coin) * 40, 10_000)
    place.wait(4 * SECOND_MS)
    assert [one for one in place.news if isinstance(one, Fill) and one.liquidation]
    books_balance(place.exchange)


def test_a_new_coin_is_traded_at_once() -> None:
    """On a dex that was not there, too: it has prices, a place in its dex, and members of the crowd who trade it."""
    place = Place()
    place.exchange.list_coin("NEW")
    place.exchange.list_coin("abcd:FIRST")
    place.wait(12 * SECOND_MS)
    dexs = place.exchange.view.dexs
    assert dexs[0].assets[-1].coin == "NEW"
    assert (dexs[-1].name, dexs[-1].assets[0].asset_id) == ("abcd", 100_000 + 10_000 * (len(dexs) - 1))
    assert {"NEW", "abcd:FIRST"} <= {one.coin for one in place.trades}
    books_balance(place.exchange)


def test_a_crowd_is_not_kept() -> None:
    """To write it down is refused, with what to do instead."""
    with pytest.raises(InvalidInput, match="without --state"):
        Place(pace=D(0)).exchange.dump()
