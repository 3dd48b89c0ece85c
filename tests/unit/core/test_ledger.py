"""The ledger: every execution is booked to the part to which it belongs, at average cost."""

from decimal import Decimal as D

import pytest

from fadearena.core.ledger import (
    Part,
    book_forced,
    book_funding,
    book_operator,
    book_order,
    charge,
    close_all,
    correct,
    cross,
    forget,
    to_dust,
    worst_of,
)
from fadearena.model.record import FillKind, PartKind
from tests.support.books import book_of, changes, lots, sizes

BTC = lots(5)
COARSE = lots(0)


# --- sleeves at average cost


def test_an_average_price_is_weighted_by_size() -> None:
    """Two buys at different prices make one position at their average cost."""
    made = book_of(a="1", price="100")
    book_order(made, "a", D(3), D(0), D(200))
    part = made.sleeve("a")
    assert (part.size, part.cost, part.realised) == (D(4), D(700), D(0))


def test_a_reduction_realises_its_share_of_the_cost() -> None:
    """Selling a part of a long realises price minus average cost, and leaves the average as it was."""
    made = book_of(a="4", price="100")
    (move,) = book_order(made, "a", D(-1), D(0), D(130))
    part = made.sleeve("a")
    assert (part.size, part.cost, part.realised, move.realised) == (D(3), D(300), D(30), D(30))
    assert (move.before, move.after, move.kind) == (D(4), D(3), FillKind.ORDER)


def test_a_short_earns_when_the_price_falls() -> None:
    """A short that is bought back lower realises a profit, bought back higher a loss."""
    made = book_of(a="-2", price="100")
    book_order(made, "a", D(1), D(0), D(90))
    book_order(made, "a", D(1), D(0), D(115))
    part = made.sleeve("a")
    assert (part.size, part.cost, part.realised) == (D(0), D(0), D(-5))


def test_an_order_is_booked_to_its_sleeve_and_the_residue_that_it_closes() -> None:
    """What an order closes of the residue is booked there, the rest to the sleeve."""
    made = book_of(residue="0.00005", a="1")
    moves = book_order(made, "a", D("-0.4"), D("-0.00005"), D(110))
    assert changes(moves) == {"a": D("-0.4"), "residue": D("-0.00005")}
    assert sizes(made) == {"a": D("0.6")}


def test_an_execution_of_no_bot_is_never_lost() -> None:
    """An order that belongs to no bot moves the residue, whichever part is named."""
    made = book_of()
    book_order(made, None, D("0.3"), D("0.2"), D(100))
    assert made.residue.size == made.position == D("0.5")


def test_fees_are_kept_apart_from_realised_pnl() -> None:
    """A fee lowers a part's profit but not its realised PnL, which is gross."""
    made = book_of(a="1")
    charge(made, "a", D("0.45"))
    charge(made, None, D("0.05"))
    assert (made.sleeve("a").fees, made.external.fees) == (D("0.45"), D("0.05"))
    assert made.sleeve("a").profit(D(101)) == D("0.55")


def test_a_part_without_a_mark_has_no_known_profit() -> None:
    """An open part without a mark has an unknown profit, a flat one what it has earned."""
    assert Part(size=D(1), cost=D(100)).profit(None) is None
    assert Part(realised=D(5), fees=D(1), funding=D(-2)).profit(None) == D(2)


# --- a price that replaces a guess


@pytest.mark.parametrize(("side", "paid"), [("1", "2"), ("-1", "-2")])
def test_a_corrected_price_of_an_open_position_changes_its_cost(side: str, paid: str) -> None:
    """The true price of an entry moves its cost: nothing was realised yet."""
    made = book_of(a=side, price="100")
    assert correct(made, "a", D(side), D(100), D(102)) == (D(paid), D(0), PartKind.SLEEVE)
    assert (made.sleeve("a").cost, made.sleeve("a").realised) == (D(side) * 102, D(0))


def test_a_corrected_price_of_a_closed_position_changes_what_was_realised() -> None:
    """The true price of an exit moves its realised PnL."""
    made = book_of(a="1", price="100")
    book_order(made, "a", D(-1), D(0), D(110))
    assert correct(made, "a", D(-1), D(110), D(109)) == (D(1), D(-1), PartKind.SLEEVE)
    assert (made.sleeve("a").cost, made.sleeve("a").realised) == (D(0), D(9))


def test_a_corrected_price_is_shared_between_what_is_held_and_what_was_sold() -> None:
    """Where half of an entry was sold already, half of its correction is realised."""
    made = book_of(a="2", price="100")
    book_order(made, "a", D(-1), D(0), D(100))
    assert correct(made, "a", D(2), D(100), D(101)) == (D(2), D(-1), PartKind.SLEEVE)
    assert (made.sleeve("a").cost, made.sleeve("a").realised) == (D(101), D(-1))


def test_a_corrected_price_of_no_bot_belongs_to_the_residue() -> None:
    """The correction of an order that closed residue is booked to the residue."""
    made = book_of(residue="0.1")
    book_order(made, None, D(0), D("-0.1"), D(100))
    assert correct(made, None, D("-0.1"), D(100), D(90)) == (D(1), D(-1), PartKind.RESIDUE)
    assert made.residue.realised == D(-1)


# --- without an order


def test_a_crossing_moves_two_sleeves_and_not_the_book() -> None:
    """Two sleeves exchange at one price: both are rows of kind `cross`, the book stays where it was."""
    made = book_of(a="1", b="-1", price="100")
    moves = cross(made, "b", "a", D("0.25"), D(120))
    assert {move.kind for move in moves} == {FillKind.CROSS}
    assert (sizes(made), made.position) == ({"a": D("0.75"), "b": D("-0.75")}, D(0))
    assert (made.sleeve("a").realised, made.sleeve("b").realised) == (D(5), D(-5))


@pytest.mark.parametrize(("buyer", "seller", "residue"), [("a", None, "0.2"), (None, "a", "-0.2")])
def test_a_sleeve_crosses_with_the_residue(buyer: str | None, seller: str | None, residue: str) -> None:
    """What a sleeve wants is taken from the residue first, without an order."""
    made = book_of(residue=residue)
    cross(made, buyer, seller, D("0.2"), D(100))
    assert sizes(made) == {"a": D(residue)}


def test_dust_moves_whole_to_the_residue_at_mark() -> None:
    """A sleeve that is too small to be sent is realised at mark, and the residue takes it over at mark."""
    made = book_of(a="0.00005", price="100000")
    moves = to_dust(made, "a", D(120000))
    assert {move.kind for move in moves} == {FillKind.DUST}
    assert sizes(made) == {"residue": D("0.00005")}
    assert (made.sleeve("a").realised, made.residue.cost) == (D(1), D(6))


# --- liquidation, deleveraging, settlement, our own flatten


@pytest.mark.parametrize("kind", [FillKind.LIQUIDATION, FillKind.ADL, FillKind.SETTLEMENT, FillKind.FLATTEN])
def test_a_forced_fill_closes_the_same_fraction_of_every_part(kind: FillKind) -> None:
    """A forced fill of half of the net position halves longs, shorts, residue and external alike."""
    made = book_of(external="4", residue="0.2", a="10", b="-4")
    moves = book_forced(made, kind, D("-5.1"), D(90), BTC)
    assert sizes(made) == {"a": D(5), "b": D(-2), "residue": D("0.1"), "external": D(2)}
    assert ({move.kind for move in moves}, made.position) == ({kind}, D("5.1"))


def test_a_forced_fill_of_everything_leaves_nothing() -> None:
    """A liquidation of the whole net position closes every part, also those on the other side."""
    made = book_of(external="-1", a="7", b="-2")
    book_forced(made, FillKind.LIQUIDATION, D(-4), D(90), BTC)
    assert (sizes(made), made.position, made.gross) == ({}, D(0), D(0))


def test_what_rounding_leaves_is_taken_by_single_lots() -> None:
    """Fractions are cut to whole lots, and no part gives more than a lot beyond its fraction."""
    made = book_of(a="3", b="2", c="-1", external="3")
    book_forced(made, FillKind.ADL, D(-3), D(90), COARSE)
    assert (sizes(made), made.position) == ({"a": D(2), "b": D(1), "c": D(-1), "external": D(2)}, D(4))


def test_a_forced_fill_that_does_not_reduce_is_external() -> None:
    """A forced fill that our own sum cannot explain changes no sleeve."""
    made = book_of(a="1")
    book_forced(made, FillKind.LIQUIDATION, D(2), D(90), BTC)
    assert sizes(made) == {"a": D(1), "external": D(2)}


def test_a_forced_fill_beyond_the_position_closes_it_and_the_rest_is_external() -> None:
    """A forced fill larger than our sum closes everything; what goes beyond is external."""
    made = book_of(a="-1")
    book_forced(made, FillKind.LIQUIDATION, D("1.5"), D(90), BTC)
    assert sizes(made) == {"external": D("0.5")}


def test_confirmed_flat_books_every_part_to_zero_at_mark() -> None:
    """After everything was closed, what netted to zero crosses at mark."""
    made = book_of(external="1", a="2", b="-3", price="100")
    moves = close_all(made, D(110))
    assert (sizes(made), {move.kind for move in moves}) == ({}, {FillKind.FLATTEN})
    assert sum((part.realised for _, _, part in made.parts()), start=D(0)) == D(0)


# --- operator trades


def test_an_operator_reduction_takes_external_first() -> None:
    """A manual sale takes the external long before any sleeve."""
    made = book_of(external="1", a="2", b="2")
    book_operator(made, D("-0.75"), D(110), BTC)
    assert sizes(made) == {"external": D("0.25"), "a": D(2), "b": D(2)}


def test_an_operator_reduction_takes_sleeves_in_proportion() -> None:
    """What external cannot cover is taken from the sleeves of that sign in proportion, never from the other side."""
    made = book_of(external="1", residue="0.1", a="6", b="3", c="-2")
    moves = book_operator(made, D("-4.1"), D(110), BTC)
    assert changes(moves) == {"external": D(-1), "residue": D("-0.1"), "a": D(-2), "b": D(-1)}
    assert made.sleeve("c").size == D(-2)
    assert {move.kind for move in moves} == {FillKind.OPERATOR}


def test_an_operator_reduction_stays_in_whole_lots() -> None:
    """Proportions are cut to whole lots; who lost most by that gives what is left over."""
    made = book_of(a="-3", b="-2", c="-2")
    book_operator(made, D(4), D(90), COARSE)
    assert sizes(made) == {"a": D(-1), "b": D(-1), "c": D(-1)}


def test_an_operator_increase_is_external() -> None:
    """A manual purchase on top of a long belongs to no bot."""
    made = book_of(a="1")
    book_operator(made, D(2), D(110), BTC)
    assert sizes(made) == {"a": D(1), "external": D(2)}


def test_an_operator_flip_closes_the_sleeves_and_opens_external() -> None:
    """A manual sale beyond the position takes sleeves to zero, never through it."""
    made = book_of(a="1", b="0.5")
    book_operator(made, D(-2), D(110), BTC)
    assert sizes(made) == {"external": D("-0.5")}


def test_an_operator_trade_on_a_netted_book_is_external() -> None:
    """With sleeves that net to zero there is nothing to reduce: a manual trade is external."""
    made = book_of(a="1", b="-1")
    book_operator(made, D("-0.5"), D(110), BTC)
    assert sizes(made) == {"a": D(1), "b": D(-1), "external": D("-0.5")}


# --- a bot that goes


def test_what_a_flat_sleeve_earned_stays_with_the_book() -> None:
    """When a bot is removed, what its sleeve earned and paid is left to external."""
    made = book_of(a="1")
    book_order(made, "a", D(-1), D(0), D(110))
    charge(made, "a", D(2))
    book_funding(made, D(0), D(100), D(0))
    forget(made, "a")
    forget(made, "b")
    assert (list(made.sleeves), made.external.profit(None)) == ([], D(8))


# --- funding


def test_funding_is_shared_by_size_and_sign_and_the_rest_is_external() -> None:
    """Each sleeve pays or receives on its own size; what is left of the book's payment is external."""
    made = book_of(external="1", a="2", b="-1")
    shares = book_funding(made, D("-2.02"), D(100), D("0.01"))
    assert shares == [("a", D(-2)), ("b", D(1)), (None, D("-1.02"))]
    assert (made.sleeve("a").funding, made.sleeve("b").funding, made.external.funding) == (D(-2), D(1), D("-1.02"))


def test_funding_that_sleeves_explain_leaves_nothing_external() -> None:
    """Where the sleeves are the whole book, external gets no funding; a flat sleeve gets none either."""
    made = book_of(a="2", b="1")
    book_order(made, "b", D(-1), D(0), D(100))
    assert book_funding(made, D(-2), D(100), D("0.01")) == [("a", D(-2))]


# --- what caps and margins look at


def test_gross_exposure_is_not_netted() -> None:
    """Exposure counts sleeves without netting, and external and residue together."""
    made = book_of(external="-1", residue="0.25", a="3", b="-2")
    assert (made.loose, made.gross, made.position) == (D("-0.75"), D("5.75"), D("0.25"))


@pytest.mark.parametrize(
    ("loose", "long", "short", "worst"),
    [("0", "3", "-2", "3"), ("0", "2", "-3", "3"), ("-1", "3", "-2", "3"), ("1", "3", "0", "4"), ("0", "0", "0", "0")],
)
def test_the_worst_un_netting_is_the_largest_position_that_exits_could_leave(
    loose: str, long: str, short: str, worst: str
) -> None:
    """Margin is looked at for max(|E + L|, |E + S|, |E + L + S|)."""
    assert worst_of(D(loose), D(long), D(short)) == D(worst)
    assert book_of(loose, a=long, b=short).worst == D(worst)


def test_a_bot_without_a_sleeve_holds_nothing() -> None:
    """The size of a sleeve that never was is zero, and asking does not make it."""
    made = book_of(a="1")
    assert (made.size_of("a"), made.size_of("b"), list(made.sleeves)) == (D(1), D(0), ["a"])
