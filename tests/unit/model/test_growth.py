"""Growth and slippage: what is unknown stays unknown."""

import msgspec

from fadearena.model.sums import growth
from tests.support.shown import D, performance


def test_growth_is_a_ratio_of_what_was() -> None:
    """By how much something grew; nothing is said of what was not there, not positive, or is not known."""
    assert growth(D(100), D(150)) == D("0.5")
    assert growth(D(100), D(80)) == D("-0.2")
    assert growth(D(0), D(80)) is growth(D(-1), D(80)) is growth(None, D(1)) is growth(D(1), None) is None


def test_slippage_is_told_in_money_too() -> None:
    """Bps of everything that was traded; None where no slippage is known."""
    brought = performance("a")
    assert brought.slippage_usd is None
    known = msgspec.structs.replace(brought, slippage_bps=D(2), traded_usd=D(10_000))
    assert known.slippage_usd == D(2)
