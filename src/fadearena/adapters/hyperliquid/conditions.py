"""
What the exchange says of itself, for a paper exchange that does the same: funding of hours, fees, capped markets.

1. A rate is published some hundred milliseconds after its hour, under a time of its own; it is told under the hour.
2. The oracle's prices are not published for the past. In their place are the last trades before the full hour.
"""

from collections.abc import Mapping

from fadearena.adapters.hyperliquid.codec import order_book
from fadearena.adapters.hyperliquid.limits import Lane
from fadearena.adapters.hyperliquid.rest import InfoClient
from fadearena.kit.decimals import exact_arithmetic, parse
from fadearena.model.error import VenueProtocolError, VenueRefused
from fadearena.model.ids import Address, Coin, Dex
from fadearena.model.market import OrderBook
from fadearena.model.units import DAY_MS, HOUR_MS, MINUTE_MS, ONE, EpochMs, Price, Ratio


class HyperliquidConditions:
    """Asks for conditions; every method may raise a `VenueError`."""

    def __init__(self, info: InfoClient) -> None:
        self._info = info

    async def rates(self, coin: Coin, since: EpochMs, until: EpochMs) -> Mapping[EpochMs, Ratio]:
        """Return the funding rates that full hours were paid with, as far as they were published."""
        rows = await self._info.funding_history(coin, since, until + MINUTE_MS, lane=Lane.REST)
        return {row.time - row.time % HOUR_MS: _number(row.fundingRate) for row in rows}

    async def prices(self, coin: Coin, since: EpochMs, until: EpochMs) -> Mapping[EpochMs, Price]:
        """Return a coin's last trades before full hours; none where it did not trade for a day."""
        rows = await self._info.candles(coin, "1h", since - DAY_MS, until - 1, lane=Lane.REST)
        found: dict[EpochMs, Price] = {}
        for hour in range(since, until + 1, HOUR_MS):
            closed = [row for row in rows if hour - DAY_MS <= row.t <= hour - HOUR_MS]
            if closed:
                found[hour] = _number(max(closed, key=lambda row: row.t).c)
        return found

    async def capped(self, dex: Dex) -> frozenset[Coin]:
        """Return the markets of a dex whose open interest may not grow."""
        return frozenset(await self._info.capped(dex, lane=Lane.OWN))

    async def book(self, coin: Coin) -> OrderBook:
        """Return a coin's book as it stands; orders and readings of our own accounts go before it."""
        found = await self._info.book(coin, lane=Lane.REPAIR)
        if found is None:
            raise VenueRefused("unknown-coin", f"the exchange has no book of {coin!r}")
        return order_book(found)

    async def taker_rate(self, address: Address) -> Ratio:
        """Return what an address pays as a taker, less its referral discount; staking is in the rate already."""
        fees = await self._info.fees(address, lane=Lane.REST)
        discount = fees.activeReferralDiscount
        with exact_arithmetic():
            return _number(fees.userCrossRate) * (ONE - (_number(discount) if isinstance(discount, str) else 0))


def _number(text: str) -> Ratio:
    try:
        return parse(text)
    except ValueError as error:
        raise VenueProtocolError(f"a rate of {text!r}: {error}") from None
