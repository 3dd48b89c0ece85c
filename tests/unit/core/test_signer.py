"""For how long a signer may sign, and which warnings are due."""

import pytest

from fadearena.core.signer import SignerView
from fadearena.model.units import DAY_MS


@pytest.mark.parametrize(
    ("view", "left"),
    [
        (SignerView(), None),
        (SignerView(is_approved=True), None),
        (SignerView(is_approved=True, valid_until=150), 50),
        (SignerView(is_approved=True, valid_until=50), 0),
        (SignerView(is_approved=False, valid_until=150), 0),
    ],
)
def test_what_is_left(view: SignerView, left: int | None) -> None:
    """None where no end is known; nothing where it is not approved."""
    assert view.left_ms(100) == left


def test_each_stage_is_reached_once() -> None:
    """Whoever looks late is told the nearest only."""
    view = SignerView(is_approved=True, valid_until=20 * DAY_MS)
    days = (0, 6, 6, 12, 18, 18, 20, 21)
    assert [view.reach(day * DAY_MS) for day in days] == [None, 14, None, None, 3, None, 0, None]
