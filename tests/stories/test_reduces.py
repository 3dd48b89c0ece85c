"""Reduces: every event may bring one, nothing that stops increases stops them, and each goes on until it is through."""

import msgspec

from fadearena.model.command import PlaceOrder, ReadAccount
from fadearena.model.event import Instruments, Kill, OwnFills, Pause, Release
from fadearena.model.order import OwnFill, Purpose, RejectCode
from fadearena.model.units import SECOND_MS, Direction, Side
from fadearena.model.wallet import Feed, ForcedKind
from tests.support.world import MARKETS, OTHER, WALLET, D, World, bot, settings


def two() -> World:
    """One bot that is faded and one that is copied, in one account."""
    return World(
        settings(bot("fader", WALLET), bot("copier", OTHER, direction=Direction.COPY)), equity="100000"
    ).started()


def test_a_reduce_follows_the_source_down() -> None:
    """Half of the source's position gone is half of ours gone, by a reduce-only order."""
    world = World().started().holding("BTC", "1", "100000").source("BTC", "-0.5", "100000")
    terms = world.order.terms
    assert (terms.side, terms.quantity, terms.reduce_only, terms.purpose) == (
        Side.BUY,
        D("0.025"),
        True,
        Purpose.REDUCE,
    )


def test_a_reduce_goes_on_at_once_after_a_partial_fill() -> None:
    """A partial fill is no error: the rest is decided with the event that brought it."""
    world = World().started().holding("BTC", "1", "100000").source("BTC", "-1", "100000")
    world.fill(world.order, quantity="0.01")
    assert world.order.terms.quantity == D("0.04")


def test_failed_reduces_back_off_and_double_their_cap() -> None:
    """1, 2, 4 seconds; 100, 200, 300 bps and no more; an alert with the third failure; no end of attempts."""
    world = World().started().holding("BTC", "1", "100000").source("BTC", "-1", "100000")
    limits, pauses = [world.order.terms.limit], list[int]()
    for n in range(8):
        world.refuse(world.order)
        assert world.orders == []
        assert ("reduce" in world.alerts) is (n == 2)
        before = world.now
        while not world.orders:
            world.mark("BTC", "100000")
            if not world.orders:
                world.wait(SECOND_MS // 2)
        pauses.append((world.now - before) // SECOND_MS)
        limits.append(world.order.terms.limit)
    assert limits == [D(101000), D(102000), *[D(103000)] * 7]
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    assert world.state.letters == {}


def test_a_backoff_comes_due_without_any_event() -> None:
    """The next attempt is asked for as a wake, so that it comes even when the market is silent."""
    world = World().started().holding("BTC", "1", "100000").source("BTC", "-1", "100000")
    world.refuse(world.order).wait(SECOND_MS)
    assert world.order.terms.quantity == D("0.05")


def test_a_full_exit_does_not_wait_for_the_backoff_of_an_earlier_reduce() -> None:
    """A source that closes is followed at once, whatever failed before."""
    world = World().started().holding("BTC", "1", "100000").source("BTC", "-0.5", "100000")
    world.refuse(world.order).source("BTC", "-0.1", "100000")
    assert world.orders == []
    world.source("BTC", "-0.4", "100000")
    assert world.order.terms.quantity == D("0.05")


def test_a_refused_reduce_only_order_has_the_account_read() -> None:
    """The exchange says that there is nothing to reduce: then our position is not what we think."""
    world = World().started().holding("BTC", "1", "100000").source("BTC", "-1", "100000")
    world.refuse(world.order, RejectCode.REDUCE_ONLY)
    assert world.all(ReadAccount)


def test_a_liquidated_source_is_left_at_the_emergency_limit() -> None:
    """Liquidation and ADL fills of the source are exits with the widest cap, until they are through."""
    for forced in (ForcedKind.LIQUIDATION, ForcedKind.ADL):
        world = World().started().holding("BTC", "1", "100000").source("BTC", "-0.4", "100000", forced=forced)
        assert world.order.terms.limit == D(103000)
        first = world.order
        world.source("BTC", "-0.2", "100000").fill(first)
        assert world.order.terms.limit == D(103000)
        world.fill(world.order).source("BTC", "-0.2", "100000")
        assert world.order.terms.limit == D(101000)


def test_without_the_flag_ordinary_rules_hold() -> None:
    """The tape does not say why somebody sold."""
    world = World().started().holding("BTC", "1", "100000").source("BTC", "-1", "100000", feed=Feed.TAPE)
    assert world.order.terms.limit == D(101000)


def test_a_small_reduce_of_a_large_sleeve_stays_in_the_dead_band() -> None:
    """Less than 2 % of the target is not worth an order; a close is, however small."""
    world = World().started().holding("BTC", "1", "100000").source("BTC", "-0.01", "100000")
    assert (world.orders, world.decision.reason) == ([], "dead_band")
    assert world.decision.checks
    world.source("BTC", "-0.01", "100000")
    assert world.order.terms.quantity == D("0.001")


def test_a_reduce_that_would_leave_less_than_the_minimum_closes_the_sleeve() -> None:
    """$10 left over would be dust: everything goes."""
    world = World().started().holding("ETH", "1", "2000").source("ETH", "-0.9", "2000")
    assert world.order.terms.quantity == D("0.05")
    assert world.order.terms.reduce_only


def test_a_partial_reduce_below_the_minimum_waits() -> None:
    """$10 of $100 cannot be sent; when more is to go, all of it is."""
    world = World().started().holding("ETH", "1", "2000").source("ETH", "-0.1", "2000")
    assert (world.orders, world.decision.reason) == ([], "below_minimum")
    world.source("ETH", "-0.1", "2000")
    assert world.order.terms.quantity == D("0.01")


def test_a_close_of_the_whole_book_is_exempt_from_the_minimum() -> None:
    """A sleeve that fell below the minimum is closed by a reduce-only order, since it is all that the book holds."""
    world = World().started().holding("ETH", "0.2", "2000").mark("ETH", "800")
    world.source("ETH", "-0.2", "800")
    assert (world.order.terms.quantity, world.order.terms.reduce_only) == (D("0.01"), True)


def test_an_exit_that_un_nets_the_book_is_an_ordinary_order() -> None:
    """What moves the book away from zero, or beyond it, is not flagged reduce-only."""
    world = two().holding("BTC", "1", "100000").holding("BTC", "0.4", "100000", wallet=OTHER)
    assert world.state.books["main", "BTC"].book.position == D("-0.03")
    world.source("BTC", "-0.4", "100000", wallet=OTHER)
    assert (world.order.terms.side, world.order.terms.reduce_only) == (Side.SELL, False)
    world = two().holding("BTC", "1", "100000").holding("BTC", "0.4", "100000", wallet=OTHER)
    world.source("BTC", "-1", "100000")
    assert (world.order.terms.quantity, world.order.terms.reduce_only) == (D("0.05"), False)


def test_an_increase_that_nets_the_book_is_reduce_only() -> None:
    """The flag is about the book: a bot's increase that brings the book towards zero carries it."""
    world = two().holding("BTC", "1", "100000").source("BTC", "0.4", "100000", wallet=OTHER)
    assert (world.order.terms.purpose, world.order.terms.reduce_only) == (Purpose.INCREASE, True)


def test_pauses_do_not_stop_reduces() -> None:
    """A paused account and a paused bot follow the source down."""
    for pause in (Pause(), Pause(bot="bot")):
        world = World().started().holding("BTC", "1", "100000").order_by(pause).source("BTC", "-1", "100000")
        assert world.order.terms.purpose is Purpose.REDUCE


def test_the_kill_switch_stops_reduces_too() -> None:
    """HALTED sends nothing; the release goes on with what the source did meanwhile."""
    world = World().started().holding("BTC", "1", "100000").order_by(Kill()).source("BTC", "-1", "100000")
    assert (world.orders, world.decision.reason) == ([], "trading_state")
    world.order_by(Release())
    assert world.order.terms.quantity == D("0.05")


def test_a_bot_that_is_closed_starts_at_the_emergency_limit_and_doubles() -> None:
    """3, 6, 12, 20 %: a flatten's cap grows up to `flatten_max_bps`."""
    world = World().started().holding("BTC", "1", "100000").order_by(Kill(flatten=True, bot="bot"))
    limits = [world.order.terms.limit]
    for seconds in (1, 2, 4):
        world.refuse(world.order).wait(seconds * SECOND_MS)
        limits.append(world.order.terms.limit)
    assert limits == [D(103000), D(106000), D(112000), D(120000)]


def test_a_market_that_is_gone_stops_even_reduces() -> None:
    """A delisted market is settled by the exchange; nothing is sent there."""
    world = World().started().holding("BTC", "1", "100000")
    gone = msgspec.structs.replace(MARKETS[0], is_delisted=True)
    world.send(Instruments(time=world.now, received=world.now, instruments=(gone,)))
    world.source("BTC", "-1", "100000")
    assert (world.orders, world.decision.reason) == ([], "market_tradable")


def test_an_operators_trade_does_not_end_the_closing_of_a_bot() -> None:
    """While a bot is closed its target stays zero, whatever a person trades meanwhile."""
    world = World().started().holding("BTC", "1", "100000").order_by(Kill(flatten=True, bot="bot"))
    world.refuse(world.order).wait(10 * SECOND_MS)
    pending = [order for order in world.state.orders.values() if not order.status.is_settled]
    world.refuse(PlaceOrder(terms=pending[0].terms, identity=pending[0].identity)).wait(6 * SECOND_MS)
    fill = OwnFill(
        key="manual",
        account="main",
        coin="BTC",
        time=world.now,
        side=Side.BUY,
        price=D(100000),
        quantity=D("0.02"),
        fee=D(0),
        closed_pnl=D(0),
    )
    world.send(OwnFills(time=world.now, received=world.now, account="main", fills=(fill,)))
    assert world.target("BTC") == 0


def test_an_operators_cut_is_not_opened_again() -> None:
    """A growth that was held is dropped with the cut, and the ratio stays cut."""
    world = World().started().holding("BTC", "1", "100000").wait(6 * SECOND_MS)
    fill = OwnFill(
        key="manual",
        account="main",
        coin="BTC",
        time=world.now,
        side=Side.BUY,
        price=D(100000),
        quantity=D("0.025"),
        fee=D(0),
        closed_pnl=D(0),
    )
    world.send(OwnFills(time=world.now, received=world.now, account="main", fills=(fill,)))
    assert (world.sleeve("BTC"), world.target("BTC"), world.orders) == (D("-0.025"), D("-0.025"), [])
    world.source("BTC", "1", "100000")
    assert world.order.terms.quantity == D("0.025")


def test_while_everything_is_closed_sleeves_decide_nothing() -> None:
    """FLATTENING takes the books over: what the source does meanwhile is tracked and not followed."""
    world = World().started().holding("BTC", "1", "100000").order_by(Kill(flatten=True))
    closing = world.order
    assert closing.terms.purpose is Purpose.FLATTEN
    world.refuse(closing).source("BTC", "-0.5", "100000")
    assert [order.terms.purpose for order in world.orders] in ([], [Purpose.FLATTEN])
    assert world.followed("BTC") == D("0.5")


def test_fees_are_charged_to_the_sleeve_that_traded() -> None:
    """What an order cost is its bot's."""
    world = World().started().source("BTC", "1", "100000").fill(fee="2.25")
    assert world.state.books["main", "BTC"].book.sleeve("bot").fees == D("2.25")


def test_a_backoff_comes_due_although_another_wake_of_its_book_came_first() -> None:
    """Two sleeves of one book wait for different moments; neither forgets the other's."""
    policy = settings(bot("one", WALLET), bot("two", OTHER))
    world = World(policy, equity="100000").started().holding("BTC", "1", "100000")
    world.holding("BTC", "1", "100000", wallet=OTHER).source("BTC", "-1", "100000")
    for seconds in (1, 2, 4):
        world.refuse(world.order).wait(seconds * SECOND_MS)
    world.refuse(world.order).source("BTC", "-1", "100000", wallet=OTHER).refuse(world.order).wait(SECOND_MS)
    world.refuse(world.order).wait(2 * SECOND_MS).refuse(world.order).wait(4 * SECOND_MS).fill(world.order)
    world.wait(2 * SECOND_MS)
    assert [order.terms.bot for order in world.state.orders.values() if not order.status.is_settled] == ["one"]
