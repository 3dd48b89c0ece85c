"""A market that can be traded, with its lots and ticks."""

from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, Decimal
from enum import StrEnum

import msgspec

from fadearena.model.error import InvalidInput
from fadearena.model.ids import Coin, Dex, dex_of
from fadearena.model.margin import MarginTier
from fadearena.model.units import Price, Quantity, Side, Size

_MAX_DECIMALS = 6
_FIGURES = 5
_LOTS = tuple(Decimal(1).scaleb(-n) for n in range(_MAX_DECIMALS + 1))


class MarginMode(StrEnum):
    """What the market allows."""

    CROSS = "cross"
    NO_CROSS = "noCross"
    STRICT_ISOLATED = "strictIsolated"


class Instrument(msgspec.Struct, frozen=True, kw_only=True):
    """
    One perpetual market.

    Prices have at most five significant figures and `6 - size_decimals` decimals; whole numbers are always
    valid. Sizes have at most `size_decimals` decimals. Source: the exchange's documentation on tick and lot size.
    """

    coin: Coin
    asset_id: int
    size_decimals: int
    max_leverage: int
    margin_tiers: tuple[MarginTier, ...]
    margin_mode: MarginMode = MarginMode.CROSS
    collateral_token: int = 0
    is_delisted: bool = False
    deployer_fee_scale: Decimal | None = None
    growth_mode: bool = False

    def __post_init__(self) -> None:
        """Refuse what no market can have."""
        if not 0 <= self.size_decimals <= _MAX_DECIMALS:
            raise InvalidInput(f"{self.coin}: {self.size_decimals} size decimals, 0 to {_MAX_DECIMALS} are possible")
        if self.asset_id < 0 or self.max_leverage < 1 or not self.margin_tiers:
            raise InvalidInput(f"{self.coin}: asset id, leverage or margin tiers are missing")

    @property
    def lot(self) -> Quantity:
        """The smallest step of a size."""
        return _LOTS[self.size_decimals]

    @property
    def dex(self) -> Dex:
        """The dex on which it trades."""
        return dex_of(self.coin)

    @property
    def is_cross(self) -> bool:
        """Whether cross margin may be used."""
        return self.margin_mode is MarginMode.CROSS

    def floor(self, size: Size) -> Size:
        """Round a size or quantity towards zero to the lot."""
        return size.quantize(_LOTS[self.size_decimals], ROUND_DOWN)

    @property
    def tick(self) -> Price:
        """The smallest valid price, and the smallest step between prices."""
        return _LOTS[_MAX_DECIMALS - self.size_decimals]

    def price_down(self, price: Price) -> Price:
        """Return the highest valid price that is not above `price` (> 0); 0 where there is none."""
        return self._round(price, ROUND_FLOOR)

    def price_up(self, price: Price) -> Price:
        """Return the lowest valid price that is not below `price` (> 0)."""
        return self._round(price, ROUND_CEILING)

    def price_inwards(self, side: Side, price: Price) -> Price:
        """Round a limit so that it is never worse for us than `price`; 0 where no valid price is."""
        return self.price_down(price) if side is Side.BUY else self.price_up(price)

    def price_outwards(self, side: Side, price: Price) -> Price:
        """Round a limit so that it never asks for less room than `price`; a sale asks for a tick at least."""
        return self.price_up(price) if side is Side.BUY else max(self.price_down(price), self.tick)

    def _round(self, price: Price, rounding: str) -> Price:
        step = max(price.adjusted() - _FIGURES + 1, self.size_decimals - _MAX_DECIMALS)
        return price.quantize(Decimal(1).scaleb(min(step, 0)), rounding)
