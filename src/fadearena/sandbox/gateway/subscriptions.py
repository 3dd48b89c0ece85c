"""
What can be subscribed to.

A subscription in its normal form, ids in lower case, is the name of what it listens to: who asks for the same gets the
same message, encoded once.
"""

from typing import Literal, TypeAlias

import msgspec

from fadearena.model.ids import Address, Coin, Dex
from fadearena.sandbox.gateway import texts
from fadearena.sandbox.gateway.requests import Interval


class _Subscription(msgspec.Struct, frozen=True, tag_field="type", rename="camel", omit_defaults=True):
    """Every subscription names its kind as `type`."""


class _OfCoin(_Subscription, frozen=True):
    coin: Coin


class _OfUser(_Subscription, frozen=True):
    user: Address

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "user", texts.address(self.user))


class AllMids(_Subscription, frozen=True, tag="allMids"):
    """Mid prices of a dex."""

    dex: Dex | None = None


class Trades(_OfCoin, frozen=True, tag="trades"):
    """The tape of a coin."""


class L2Book(_OfCoin, frozen=True, tag="l2Book", omit_defaults=False):
    """The book of a coin: 20 levels now and then, or five often."""

    n_sig_figs: int | None = None
    mantissa: int | None = None
    fast: bool | None = False

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "fast", bool(self.fast))


class Bbo(_OfCoin, frozen=True, tag="bbo"):
    """The best bid and offer of a coin, when they change."""


class Candle(_OfCoin, frozen=True, tag="candle"):
    """The present candle of a coin."""

    interval: Interval


class ActiveAssetCtx(_OfCoin, frozen=True, tag="activeAssetCtx"):
    """Prices and funding of a coin."""


class AllDexsAssetCtxs(_Subscription, frozen=True, tag="allDexsAssetCtxs"):
    """Prices and funding of all coins."""


class UserFills(_OfUser, frozen=True, tag="userFills", omit_defaults=False):
    """A user's fills."""

    aggregate_by_time: bool | None = False

    def __post_init__(self) -> None:
        super().__post_init__()
        msgspec.structs.force_setattr(self, "aggregate_by_time", bool(self.aggregate_by_time))


class UserEvents(_OfUser, frozen=True, tag="userEvents"):
    """A user's fills and funding; the messages do not name the user."""


class OrderUpdates(_OfUser, frozen=True, tag="orderUpdates"):
    """What becomes of a user's orders; the messages do not name the user."""


class UserFundings(_OfUser, frozen=True, tag="userFundings"):
    """A user's funding payments."""


class UserNonFundingLedgerUpdates(_OfUser, frozen=True, tag="userNonFundingLedgerUpdates"):
    """A user's deposits and transfers."""


class UserTwapSliceFills(_OfUser, frozen=True, tag="userTwapSliceFills"):
    """A user's fills of TWAP orders."""


class ClearinghouseState(_OfUser, frozen=True, tag="clearinghouseState"):
    """A user's account on a dex."""

    dex: Dex | None = None


class AllDexsClearinghouseState(_OfUser, frozen=True, tag="allDexsClearinghouseState"):
    """A user's account on every dex."""


class OpenOrders(_OfUser, frozen=True, tag="openOrders"):
    """A user's resting orders."""

    dex: Dex | None = None


class SpotState(_OfUser, frozen=True, tag="spotState"):
    """A user's tokens."""


class ActiveAssetData(_OfUser, frozen=True, tag="activeAssetData"):
    """Leverage and room of a user in a coin."""

    coin: Coin


class WebData3(_OfUser, frozen=True, tag="webData3"):
    """What the exchange's own page shows of a user."""


class Notification(_OfUser, frozen=True, tag="notification"):
    """Texts for a user."""


OfUser: TypeAlias = (
    UserFills
    | UserEvents
    | OrderUpdates
    | UserFundings
    | UserNonFundingLedgerUpdates
    | UserTwapSliceFills
    | ClearinghouseState
    | AllDexsClearinghouseState
    | OpenOrders
    | SpotState
    | ActiveAssetData
    | WebData3
    | Notification
)
OfCoin: TypeAlias = Trades | L2Book | Bbo | Candle | ActiveAssetCtx
Subscription: TypeAlias = AllMids | AllDexsAssetCtxs | OfCoin | OfUser


class PostRequest(msgspec.Struct):
    """A request of `/info` or `/exchange` over the socket."""

    type: Literal["info", "action"]
    payload: msgspec.Raw


class Subscribe(msgspec.Struct, tag_field="method", tag="subscribe"):
    """Listen."""

    subscription: Subscription


class Unsubscribe(msgspec.Struct, tag_field="method", tag="unsubscribe"):
    """Listen no more."""

    subscription: Subscription


class Ping(msgspec.Struct, tag_field="method", tag="ping"):
    """Is anybody there?"""


class Post(msgspec.Struct, tag_field="method", tag="post"):
    """Send a request over the socket."""

    id: int
    request: PostRequest


Said: TypeAlias = Subscribe | Unsubscribe | Ping | Post
"""What a client says over a socket."""
