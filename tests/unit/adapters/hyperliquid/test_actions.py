"""Actions have the exchange's form: numbers without ornaments, absent options absent."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fadearena.adapters.hyperliquid import actions
from fadearena.model.error import InvalidInput
from fadearena.model.order import OrderTerms, Purpose
from fadearena.model.units import Side

CLOID = "0xFADE00000000000000000000000000A1"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("91234.0", "91234"),
        ("1E+2", "100"),
        ("0.00125000", "0.00125"),
        ("1E-8", "0.00000001"),
        ("-0.0", "0"),
        ("12345678.9", "12345678.9"),
    ],
)
def test_numbers_are_plain(number: str, text: str) -> None:
    """No exponent, no trailing zero, no point without digits."""
    assert actions.wire_number(Decimal(number)) == text


@given(st.decimals(min_value=0, max_value=10**9, places=8))
def test_no_number_changes_on_its_way(number: Decimal) -> None:
    """What is written is the same number, in the only form that it has."""
    text = actions.wire_number(number)
    assert Decimal(text) == number
    assert actions.wire_number(Decimal(text)) == text
    assert "." not in text or not text.endswith(("0", "."))


@pytest.mark.parametrize("number", ["-1", "NaN", "Infinity", "0.123456789"])
def test_impossible_numbers_are_refused(number: str) -> None:
    """Negative, not finite, or finer than the exchange reads."""
    with pytest.raises(InvalidInput):
        actions.wire_number(Decimal(number))


def test_our_terms_become_an_ioc_order() -> None:
    """Asset, side, price, size and purpose as asked; the cloid in lower case, as it is hashed."""
    terms = OrderTerms(
        account="main",
        coin="xyz:NVDA",
        asset_id=110_002,
        side=Side.SELL,
        quantity=Decimal("1.50"),
        limit=Decimal("181.250"),
        reduce_only=True,
        purpose=Purpose.REDUCE,
        bot=None,
        residue_quantity=Decimal(0),
    )
    order = actions.order_of(terms, CLOID)
    assert list(order) == ["a", "b", "p", "s", "r", "t", "c"]
    assert order == {
        "a": 110_002,
        "b": False,
        "p": "181.25",
        "s": "1.5",
        "r": True,
        "t": {"limit": {"tif": "Ioc"}},
        "c": CLOID.lower(),
    }
    assert "c" not in actions.limit_order(0, Side.BUY, Decimal(1), Decimal(1))


@pytest.mark.parametrize("name", ["", "seventeen letters"])
def test_names_of_agents_are_short(name: str) -> None:
    """The exchange takes 1 to 16 characters."""
    with pytest.raises(InvalidInput):
        actions.approve_agent("0x" + "a" * 40, name, 1, mainnet=True)


def test_an_agents_address_is_written_in_lower_case() -> None:
    """A checksummed address would be hashed to another signer."""
    action = actions.approve_agent("0x53967664FfeE8da779734F0D701C294e18Cb0451", "fade-1", 1, mainnet=False)
    assert action["agentAddress"] == "0x53967664ffee8da779734f0d701c294e18cb0451"
    assert action["hyperliquidChain"] == "Testnet"
