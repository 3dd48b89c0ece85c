"""Live orders with their shadows: what the read store gives out for a comparison."""

import msgspec

from fadearena.model.error import InvalidInput
from fadearena.model.ids import BotId, Coin
from fadearena.model.record import OrderUpdate, ShadowFill
from fadearena.model.units import EpochMs, Usd


class PairQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which orders are wanted: those made since, of one bot or coin where they are given; the newest `limit`."""

    since: EpochMs = 0
    bot: BotId | None = None
    coin: Coin | None = None
    limit: int = 10_000

    def __post_init__(self) -> None:
        """
        Refuse to give out nothing.

        Raises:
            InvalidInput: `limit` is not positive.
        """
        if self.limit < 1:
            raise InvalidInput(f"a limit of {self.limit} orders is not positive")


class OrderPair(msgspec.Struct, frozen=True, kw_only=True):
    """An order that ended, the fees of its fills, and what simulation would have made of it, where that is known."""

    order: OrderUpdate
    created: EpochMs
    fee: Usd
    shadow: ShadowFill | None
