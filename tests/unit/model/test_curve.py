"""How far a curve reaches, and how far it fell; several of them, time by time."""

from decimal import Decimal

import pytest

from fadearena.model.curve import Extent, by_time

D = Decimal


def numbers(*texts: str) -> list[Decimal]:
    """Return decimals."""
    return [D(text) for text in texts]


def test_one_value_is_a_curve() -> None:
    """It begins, stands and peaks there, and never fell; where it is not positive there is no ratio."""
    assert Extent.along([D(5)]) == Extent(first=D(5), last=D(5), peak=D(5), fall=D(0), fall_ratio=D(0))
    assert Extent.along([D(0)]).fall_ratio is None


def test_the_deepest_fall_is_measured_from_the_peak_before_it() -> None:
    """A later peak does not hide it; in money and as a ratio the deepest may be two different ones."""
    found = Extent.along(numbers("100", "60", "1000", "900", "950"))
    assert (found.first, found.last, found.peak) == (D(100), D(950), D(1000))
    assert (found.fall, found.fall_ratio) == (D(100), D("0.4"))


def test_a_curve_of_losses_falls_in_money_only() -> None:
    """No ratio is known of a peak that is not positive."""
    found = Extent.along(numbers("-1", "-3", "-2"))
    assert (found.peak, found.fall, found.fall_ratio) == (D(-1), D(2), None)


@pytest.mark.parametrize("cut", [1, 2, 3, 4])
def test_a_curve_goes_on_where_it_stood(cut: int) -> None:
    """However it is cut, the same is measured."""
    values = numbers("-1", "7", "3", "9", "1.5")
    assert Extent.along(values[cut:], Extent.along(values[:cut])) == Extent.along(values)


def test_curves_come_together_by_time() -> None:
    """Each time at which one of them has a value, with the values of then; unknown is a value, too."""
    curves: dict[str, dict[int, Decimal | None]] = {"a": {2: D(1), 1: None}, "b": {2: D(3)}, "c": {}}
    assert list(by_time(curves)) == [(1, {"a": None}), (2, {"a": D(1), "b": D(3)})]
    assert list(by_time({})) == []
