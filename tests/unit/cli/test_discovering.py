"""How the leaderboard is written for people."""

from decimal import Decimal

import pytest

from fadearena.cli.discovering import percent, short


@pytest.mark.parametrize(
    ("usd", "text"),
    [
        ("0.3", "0"),
        ("-0.3", "0"),
        ("999", "999"),
        ("999.6", "1.0k"),
        ("99999", "100k"),
        ("-104500", "-104k"),
        ("999998", "1.0M"),
        ("48912345", "48.9M"),
        ("12345678901", "12.3B"),
    ],
)
def test_amounts_are_short(usd: str, text: str) -> None:
    """What rounds up to the next unit is written in it, and nothing has no sign."""
    assert short(Decimal(usd)) == text


def test_a_loss_that_rounds_to_nothing_is_not_minus_zero() -> None:
    """A tenth of a percent is the least that is shown."""
    assert [percent(Decimal(ratio)) for ratio in ("-0.0001", "-0.0123", "0.5")] == ["0.0%", "-1.2%", "50.0%"]
