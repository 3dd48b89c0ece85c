"""Numbers enter in one form and leave in one form."""

from decimal import ROUND_UP, Decimal, getcontext, localcontext

import pytest

from fadearena.kit.decimals import CONTEXT, MAX_DIGITS, exact_arithmetic, normalise, parse, plain

D = Decimal


@pytest.mark.parametrize(
    ("text", "shown"),
    [("1.50", "1.5"), ("-0.0", "0"), ("0E+3", "0"), ("1E+3", "1000"), ("100", "100"), ("-0.00125", "-0.00125")],
)
def test_equal_numbers_have_equal_texts(text: str, shown: str) -> None:
    """No trailing zeros, no exponent, no negative zero."""
    assert str(normalise(D(text))) == str(parse(text)) == plain(D(text)) == shown


@pytest.mark.parametrize(
    "text",
    ["", "one", "NaN", "Infinity", "-inf", "1" + "0" * MAX_DIGITS, "0." + "0" * MAX_DIGITS + "1", "1." + "1" * 28],
)
def test_what_is_no_plain_number_is_refused(text: str) -> None:
    """Neither words nor infinities nor more digits than calculations keep."""
    with pytest.raises(ValueError, match=r"decimal number|finite|range|digits"):
        parse(text)


def test_a_block_calculates_exactly_whatever_its_thread_does() -> None:
    """28 digits, half-even, errors raised."""
    with localcontext() as thread:
        thread.prec, thread.rounding = 3, ROUND_UP
        with exact_arithmetic():
            assert getcontext().prec == CONTEXT.prec == 28
            assert D(1) / 3 == D("0." + "3" * 28)
        assert D(1) / 3 == D("0.334")
