"""Names, and the two ids of an order."""

import hashlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fadearena.model.error import InvalidInput, VenueRefused
from fadearena.model.ids import address, cloid_of, dex_of, is_perp, order_label, slug, slug_from

WALLET = "0x" + "Ab" * 20


def test_addresses_are_lower_case() -> None:
    """So that equal wallets have equal texts."""
    assert address(WALLET) == WALLET.lower()


@pytest.mark.parametrize("text", ["", "0x12", "1x" + "a" * 40, "0x" + "g" * 40, "0x" + "a" * 41])
def test_what_is_no_address_is_refused(text: str) -> None:
    """0x and 40 hex digits are needed."""
    with pytest.raises(InvalidInput, match="not an address"):
        address(text)


def test_ids_are_slugs() -> None:
    """1 to 64 of a-z, 0-9, dot, dash and underscore, beginning with a letter or digit."""
    assert slug("a.b-c_9") == "a.b-c_9"
    for text in ("", "A", "-a", "a b", "a" * 65):
        with pytest.raises(InvalidInput, match="not an id"):
            slug(text)


@given(name=st.text())
@example(name="x" * 99)
@example(name="a" * 55 + "-b")
def test_any_name_becomes_an_id_or_nothing(name: str) -> None:
    """With room for a number behind it; what is an id and not too long stays as it is."""
    made = slug_from(name)
    assert made == "" or slug(f"{made}-1234567") == f"{made}-1234567"
    assert slug_from(made) == made


def test_odd_characters_become_single_dashes() -> None:
    """Letters become small ones."""
    assert slug_from(" Whale 🐋 No. 1!") == "whale-no.-1"
    assert slug_from("🐋") == ""


def test_coins_tell_their_dex_and_kind() -> None:
    """`dex:COIN` trades on a builder's dex; `@107`, `PURR/USDC` and `#10` are no perpetuals."""
    assert [dex_of(coin) for coin in ("BTC", "xyz:NVDA")] == ["", "xyz"]
    assert [is_perp(coin) for coin in ("BTC", "xyz:NVDA", "@107", "PURR/USDC", "#10")] == [
        True,
        True,
        False,
        False,
        False,
    ]


def test_a_label_and_its_cloid() -> None:
    """fadearena-{wallet}-{timestamp}-{assetId}.{n}, and 0x with BLAKE2b-128 of that."""
    label = order_label("0xab", 17, 5, 0)
    assert label == "fadearena-0xab-17-5.0"
    assert cloid_of(label) == "0x" + hashlib.blake2b(label.encode(), digest_size=16).hexdigest()
    assert len(cloid_of(label)) == 34
    assert cloid_of(order_label("0xab", 17, 5, 1)) != cloid_of(label)


def test_a_refusal_keeps_our_code_and_the_venues_text() -> None:
    """The code is what decides, the text is for people."""
    error = VenueRefused("tick", "Price must be divisible by tick size")
    assert (error.code, error.text) == ("tick", "Price must be divisible by tick size")
    assert str(error) == "tick: Price must be divisible by tick size"
