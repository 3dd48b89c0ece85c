"""Addresses as people type or paste them: upper and lower case of a mixed one are its checksum (EIP-55)."""

from tiny_keccak import keccak256

from fadearena.model.error import InvalidInput
from fadearena.model.ids import Address, address

_PREFIX = "0x"
_UPPER_FROM = 8


def typed_address(text: str) -> Address:
    """
    Return an address in lower case.

    Raises:
        InvalidInput: It is none, or its checksum is wrong: a digit was mistyped.
    """
    found = address(text)
    digits = text[len(_PREFIX) :]
    is_mixed = digits not in {digits.lower(), digits.upper()}
    if is_mixed and digits != _checksummed(found):
        raise InvalidInput(f"{text!r} is mistyped: upper and lower case, which are its checksum, do not fit its digits")
    return found


def _checksummed(wallet: Address) -> str:
    """Return the digits with those letters in upper case where the hash of the digits is 8 to f."""
    digits = wallet.removeprefix(_PREFIX)
    marks = keccak256(digits.encode()).hex()
    return "".join(d.upper() if int(mark, 16) >= _UPPER_FROM else d for d, mark in zip(digits, marks, strict=False))
