"""Closing everything until it is confirmed flat (rule 9)."""

from fadearena.model.command import BurnNonce, PlaceOrder, ReadAccount, ReadBook
from fadearena.model.event import Instruments, Kill, Release
from fadearena.model.order import OrderStatus, Purpose
from fadearena.model.policy import AccountPolicy
from fadearena.model.record import FillKind, MyFill
from fadearena.model.units import Side
from tests.support.story import Story, begun
from tests.support.world import MARKETS, OTHER, D, bot, market, settings

SUB = AccountPolicy(id="sub", address="0x" + "5e" * 20, signer="0x" + "0d" * 20, max_leverage=20)


def flattening(story: Story | None = None) -> tuple[Story, PlaceOrder]:
    """A story with one sleeve, everything ordered closed; the close is in flight."""
    story = story or begun().holding()
    story.order_by(Kill(flatten=True))
    return story, story.order


def closed() -> Story:
    """The close was filled; nothing was read since."""
    story, order = flattening()
    story.fill(order)
    return story


def test_flatten_closes_at_once_reduce_only_with_the_emergency_cap() -> None:
    """Flatten closes every book at once, reduce-only, for nobody's sleeve, from `emergency_bps` on; and reads."""
    story = begun().holding().holding("ETH", "-10", "2000")
    story.order_by(Kill(flatten=True))
    assert [(o.terms.coin, o.terms.side, o.terms.quantity, o.terms.limit) for o in story.orders] == [
        ("BTC", Side.BUY, D("0.05"), D(103000)),
        ("ETH", Side.SELL, D("0.5"), D(1940)),
    ]
    assert all(
        (o.terms.purpose, o.terms.reduce_only, o.terms.bot) == (Purpose.FLATTEN, True, None) for o in story.orders
    )
    assert [read.account for read in story.all(ReadAccount)] == ["main"]
    assert story.latches() == ["all flatten", "all kill"]


def test_flatten_burns_what_is_in_flight_and_closes_beside_it() -> None:
    """Orders in flight get their noop, and the live position is closed at once beside them."""
    story = begun().holding()
    increase = story.opened("BTC", "1", "100000")
    story.order_by(Kill(flatten=True))
    assert story.burns() == [increase.identity.cloid]
    assert story.order.terms.quantity == D("0.05")
    story.burnt(increase)
    assert story.orders == []


def test_second_order_to_flatten_sends_no_second_close() -> None:
    """Ordering it again only looks again at once."""
    story, order = flattening()
    story.order_by(Kill(flatten=True))
    assert (story.orders, story.all(BurnNonce), len(story.all(ReadAccount))) == ([], [], 1)
    assert story.status(order) is OrderStatus.PENDING


def test_external_and_other_dexs_are_closed_too() -> None:
    """What the exchange shows is closed, whoever opened it, in every dex."""
    story = begun()
    story.mark("ETH", "2000").mark("xyz:NVDA", "180")
    story.order_by(Kill(flatten=True))
    assert story.orders == []
    story.read_account(ETH="0.3", xyz_NVDA="-2")
    assert [(o.terms.coin, o.terms.side, o.terms.quantity) for o in story.orders] == [
        ("ETH", Side.SELL, D("0.3")),
        ("xyz:NVDA", Side.BUY, D(2)),
    ]


def test_every_account_is_closed() -> None:
    """All accounts are read and closed, and all must be flat."""
    policy = settings(bot(), bot("two", OTHER, account="sub"))
    policy = settings(*policy.bots, accounts=(*policy.accounts, SUB))
    story = begun(policy).holding("BTC", "1").holding("BTC", "2", wallet=OTHER)
    story.order_by(Kill(flatten=True))
    assert [(o.terms.account, o.terms.quantity) for o in story.orders] == [("main", D("0.05")), ("sub", D("0.1"))]
    assert [read.account for read in story.all(ReadAccount)] == ["main", "sub"]
    for order in list(story.orders):
        story.fill(order)
    story.wait(1)
    story.read_account().wait(2_000)
    story.read_account()
    assert "all flatten" in story.latches()
    story.read_account(account="sub").wait(2_000)
    story.read_account(account="sub")
    assert story.latches() == ["all kill"]


def test_flat_needs_two_readings_two_seconds_apart() -> None:
    """Flat is confirmed by two complete readings at least 2 s apart that show nothing."""
    story = closed()
    story.wait(1)
    story.read_account().wait(1_999)
    story.read_account()
    assert "all flatten" in story.latches()
    story.wait(1)
    story.read_account()
    assert (story.latches(), story.alerts) == (["all kill"], ["flatten"])


def test_readings_must_be_newer_than_the_last_settlement_and_fill() -> None:
    """A reading from before the close was settled proves nothing."""
    story = closed()
    story.read_account().wait(2_000)
    story.read_account().wait(1_999)
    story.read_account()
    assert "all flatten" in story.latches()
    story.wait(1)
    story.read_account()
    assert story.latches() == ["all kill"]


def test_fill_between_the_two_readings_starts_them_anew() -> None:
    """An own fill after the first reading makes that reading worthless."""
    story = closed()
    story.wait(5_002)
    story.read_account().wait(1_000)
    story.fills(story.own_fill("ETH", "1", "2000"), story.own_fill("ETH", "-1", "2000"))
    story.wait(1_001)
    story.read_account()
    assert "all flatten" in story.latches()
    story.wait(2_000)
    story.read_account()
    assert story.latches() == ["all kill"]


def test_reading_that_shows_something_starts_them_anew() -> None:
    """A position that shows up again is closed, and flat has to be confirmed from the beginning."""
    story = closed()
    story.wait(1)
    story.read_account().wait(2_000)
    story.read_account(BTC="0.01")
    assert story.order.terms.side is Side.SELL
    story.fill().wait(1)
    story.read_account(BTC="0")
    assert "all flatten" in story.latches()


def test_failed_close_is_retried_with_doubled_cap_and_alerted() -> None:
    """A close that fails alarms, is sent anew after a reading, with twice the cap up to `flatten_max_bps`."""
    story, order = flattening()
    limits = [order.terms.limit]
    for failed in range(1, 5):
        story.reject(order)
        assert "flatten" in story.alerts
        assert len(story.all(ReadAccount)) == (1 if failed < 3 else 0)
        story.read_account()
        order = story.order
        limits.append(order.terms.limit)
    assert limits == [103_000, 106_000, 112_000, 120_000, 120_000]
    story.filled(order, "0.02", "100000").read_account()
    assert story.order.terms.limit == 103_000


def test_close_that_is_lost_is_tried_again_past_its_deadline() -> None:
    """While a close is unknown no second one is sent; past its deadline one is, even if it cannot be settled."""
    story, order = flattening()
    story.lose(order).processed(order).read_account(BTC="-0.05")
    assert story.orders == []
    story.wait(10_000)
    story.read_account(BTC="-0.05")
    assert story.order.terms.quantity == D("0.05")


def test_close_beside_an_order_that_was_sent_waits_for_it() -> None:
    """No second close is sent while the first is on its way."""
    story, order = flattening()
    story.sent(order).read_account()
    assert story.orders == []


def test_unsettled_order_keeps_it_from_being_confirmed() -> None:
    """Flat is not confirmed while an order is unsettled, however often zero is read."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    story.order_by(Kill(flatten=True))
    for _ in range(4):
        story.wait(2_001)
        story.read_account(BTC="0")
    assert "all flatten" in story.latches()
    story.wait(order.identity.expires_after + 5_000 - story.now)
    story.fills(complete=True)
    story.read_account(BTC="0")
    assert story.status(order) is OrderStatus.REJECTED
    story.wait(1)
    story.read_account().wait(2_000)
    story.read_account()
    assert story.latches() == ["all kill"]


def test_what_our_books_still_say_is_booked_to_zero() -> None:
    """Once confirmed flat, sleeves, residue and external are booked to 0 at mark, whatever they said."""
    story = begun(settings(bot(), bot("two", OTHER)))
    story.holding("BTC", "1").holding("BTC", "-1", wallet=OTHER)
    assert story.position() == 0
    story.order_by(Kill(flatten=True))
    assert story.orders == []
    for _ in range(2):
        story.wait(2_001)
        story.read_account()
    assert story.latches() == ["all kill"]
    assert {(row.bot, row.kind, row.price) for row in story.all(MyFill)} == {
        ("bot", FillKind.FLATTEN, D(100_000)),
        ("two", FillKind.FLATTEN, D(100_000)),
    }
    assert (story.part("bot"), story.part("two")) == (D(0), D(0))


def test_flat_although_our_sum_says_otherwise() -> None:
    """A position that vanished without a fill of ours does not keep an unknown order, and flatten, open for ever."""
    story, order = flattening()
    story.lose(order).processed(order)
    story.wait(order.identity.expires_after + 5_000 - story.now)
    story.fills(complete=True).read_account(BTC="0")
    for _ in range(2):
        story.wait(2_001)
        story.read_account(BTC="0")
    assert (story.latches(), story.sleeve("BTC")) == (["all kill"], D(0))


def test_held_back_fill_is_told_before_flat_is_confirmed() -> None:
    """A fill of which nobody knows whose it is yet keeps flat from being confirmed until it is booked."""
    story, order = flattening()
    story.fills(story.own_fill("BTC", "0.01", "100000"))
    story.fill(order, quantity="0.04")
    for _ in range(2):
        story.wait(2_001)
        story.read_account(BTC="0")
    assert "all flatten" in story.latches()
    for _ in range(3):
        story.wait(2_001)
        story.read_account(BTC="0")
    assert story.latches() == ["all kill"]


def test_rounds_of_readings_go_on_until_it_is_done() -> None:
    """Every account is read every two seconds while it is being closed, and no more afterwards."""
    story = closed()
    story.wait(2_000)
    assert story.all(ReadAccount)
    story.read_account().wait(2_000)
    story.read_account()
    assert story.latches() == ["all kill"]
    story.wait(2_000)
    assert "flatten" not in story.state.wakes


def test_release_is_refused_until_confirmed_flat() -> None:
    """A release while positions are being closed is refused."""
    story, _ = flattening()
    story.order_by(Release())
    assert story.refusal() == "it is still closing positions: release is possible once it is halted"
    assert "all flatten" in story.latches()


def confirmed() -> Story:
    """Everything is closed and confirmed."""
    story = closed()
    for _ in range(2):
        story.wait(2_001)
        story.read_account()
    assert story.latches() == ["all kill"]
    return story


def test_release_is_a_new_start() -> None:
    """After a flatten only what the source does from the release on is followed."""
    story = confirmed()
    assert story.source("BTC", "1", "100000").orders == []
    story.order_by(Release())
    assert (story.latches(), story.followed("BTC"), story.orders) == ([], D(0), [])
    story.wait(1)
    assert story.source("BTC", "-1", "100000").orders == []
    story.wait(1)
    assert story.source("BTC", "2", "100000").order.terms.quantity == D("0.1")


def test_release_with_rejoin_takes_up_what_the_bots_hold() -> None:
    """Released with `rejoin`, what the bots hold now is taken up at once."""
    story = confirmed()
    story.mark("BTC", "100000").snapshot()
    assert story.order_by(Release(rejoin=True)).order.terms.quantity == D("0.05")


def test_market_that_cannot_be_traded_is_alerted() -> None:
    """A position in a market that is delisted, or not known, cannot be closed: that alarms once for each."""
    story = begun().holding()
    gone = market("BTC", 0, 5, is_delisted=True)
    story.send(Instruments(time=story.now, received=story.now, instruments=(gone,)))
    story.order_by(Kill(flatten=True))
    assert (story.orders, story.alerts) == ([], ["kill", "flatten"])
    story.read_account(DOGE="5")
    assert (story.orders, story.alerts) == ([], ["flatten"])


def test_position_without_a_price_is_alerted_and_its_book_fetched() -> None:
    """Where no price is known the book is fetched, and the close goes with the next round."""
    story = begun(markets=MARKETS)
    story.order_by(Kill(flatten=True))
    story.read_account(SOL="10")
    assert ([read.coin for read in story.all(ReadBook)], story.orders) == (["SOL"], [])
    assert "flatten" in story.alerts
    story.mark("SOL", "200").wait(2_000)
    assert story.read_account(SOL="10").order.terms.limit == 194


def test_old_price_is_refreshed_while_closing() -> None:
    """A price older than a minute is used at once, and the book is fetched for the next attempt."""
    story = begun().holding()
    story.wait(60_000)
    story.order_by(Kill(flatten=True))
    assert [read.coin for read in story.all(ReadBook)] == ["BTC"]
    assert story.order.terms.limit == 103_000
