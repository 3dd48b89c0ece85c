"""Accounts as an exchange ranks them."""

from decimal import Decimal

import pytest

from fadearena.model.leaderboard import Measure, Performance, Trader, Window
from tests.support.world import WALLET


@pytest.mark.parametrize(
    ("measure", "day", "month"),
    [
        (Measure.VALUE, "5000", "5000"),
        (Measure.PNL, "1", "-20"),
        (Measure.ROI, "0.0002", "-0.004"),
        (Measure.TURNOVER, "300", "9000"),
    ],
)
def test_what_is_compared_is_that_of_the_window(measure: Measure, day: str, month: str) -> None:
    """The account value alone is that of the moment."""
    windows = {
        Window.DAY: Performance(pnl=Decimal(1), roi=Decimal("0.0002"), turnover=Decimal(300)),
        Window.MONTH: Performance(pnl=Decimal(-20), roi=Decimal("-0.004"), turnover=Decimal(9000)),
    }
    trader = Trader(wallet=WALLET, name=None, value=Decimal(5000), windows=windows)
    assert (trader.by(measure, Window.DAY), trader.by(measure, Window.MONTH)) == (Decimal(day), Decimal(month))
