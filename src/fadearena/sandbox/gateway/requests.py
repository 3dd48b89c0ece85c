"""What can be asked at `/info`, and what each question weighs."""

from typing import Annotated, Literal, TypeAlias

import msgspec

from fadearena.model.ids import Address, Coin, Dex
from fadearena.model.units import EpochMs
from fadearena.sandbox.gateway import texts

Interval = Literal["1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "8h", "12h", "1d", "3d", "1w", "1M"]


class _Question(msgspec.Struct, tag_field="type", rename="camel", kw_only=True):
    """Every question names its kind as `type`."""


class _OfUser(_Question, kw_only=True):
    user: Address

    def __post_init__(self) -> None:
        self.user = texts.address(self.user)


class _OfDex(_Question, kw_only=True):
    dex: Dex | None = None


class _OfUserInTime(_OfUser, kw_only=True):
    start_time: EpochMs
    end_time: EpochMs | None = None


class Meta(_OfDex, tag="meta"):
    """The coins of a dex."""


class MetaAndAssetCtxs(_OfDex, tag="metaAndAssetCtxs"):
    """The coins of a dex and their prices."""


class AllPerpMetas(_Question, tag="allPerpMetas"):
    """The coins of all dexs."""


class PerpDexs(_Question, tag="perpDexs"):
    """The dexs."""


class AllMids(_OfDex, tag="allMids"):
    """The mid prices of a dex."""


class L2Book(_Question, tag="l2Book"):
    """The book of a coin; fewer figures bring levels together."""

    coin: Coin
    n_sig_figs: int | None = None
    mantissa: int | None = None


class CandleSpan(msgspec.Struct, rename="camel"):
    """Which candles."""

    coin: Coin
    interval: Interval
    start_time: EpochMs
    end_time: EpochMs | None = None


class CandleSnapshot(_Question, tag="candleSnapshot"):
    """Candles of a coin."""

    req: CandleSpan


class RecentTrades(_Question, tag="recentTrades"):
    """The last trades of a coin."""

    coin: Coin


class FundingHistory(_Question, tag="fundingHistory"):
    """The funding rates that a coin had."""

    coin: Coin
    start_time: EpochMs
    end_time: EpochMs | None = None


class PredictedFundings(_Question, tag="predictedFundings"):
    """The funding rates that come next."""


class PerpsAtOpenInterestCap(_OfDex, tag="perpsAtOpenInterestCap"):
    """Coins whose open interest may not grow."""


class ExchangeStatus(_Question, tag="exchangeStatus"):
    """What time it is."""


class SpotMeta(_Question, tag="spotMeta"):
    """Tokens and spot pairs."""


class SpotMetaAndAssetCtxs(_Question, tag="spotMetaAndAssetCtxs"):
    """Tokens and spot pairs, and their prices."""


class ClearinghouseState(_OfUser, tag="clearinghouseState"):
    """A user's account on a dex."""

    dex: Dex | None = None


class SpotClearinghouseState(_OfUser, tag="spotClearinghouseState"):
    """A user's tokens."""


class UserAbstraction(_OfUser, tag="userAbstraction"):
    """The mode of a user's account."""


class ActiveAssetData(_OfUser, tag="activeAssetData"):
    """Leverage and room of a user in a coin."""

    coin: Coin


class OpenOrders(_OfUser, tag="openOrders"):
    """A user's resting orders."""

    dex: Dex | None = None


class FrontendOpenOrders(_OfUser, tag="frontendOpenOrders"):
    """A user's resting orders with more about each."""

    dex: Dex | None = None


class OrderStatus(_OfUser, tag="orderStatus"):
    """What became of an order."""

    oid: Annotated[int, msgspec.Meta(ge=0)] | str

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.oid, str):
            self.oid = texts.cloid(self.oid)


class HistoricalOrders(_OfUser, tag="historicalOrders"):
    """A user's last orders."""


class UserFills(_OfUser, tag="userFills"):
    """A user's last fills."""

    aggregate_by_time: bool | None = None


class UserFillsByTime(_OfUserInTime, tag="userFillsByTime"):
    """A user's fills from a time on."""

    aggregate_by_time: bool | None = None
    reversed: bool | None = None


class UserTwapSliceFills(_OfUser, tag="userTwapSliceFills"):
    """A user's last fills of TWAP orders."""


class UserTwapSliceFillsByTime(_OfUserInTime, tag="userTwapSliceFillsByTime"):
    """A user's fills of TWAP orders from a time on."""

    aggregate_by_time: bool | None = None


class UserFunding(_OfUserInTime, tag="userFunding"):
    """A user's funding payments."""


class UserNonFundingLedgerUpdates(_OfUserInTime, tag="userNonFundingLedgerUpdates"):
    """A user's deposits and transfers."""


class UserRole(_OfUser, tag="userRole"):
    """What an address is."""


class SubAccounts(_OfUser, tag="subAccounts"):
    """A user's sub-accounts."""


class SubAccounts2(_OfUser, tag="subAccounts2"):
    """A user's sub-accounts on all dexs."""


class ExtraAgents(_OfUser, tag="extraAgents"):
    """A user's named agents."""


class UserRateLimit(_OfUser, tag="userRateLimit"):
    """How many actions a user may still send."""


class UserFees(_OfUser, tag="userFees"):
    """What a user pays for trading."""


class Portfolio(_OfUser, tag="portfolio"):
    """How a user's account went."""


Question: TypeAlias = (
    Meta
    | MetaAndAssetCtxs
    | AllPerpMetas
    | PerpDexs
    | AllMids
    | L2Book
    | CandleSnapshot
    | RecentTrades
    | FundingHistory
    | PredictedFundings
    | PerpsAtOpenInterestCap
    | ExchangeStatus
    | SpotMeta
    | SpotMetaAndAssetCtxs
    | ClearinghouseState
    | SpotClearinghouseState
    | UserAbstraction
    | ActiveAssetData
    | OpenOrders
    | FrontendOpenOrders
    | OrderStatus
    | HistoricalOrders
    | UserFills
    | UserFillsByTime
    | UserTwapSliceFills
    | UserTwapSliceFillsByTime
    | UserFunding
    | UserNonFundingLedgerUpdates
    | UserRole
    | SubAccounts
    | SubAccounts2
    | ExtraAgents
    | UserRateLimit
    | UserFees
    | Portfolio
)

_LIGHT = (L2Book, AllMids, ClearinghouseState, OrderStatus, SpotClearinghouseState, ExchangeStatus)
_BY_ITEMS = (
    RecentTrades,
    HistoricalOrders,
    UserFills,
    UserFillsByTime,
    FundingHistory,
    UserFunding,
    UserNonFundingLedgerUpdates,
    UserTwapSliceFills,
    UserTwapSliceFillsByTime,
)


def weight(question: Question) -> int:
    """Return what asking costs of an address's share of a minute."""
    if isinstance(question, _LIGHT):
        return 2
    return 60 if isinstance(question, UserRole) else 20


def weight_of_items(question: Question, count: int) -> int:
    """Return what the returned items cost on top."""
    if isinstance(question, _BY_ITEMS):
        return count // 20
    return count // 60 if isinstance(question, CandleSnapshot) else 0
