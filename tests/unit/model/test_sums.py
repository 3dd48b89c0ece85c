"""Sums in which what is unknown is not zero."""

from decimal import Decimal as D

from fadearena.model.sums import notional, whole_sum


def test_a_sum_with_a_part_that_is_unknown_is_unknown() -> None:
    """Of nothing it is zero."""
    assert whole_sum([]) == 0
    assert whole_sum([D("1.5"), D(-2)]) == D("-0.5")
    assert whole_sum([D(1), None]) is None


def test_a_notional_has_no_sign() -> None:
    """Without a mark it is unknown."""
    assert notional(D(-2), D("10.5")) == 21
    assert notional(D(2), None) is None
