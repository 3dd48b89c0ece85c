"""Where a stop rests, and when it has to be moved."""

from decimal import Decimal as D

import pytest

from fadearena.core.stop_order import StopOrder, StopStatus, fits, prices
from fadearena.model.units import Side
from tests.support.books import lots


def stop(**more: object) -> StopOrder:
    """Return a stop behind a long of 10 at a mark of 100, 5 % away."""
    facts: dict[str, object] = {
        "cloid": "0x1",
        "label": "x",
        "asset_id": 0,
        "side": Side.SELL,
        "quantity": D(10),
        "covered": D(10),
        "trigger": D(95),
        "distance": D("0.05"),
        "shown_from": 0,
    }
    return StopOrder(**facts | more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("side", "mark", "trigger", "limit"),
    [
        (Side.SELL, "100", "95", "76"),
        (Side.BUY, "100", "105", "126"),
        (Side.SELL, "99.999", "94.999", "75.999"),
        (Side.BUY, "99.999", "104.999", "125.999"),
    ],
)
def test_prices_are_rounded_outwards(side: Side, mark: str, trigger: str, limit: str) -> None:
    """On the losing side of the mark; the limit is 20 % worse than the trigger."""
    found, worst = prices(lots(3), side, D(mark), D("0.05"), D(2_000))
    assert abs(found - D(trigger)) <= D("0.01")
    assert (found - D(mark) * (1 + side.sign * D("0.05"))) * side.sign >= 0
    assert abs(worst - D(limit)) <= D("0.02")


@pytest.mark.parametrize(
    ("position", "mark", "more", "stays"),
    [
        ("10", "100", {}, True),
        ("10.001", "100", {}, False),
        ("9", "100", {}, True),
        ("8.999", "100", {}, False),
        ("9.5", "100", {"covered": D("9.4")}, False),
        ("-10", "100", {}, False),
        ("10", "90", {}, True),
        ("10", "102.7", {}, True),
        ("10", "102.71", {}, False),
        ("10", "100", {"distance": D("0.1")}, False),
    ],
)
def test_when_a_stop_stays(position: str, mark: str, more: dict[str, object], *, stays: bool) -> None:
    """The right side and distance, not too small, not much too large, not too far away."""
    assert fits(stop(**more), D(position), D(mark), D("0.05")) is stays


def test_what_is_alive() -> None:
    """A stop that rests, or may."""
    assert [status for status in StopStatus if status.is_alive] == [StopStatus.PENDING, StopStatus.RESTING]
