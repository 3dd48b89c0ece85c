"""How numbers and ids are written on the sandbox's wire."""

from decimal import Decimal

import pytest

from fadearena.sandbox.gateway import texts


@pytest.mark.parametrize(
    ("text", "form"), [("100.0", "100"), ("0.00125000", "0.00125"), ("007", "7"), ("0.0", "0"), ("1000", "1000")]
)
def test_canonical_numbers_have_no_idle_zeros(text: str, form: str) -> None:
    """A number is hashed without zeros that say nothing."""
    assert texts.canonical(text) == form


@pytest.mark.parametrize("text", ["", "-1", "+1", "1e-5", "1.", ".5", "NaN", "0.123456789", " 1"])
def test_what_is_no_number(text: str) -> None:
    """Signs, exponents, blanks and a ninth place are refused."""
    with pytest.raises(ValueError, match=r"decimal|places"):
        texts.canonical(text)


@pytest.mark.parametrize(
    ("number", "text"),
    [("81285", "81285.0"), ("0", "0.0"), ("-0", "0.0"), ("4.50", "4.5"), ("1E+3", "1000.0"), ("0.00001", "0.00001")],
)
def test_answers_show_one_place_at_least(number: str, text: str) -> None:
    """Whole numbers end in `.0`, others in no zero, none has an exponent."""
    assert texts.shown(Decimal(number)) == text


def test_long_numbers_are_rounded_where_asked() -> None:
    """A quotient is shown with so many places and not more."""
    assert texts.shown(Decimal(1) / 3, 6) == "0.333333"
    assert texts.shown(Decimal("-0.0000001"), 6) == "0.0"
