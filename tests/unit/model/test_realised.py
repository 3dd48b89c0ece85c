"""What executions closed, and whose their fees are."""

from typing import Any

from fadearena.model.realised import Realised, Realising, Reason, Total
from fadearena.model.record import FillKind, FundingBooked, MyFill, PartKind
from fadearena.model.units import Side
from tests.support.shown import D

SLEEVE, RESIDUE, EXTERNAL = PartKind.SLEEVE, PartKind.RESIDUE, PartKind.EXTERNAL


def fill(side: Side, quantity: str, price: str = "100", **more: Any) -> MyFill:
    """Return a movement of a sleeve of bot `a` by an order, unless said otherwise."""
    usual: dict[str, Any] = {
        "kind": FillKind.ORDER,
        "part": SLEEVE,
        "bot": "a",
        "fee": D(0),
        "realised": D(0),
        "cloid": "0x1",
    }
    what = {"side": side, "quantity": D(quantity), "price": D(price)}
    return MyFill(**{"key": "k", "account": "main", "coin": "BTC"} | usual | what | more)


def rows(*fills: MyFill) -> list[Realised]:
    """Return the rows of some movements."""
    book = Realising()
    return [row for n, each in enumerate(fills, 1) for row in book.take_fill(n, n, each)]


def test_a_long_was_bought_before_and_is_sold_now() -> None:
    """Proceeds are what the closing brought, cost is what that part had cost; the fee of the closing stands with it."""
    opened, closed = fill(Side.BUY, "2", fee=D("0.1")), fill(Side.SELL, "0.5", "110", realised=D(5), fee=D("0.02"))
    fee, row = rows(opened, closed)
    assert (fee.reason, fee.fee, fee.quantity, fee.net) == (Reason.FEE, D("0.1"), D(0), D("-0.1"))
    assert (row.reason, row.side, row.quantity, row.proceeds, row.cost) == (
        Reason.CLOSE,
        Side.SELL,
        D("0.5"),
        D(55),
        D(50),
    )
    assert (row.realised, row.net) == (D(5), D("4.98"))


def test_a_short_was_sold_before_and_is_bought_now() -> None:
    """Cost is what the closing took, proceeds are what was received before; beyond zero nothing was closed."""
    (row,) = rows(fill(Side.SELL, "2"), fill(Side.BUY, "3", "90", realised=D(20)))
    assert (row.side, row.quantity, row.proceeds, row.cost, row.realised) == (Side.BUY, D(2), D(200), D(180), D(20))


def test_an_opening_without_a_fee_is_no_row() -> None:
    """A part that grows realises nothing; what came to zero is opened anew."""
    assert rows(fill(Side.BUY, "1"), fill(Side.BUY, "1")) == []
    assert [row.quantity for row in rows(fill(Side.BUY, "1"), fill(Side.SELL, "1"), fill(Side.SELL, "1"))] == [D(1)]


def test_a_correction_moves_money_alone() -> None:
    """A corrected price has a row without a quantity where it changed what was realised; its fee in any case."""
    corrected = fill(Side.SELL, "0", kind=FillKind.CORRECTION, realised=D(-1), fee=D("0.3"))
    (row,) = rows(corrected)
    assert (row.reason, row.quantity, row.realised, row.fee, row.proceeds - row.cost) == (
        Reason.CORRECTION,
        D(0),
        D(-1),
        D("0.3"),
        D(-1),
    )
    (row,) = rows(fill(Side.BUY, "0", kind=FillKind.CORRECTION, fee=D("0.3")))
    assert (row.reason, row.fee) == (Reason.FEE, D("0.3"))


def test_the_fee_of_an_order_is_its_bots() -> None:
    """Where an order's last execution closed only residue, the bot pays for it all the same."""
    sleeve = fill(Side.SELL, "1")
    dust = fill(Side.SELL, "0.1", part=RESIDUE, bot=None, fee=D("0.02"))
    (row,) = rows(sleeve, dust)
    assert (row.reason, row.part, row.bot, row.fee) == (Reason.FEE, SLEEVE, "a", D("0.02"))
    (row,) = rows(fill(Side.SELL, "0.1", part=RESIDUE, bot=None, fee=D("0.02"), cloid="0x9"))
    assert (row.reason, row.part, row.bot) == (Reason.FEE, EXTERNAL, None)


def test_only_the_newest_orders_are_remembered() -> None:
    """A thousand orders later nobody asks whose an order was."""
    book = Realising()
    for n in range(1_001):
        book.take_fill(n, n, fill(Side.BUY, "1", cloid=f"0x{n}"))
    late = fill(Side.BUY, "1", part=RESIDUE, bot=None, fee=D(1))
    assert [row.bot for row in book.take_fill(2_000, 1, late_of(late, "0x0"))] == [None]
    assert [row.bot for row in book.take_fill(2_001, 1, late_of(late, "0x1"))] == ["a"]


def late_of(late: MyFill, cloid: str) -> MyFill:
    """Return the same execution of another order."""
    return fill(Side.BUY, "1", part=late.part, bot=late.bot, fee=late.fee, cloid=cloid)


def test_nobody_pays_for_a_liquidation() -> None:
    """The fee of what was no bot's order stands in a row of its own, as external; the sleeve's row has none."""
    opened = fill(Side.BUY, "1")
    forced = fill(Side.SELL, "1", "50", kind=FillKind.LIQUIDATION, realised=D(-50), fee=D(2), cloid=None)
    closing, fee = rows(opened, forced)
    assert (closing.bot, closing.realised, closing.fee) == ("a", D(-50), D(0))
    assert (fee.reason, fee.part, fee.bot, fee.fee, fee.realised) == (Reason.FEE, EXTERNAL, None, D(2), D(0))


def test_funding_is_a_row() -> None:
    """What a sleeve received is its bot's; the rest is external."""
    book = Realising()
    booked = FundingBooked(account="main", coin="BTC", bot="a", usd=D("-0.5"))
    row = book.take_funding(7, 9, booked)
    assert (row.reason, row.time, row.part, row.bot, row.funding, row.net) == (
        Reason.FUNDING,
        9,
        SLEEVE,
        "a",
        D("-0.5"),
        D("-0.5"),
    )
    loose = book.take_funding(8, 9, FundingBooked(account="main", coin="BTC", bot=None, usd=D(1)))
    assert (loose.part, loose.bot) == (EXTERNAL, None)


def test_a_total_loses_no_digit() -> None:
    """Sums of large and very small amounts are exact."""
    total, small = Total(), D("0.000000000000000000000001")
    large = D("1234567890123456.789")
    row = Realised(
        time=1, record_seq=1, reason=Reason.CLOSE, account="main", coin="BTC", part=SLEEVE, bot="a", realised=large
    )
    fee = Realised(time=1, record_seq=2, reason=Reason.FEE, account="main", coin="BTC", part=SLEEVE, bot="a", fee=small)
    total.add(row)
    total.add(fee)
    assert (total.closings, total.realised, total.fees) == (1, large, small)
    assert str(total.net) == "1234567890123456.788999999999999999999999"
