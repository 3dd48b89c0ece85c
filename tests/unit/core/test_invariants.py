"""Invariants: each kind of breakage is found, and only that one is named."""

from collections.abc import Callable
from decimal import Decimal as D

import pytest

from fadearena.core.invariants import violations
from fadearena.core.ledger import Book, Part
from fadearena.core.lifecycle import Order
from fadearena.core.state import STOPS_MAX, State
from fadearena.core.stop_order import StopOrder, StopStatus
from fadearena.model.event import Instruments, SetPolicy, Started
from fadearena.model.order import OrderStatus
from fadearena.model.units import Side
from tests.support.world import World, market


@pytest.fixture(name="world")
def world_with_a_sleeve() -> World:
    """A world with one filled short sleeve of 0.05 BTC, and one more increase in flight."""
    world = World().started()
    world.source("BTC", "1", at="100000")
    world.fill(fee="2.25").mark("BTC", "99000")
    return world.source("BTC", "1", at="99000")


def book(state: State) -> Book:
    """The one book."""
    return state.books["main", "BTC"].book


def sleeve(state: State) -> Part:
    """The one sleeve."""
    return book(state).sleeve("bot")


def flying(state: State) -> Order:
    """The order in flight."""
    (cloid,) = state.books["main", "BTC"].open
    return state.orders[cloid]


def lose_a_fill(state: State) -> None:
    """Let a sleeve forget a lot."""
    sleeve(state).size += D("0.00001")


def lose_the_position(state: State) -> None:
    """Let a book forget what it holds."""
    book(state).position = D(0)


def lose_the_shorts(state: State) -> None:
    """Let a book forget what it would hold after un-netting."""
    book(state).short = D(0)


def hold_half_a_lot(state: State) -> None:
    """Give half a lot from one part to another."""
    sleeve(state).size += D("0.000005")
    book(state).short += D("0.000005")
    book(state).external.size -= D("0.000005")


def keep_a_cost(state: State) -> None:
    """Let a flat part keep a cost, paid for by another."""
    book(state).residue.cost += 5
    sleeve(state).cost -= 5


def forget_exposure(state: State) -> None:
    """Let the cap see less than there is."""
    state.exposure -= 1


def forget_holdings(state: State) -> None:
    """Let a pool forget the value of a position, cash making up for it."""
    pool = state.accounts["main"].purse.pool("token:0")
    pool.holdings += 1
    assert pool.cash is not None
    pool.cash -= 1


def forget_initial_margin(state: State) -> None:
    """Let a pool forget margin that is in use."""
    state.accounts["main"].purse.pool("token:0").initial -= 1


def forget_maintenance_margin(state: State) -> None:
    """Let a pool forget what it would be liquidated for."""
    state.accounts["main"].purse.pool("token:0").maintenance -= 1


def forget_an_order_in_exposure(state: State) -> None:
    """Let the cap not see an order in flight."""
    state.reserved -= 1


def make_money(state: State) -> None:
    """Let a part earn what no cash was paid for."""
    sleeve(state).realised += 1


def lose_a_fee(state: State) -> None:
    """Let a part forget a fee that was paid."""
    sleeve(state).fees -= 1


def lose_funding(state: State) -> None:
    """Let a part forget funding."""
    sleeve(state).funding += 1


def lose_cash(state: State) -> None:
    """Let cash vanish."""
    state.accounts["main"].purse.pool("token:0").pay(D(1))


def increase_twice(state: State) -> None:
    """Let a book have two unsettled increases."""
    order = flying(state)
    other = Order(terms=order.terms, identity=order.identity, created=order.created)
    state.orders["0x99"] = other
    state.books["main", "BTC"].open.append("0x99")
    state.reserved += other.remaining * other.reserve_price


def forget_a_flying_coin(state: State) -> None:
    """Let an account forget where it has orders in flight."""
    state.accounts["main"].flying.clear()


def lose_an_order(state: State) -> None:
    """Let a book forget its order in flight."""
    state.books["main", "BTC"].open.clear()


def keep_a_settled_order(state: State) -> None:
    """Let a book wait for an order that is settled."""
    order = flying(state)
    state.reserved -= order.remaining * order.reserve_price
    order.status = OrderStatus.EXPIRED


def list_an_order_of_nobody(state: State) -> None:
    """Let a book wait for an order that is not known."""
    state.books["main", "BTC"].open.append("0x77")


def lose_an_execution(state: State) -> None:
    """Let an answer of 0.01 not be booked."""
    flying(state).answered = D("0.01")


def turn_a_target_around(state: State) -> None:
    """Let a target have the source's own sign although it is faded."""
    state.sleeves["bot", "BTC"].target *= -1


def keep_a_target_of_a_flat_source(state: State) -> None:
    """Let a target stay although nothing is followed."""
    track = state.follows["bot", "BTC"].now
    assert track is not None
    track.baseline = track.position


def stop_of(state: State, cloid: str) -> StopOrder:
    """Return a stop of 0.05 BTC that waits for its answer, put in its book."""
    stop = StopOrder(
        cloid=cloid,
        label="x",
        asset_id=0,
        side=Side.BUY,
        quantity=D("0.05"),
        covered=D("0.05"),
        trigger=D(105_000),
        distance=D("0.05"),
        shown_from=0,
    )
    state.books["main", "BTC"].stops.append(stop)
    return stop


def wait_for_two_stops(state: State) -> None:
    """Let a book send a stop while another is not answered yet."""
    stop_of(state, "0x1")
    stop_of(state, "0x2")


def keep_every_stop(state: State) -> None:
    """Let a book never forget a stop."""
    for n in range(STOPS_MAX + 1):
        stop_of(state, f"0x{n}").status = StopStatus.FILLED


def take_an_order_for_a_stop(state: State) -> None:
    """Let a stop have an order's cloid."""
    stop_of(state, flying(state).identity.cloid)


def cover_too_much(state: State) -> None:
    """Let a stop close more than it is of."""
    stop_of(state, "0x1").covered = D("0.06")


@pytest.mark.parametrize(
    ("corrupt", "said"),
    [
        (lose_a_fill, "the parts sum up to"),
        (lose_the_position, "the parts sum up to"),
        (lose_the_shorts, "short -0.05000 sleeves"),
        (hold_half_a_lot, "is not in whole lots"),
        (keep_a_cost, "residue: flat, but with a cost of 5"),
        (forget_exposure, "exposure is"),
        (forget_holdings, "holdings is"),
        (forget_initial_margin, "initial margin is"),
        (forget_maintenance_margin, "maintenance margin is"),
        (forget_an_order_in_exposure, "reserved is"),
        (make_money, "by its parts"),
        (lose_a_fee, "by its parts"),
        (lose_funding, "by its parts"),
        (lose_cash, "by its parts"),
        (increase_twice, "2 unsettled increases"),
        (forget_a_flying_coin, "orders are in flight in ['BTC'], kept []"),
        (lose_an_order, "are unsettled, the books list"),
        (keep_a_settled_order, "are unsettled, the books list"),
        (list_an_order_of_nobody, "are unsettled, the books list"),
        (lose_an_execution, "0.01 was executed, 0 is booked"),
        (wait_for_two_stops, "2 stops wait for an answer"),
        (keep_every_stop, "9 stops are remembered"),
        (take_an_order_for_a_stop, "is an order, too"),
        (cover_too_much, "covers 0.06 of 0.05"),
        (turn_a_target_around, "for followed"),
        (keep_a_target_of_a_flat_source, "for followed"),
    ],
)
def test_each_breakage_is_found(world: World, corrupt: Callable[[State], None], said: str) -> None:
    """A state that was corrupted on purpose is found out."""
    assert violations(world.state) == []
    corrupt(world.state)
    found = violations(world.state)
    assert [text for text in found if said in text]


def test_nothing_is_claimed_of_an_account_that_was_never_read() -> None:
    """Without a confirmed equity there is nothing to compare the parts with."""
    world = World(equity="0").started()
    assert world.state.accounts["main"].purse.opening is None
    assert violations(world.state) == []


def test_a_market_that_is_not_listed_has_no_lots_to_compare_with() -> None:
    """A position in an unknown market adds up as well, though nothing is known of its lots and margins."""
    world = World().started()
    world.mark("ODD", "10").read_account(ODD="3").wait(2_500).read_account(ODD="3")
    assert violations(world.state) == []


def test_a_holding_in_another_collateral_adds_up() -> None:
    """What an account held before, for a collateral that no reading names, changes equity by its profit."""
    gold = market("abc:GOLD", 120_001, 2, collateral_token=235)
    world = World(markets=(gold,))
    world.order_by(SetPolicy(policy=world.policy))
    world.send(Instruments(time=world.now, received=world.now, instruments=(gold,))).mark("abc:GOLD", "100")
    world.send(Started(time=world.now, received=world.now, rules_version=1, worker="w1"))
    world.read_account(abc_GOLD="3").mark("abc:GOLD", "150")
    assert world.state.accounts["main"].purse.equity == D(10_150)


def test_a_closed_sleeve_has_no_sign_to_compare() -> None:
    """After the source went flat and so did we, everything adds up."""
    world = World().started()
    world.source("BTC", "1", at="100000").fill()
    world.source("BTC", "-1", at="101000").fill()
    assert (world.sleeve("BTC"), world.target("BTC"), violations(world.state)) == (D(0), D(0), [])
