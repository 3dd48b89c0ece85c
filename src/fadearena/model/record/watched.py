"""What watched wallets did, and what is known of them."""

import msgspec

from fadearena.model.ids import Address, BotId, Coin
from fadearena.model.units import EpochMs, Price, Quantity, Side, Size
from fadearena.model.wallet import Feed


class BotTrade(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="bot-trade"):
    """A fill of a watched wallet, counted once."""

    bot: BotId
    wallet: Address
    feed: Feed
    key: str
    coin: Coin
    time: EpochMs
    side: Side
    price: Price
    quantity: Quantity
    start_position: Size | None
    is_followed: bool


class PositionChange(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="position-change"):
    """A source position moved without fills that explain it."""

    bot: BotId
    coin: Coin
    before: Size
    after: Size
    reason: str


class Gap(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="gap"):
    """The chain of a source's fills has a hole: `expected` was our position, the fill began at `reported`."""

    bot: BotId
    coin: Coin
    expected: Size
    reported: Size


class FollowUpdate(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="follow-update"):
    """What is known of a source position now."""

    bot: BotId
    coin: Coin
    confidence: str
    position: Size
    baseline: Size
    followed: Size
    entry: Price | None
