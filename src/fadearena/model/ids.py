"""
Names of things, and the two ids that an order carries.

Label and cloid: an order's label is `fadearena-{wallet}-{timestamp}-{assetId}.{n}`. The exchange takes only
128-bit hex as client order id, so the cloid is "0x" + BLAKE2b-128 of the label. Both are stored.
"""

import hashlib
import re
from typing import TypeAlias

from fadearena.model.error import InvalidInput
from fadearena.model.units import EpochMs

BotId: TypeAlias = str
AccountId: TypeAlias = str
Coin: TypeAlias = str
"""Exact name of a market: `BTC`, or `dex:COIN` on a builder-deployed dex."""
Dex: TypeAlias = str
"""Name of a perp dex; the empty string is the exchange's own."""
Address: TypeAlias = str
"""0x and 40 lower-case hex digits."""
Cloid: TypeAlias = str
BookKey: TypeAlias = tuple[AccountId, Coin]
SleeveKey: TypeAlias = tuple[BotId, Coin]

_ADDRESS = re.compile(r"0x[0-9a-f]{40}")
_SLUG = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_NAMED = 56


def address(text: str) -> Address:
    """
    Return an address in lower case.

    Raises:
        InvalidInput: it is not 0x and 40 hex digits.
    """
    low = text.lower()
    if not _ADDRESS.fullmatch(low):
        raise InvalidInput(f"{text!r} is not an address: 0x and 40 hex digits are needed")
    return low


def slug(text: str) -> str:
    """
    Return a bot's or account's id if it is well formed.

    Raises:
        InvalidInput: it is not 1 to 64 of a-z, 0-9, dot, dash and underscore.
    """
    if not _SLUG.fullmatch(text):
        raise InvalidInput(f"{text!r} is not an id: use 1 to 64 of a-z 0-9 . _ -, beginning with a letter or digit")
    return text


def slug_from(name: str) -> str:
    """Return a name as an id, odd characters replaced, with room for a number behind it; empty if nothing remains."""
    text = "".join(c if c.isascii() and (c.isalnum() or c in "._") else "-" for c in name.lower())
    return "-".join(part for part in text.split("-") if part).strip("._-")[:_NAMED].rstrip("._-")


def dex_of(coin: Coin) -> Dex:
    """Return the dex on which a coin trades; the empty string for the exchange's own."""
    return coin.partition(":")[0] if ":" in coin else ""


def is_perp(coin: Coin) -> bool:
    """Tell perpetuals from spot pairs (`@107`, `PURR/USDC`) and outcome tokens (`#10`)."""
    return coin[:1] not in {"@", "#"} and "/" not in coin


def order_label(wallet: Address, timestamp: EpochMs, asset_id: int, count: int) -> str:
    """Return the label of the order `count` (from 0) of this wallet, timestamp and asset."""
    return f"fadearena-{wallet}-{timestamp}-{asset_id}.{count}"


def cloid_of(label: str) -> Cloid:
    """Return the client order id of a label: 0x and 32 hex digits."""
    return "0x" + hashlib.blake2b(label.encode(), digest_size=16).hexdigest()
