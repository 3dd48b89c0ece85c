"""Messages of the WebSocket: the frame, and the data of each channel."""
# ruff: noqa: N815 - the names are the exchange's own

import msgspec
from msgspec import UNSET, UnsetType

from fadearena.adapters.hyperliquid.wire.account import FundingDelta, LedgerUpdate
from fadearena.adapters.hyperliquid.wire.fills import Fill, TwapSliceFill
from fadearena.adapters.hyperliquid.wire.market import AssetContext


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """Any message; `pong` has no data."""

    channel: str
    data: msgspec.Raw = msgspec.Raw()


class ActiveContext(msgspec.Struct, frozen=True, kw_only=True):
    """Data of `activeAssetCtx`."""

    coin: str
    ctx: AssetContext


class UserFills(msgspec.Struct, frozen=True, kw_only=True):
    """Data of `userFills`; the first message after subscribing is a snapshot of what was before."""

    user: str
    fills: tuple[Fill, ...]
    isSnapshot: bool | UnsetType = UNSET


class UserTwapSliceFills(msgspec.Struct, frozen=True, kw_only=True):
    """Data of `userTwapSliceFills`."""

    user: str
    twapSliceFills: tuple[TwapSliceFill, ...]
    isSnapshot: bool | UnsetType = UNSET


class UserFunding(FundingDelta, frozen=True, kw_only=True):
    """One payment of `userFundings`."""

    time: int


class UserFundings(msgspec.Struct, frozen=True, kw_only=True):
    """Data of `userFundings`."""

    user: str
    fundings: tuple[UserFunding, ...]
    isSnapshot: bool | UnsetType = UNSET


class LedgerUpdates(msgspec.Struct, frozen=True, kw_only=True):
    """Data of `userNonFundingLedgerUpdates`."""

    user: str
    nonFundingLedgerUpdates: tuple[LedgerUpdate, ...]
    isSnapshot: bool | UnsetType = UNSET


class Subscribed(msgspec.Struct, frozen=True, kw_only=True):
    """Data of `subscriptionResponse`: the subscription comes back with fields that were not asked for."""

    method: str
    subscription: dict[str, str | int | float | bool | None]


class PostAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What came back on a posted request: of an action its reply, of a question its type and data, or a text."""

    type: str
    payload: msgspec.Raw


class Posted(msgspec.Struct, frozen=True, kw_only=True):
    """Data of `post`."""

    id: int
    response: PostAnswer
