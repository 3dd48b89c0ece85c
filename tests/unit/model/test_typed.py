"""Addresses as people type them."""

import pytest

from fadearena.model.error import InvalidInput
from fadearena.model.typed import typed_address

CHECKSUMMED = (
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
)
"""The examples of EIP-55."""


@pytest.mark.parametrize("text", CHECKSUMMED)
def test_a_checksum_that_fits_is_taken(text: str) -> None:
    """So is an address without one, in either case."""
    assert typed_address(text) == text.lower()
    assert typed_address(text.lower()) == text.lower()
    assert typed_address("0x" + text[2:].upper()) == text.lower()


@pytest.mark.parametrize("text", CHECKSUMMED)
def test_a_mistyped_one_is_refused(text: str) -> None:
    """One letter of the other case, as one digit that is another, does not fit the checksum."""
    place = next(n for n, letter in enumerate(text) if letter.isalpha() and n > 1)
    with pytest.raises(InvalidInput, match="mistyped"):
        typed_address(text[:place] + text[place].swapcase() + text[place + 1 :])
    with pytest.raises(InvalidInput):
        typed_address(text[:-1])
