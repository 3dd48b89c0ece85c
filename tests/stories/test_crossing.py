"""Crossings: two bots that want the opposite exchange it in the ledger, at mid, without an order."""

from fadearena.model.event import Marks, Pause
from fadearena.model.market import Quote
from fadearena.model.policy import Policy, Tuning
from fadearena.model.record import FillKind, MyFill, PartKind
from fadearena.model.units import MINUTE_MS, SECOND_MS, Direction, Side
from tests.support.world import OTHER, WALLET, D, World, bot, settings


def two(**more: object) -> Policy:
    """A bot that is faded and one that is copied, in one account."""
    copier = bot("copier", OTHER, direction=Direction.COPY)
    return settings(bot("fader", WALLET), copier, **more)


def crosses(world: World) -> list[tuple[str | None, Side, D]]:
    """Who got what in the last event's crossings."""
    return [(row.bot, row.side, row.quantity) for row in world.all(MyFill) if row.kind is FillKind.CROSS]


def waiting(policy: Policy | None = None, first: str = "1", second: str = "0.4") -> World:
    """Two opposite growths behind an order in flight, which is then settled without a fill."""
    world = World(policy or two(), equity="100000").started()
    world.source("BTC", "0.01", "100000")
    blocker = world.order
    world.source("BTC", first, "100000").source("BTC", second, "100000", wallet=OTHER)
    return world.refuse(blocker)


def test_opposite_growths_are_exchanged_and_the_rest_is_sent() -> None:
    """One wants to sell 0.0505, the other to buy 0.02: 0.02 change hands at mid, 0.0305 are sold."""
    world = waiting()
    assert crosses(world) == [("fader", Side.SELL, D("0.02")), ("copier", Side.BUY, D("0.02"))] or crosses(world) == [
        ("copier", Side.BUY, D("0.02")),
        ("fader", Side.SELL, D("0.02")),
    ]
    assert world.reasons[:2] == ["execute:crossed", "execute:crossed"]
    assert world.order.terms.quantity == D("0.0305")
    world.fill(world.order)
    assert (world.sleeve("BTC", "fader"), world.sleeve("BTC", "copier")) == (D("-0.0505"), D("0.02"))
    assert world.state.books["main", "BTC"].book.position == D("-0.0305")


def test_a_crossing_saves_both_sides_fee_and_half_the_spread() -> None:
    """What each side saved is shown in its row and counted for its bot."""
    world = World(two(), equity="100000").started().holding("BTC", "1", "100000")
    world.mark("BTC", "100000", spread="20")
    world.source("BTC", "-1", "100000", fresh=False)
    blocker = world.order
    world.refuse(blocker).mark("BTC", "100000", spread="20").source("BTC", "-1", "100000", wallet=OTHER, fresh=False)
    rows = [row for row in world.all(MyFill) if row.kind is FillKind.CROSS]
    assert [row.saved for row in rows] == [D("0.05") * (10 + D("0.00045") * 100000)] * 2
    assert world.state.bots["fader"].stats.crossed_saved_usd == rows[0].saved


def test_an_exit_and_an_opposite_entry_are_exchanged() -> None:
    """One bot's exit is the other one's entry: no order, no fee, and the book is as it was."""
    world = World(two(), equity="100000").started().holding("BTC", "1", "100000")
    world.source("BTC", "-1", "100000").refuse(world.order).source("BTC", "-1", "100000", wallet=OTHER)
    assert world.orders == []
    assert (world.sleeve("BTC", "fader"), world.sleeve("BTC", "copier")) == (D(0), D("-0.05"))
    assert world.state.books["main", "BTC"].book.position == D("-0.05")


def test_two_exits_are_exchanged_even_while_increases_are_stopped() -> None:
    """Reduces cross in REDUCING, too."""
    world = World(two(), equity="100000").started().holding("BTC", "1", "100000")
    world.holding("BTC", "1", "100000", wallet=OTHER).order_by(Pause())
    world.source("BTC", "-1", "100000")
    assert world.order.terms.reduce_only is False
    world.refuse(world.order).source("BTC", "-1", "100000", wallet=OTHER)
    assert world.orders == []
    assert (world.sleeve("BTC", "fader"), world.sleeve("BTC", "copier")) == (D(0), D(0))


def test_the_increasing_side_passes_all_checks_first() -> None:
    """A growth that a check refuses takes nothing over; the exit goes by order."""
    world = World(two(), equity="100000").started().holding("BTC", "1", "100000").order_by(Pause(bot="copier"))
    world.source("BTC", "-1", "100000").refuse(world.order).source("BTC", "-1", "100000", wallet=OTHER)
    assert crosses(world) == []
    assert world.sleeve("BTC", "fader") == D("-0.05")


def test_two_increases_share_the_room_of_a_cap() -> None:
    """$3,000 of room for both: 0.015 each, though each alone might take all of it."""
    world = waiting(two(global_exposure_cap=D(3000)), "1", "1")
    assert {quantity for _, _, quantity in crosses(world)} == {D("0.015")}
    assert world.orders == []
    assert world.state.exposure == 3000


def test_two_increases_count_both_in_the_margin() -> None:
    """The worst un-netting after an exchange has both new sleeves in it."""
    world = waiting(two(asset_exposure_caps={"BTC": D(4000)}), "1", "1")
    assert {quantity for _, _, quantity in crosses(world)} == {D("0.02")}
    assert world.state.exposure == 4000


def test_what_lies_in_the_dead_band_is_not_exchanged() -> None:
    """A want that is not worth an order is not worth a crossing."""
    world = World(two(), equity="100000").started().holding("BTC", "1", "100000")
    world.holding("BTC", "1", "100000", wallet=OTHER).source("BTC", "-0.01", "100000")
    world.source("BTC", "-0.5", "100000", wallet=OTHER)
    assert crosses(world) == []


def test_nothing_is_exchanged_without_a_recent_mid() -> None:
    """Without a touch there is no mid, and an old one would move money between the bots."""
    world = World(two(), equity="100000").started().holding("BTC", "1", "100000")
    world.holding("BTC", "1", "100000", wallet=OTHER).source("BTC", "-1", "100000").refuse(world.order)
    world.wait(SECOND_MS // 2).source("BTC", "-1", "100000", wallet=OTHER, fresh=False)
    assert len(crosses(world)) == 2
    world = World(two(), equity="100000").started().holding("BTC", "1", "100000")
    world.holding("BTC", "1", "100000", wallet=OTHER).wait(MINUTE_MS + 1)
    quote = Quote(coin="BTC", mark=D(100000), mark_time=world.now)
    world.send(Marks(time=world.now, received=world.now, quotes=(quote,)))
    world.source("BTC", "-1", "100000", fresh=False).refuse(world.order)
    world.source("BTC", "-1", "100000", wallet=OTHER, fresh=False)
    assert crosses(world) == []


def test_growths_that_wait_for_their_window_are_not_exchanged_before() -> None:
    """A window gathers first."""
    world = World(two(tuning=Tuning(coalesce_ms=1000)), equity="100000").started()
    world.source("BTC", "1", "100000").source("BTC", "1", "100000", wallet=OTHER)
    assert crosses(world) == []
    world.wait(1000)
    assert len(crosses(world)) == 2
    assert world.orders == []


def test_a_crossing_is_no_round_trip_through_the_exchange() -> None:
    """Both rows are sleeves' rows, with no fee and no cloid."""
    rows = [row for row in waiting().all(MyFill) if row.kind is FillKind.CROSS]
    assert {(row.part, row.fee, row.cloid) for row in rows} == {(PartKind.SLEEVE, D(0), None)}
