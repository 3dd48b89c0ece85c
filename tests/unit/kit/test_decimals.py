"""Numbers enter in one form and leave in one form."""

from decimal import ROUND_UP, Decimal, DecimalException, getcontext, localcontext

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fadearena.kit.decimals import CONTEXT, MAX_DIGITS, exact_arithmetic, normalise, parse, plain

D = Decimal


@pytest.mark.parametrize(
    ("text", "shown"),
    [("1.50", "1.5"), ("-0.0", "0"), ("0E+3", "0"), ("1E+3", "1000"), ("100", "100"), ("-0.00125", "-0.00125")],
)
def test_equal_numbers_have_equal_texts(text: str, shown: str) -> None:
    """No trailing zeros, no exponent, no negative zero."""
    assert str(normalise(D(text))) == str(parse(text)) == plain(D(text)) == shown


def defined(number: Decimal) -> Decimal:
    """Return the normal form by its definition, digit by digit."""
    if not number:
        return D(0)
    short = number.normalize(CONTEXT)
    exponent = short.as_tuple().exponent
    return short.quantize(D(1), context=CONTEXT) if isinstance(exponent, int) and exponent > 0 else short


@given(
    st.decimals()
    | st.builds(
        lambda sign, digits, exponent: D((sign, digits, exponent)),
        st.integers(0, 1),
        st.lists(st.integers(0, 9), max_size=32).map(tuple),
        st.integers(-40, 40),
    )
)
@example(D("1E+27"))
@example(D("1E+28"))
@example(D("9999999999999999999999999999.5"))
@example(D("-1.20E+2"))
@example(D("sNaN"))
def test_normal_form_is_as_defined(number: Decimal) -> None:
    """Whatever the number: the same digits as by definition, or the same error."""
    try:
        expected = str(defined(number))
    except DecimalException as error:
        with pytest.raises(type(error)):
            normalise(number)
    else:
        assert str(normalise(number)) == expected


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
