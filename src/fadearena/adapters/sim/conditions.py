"""
What a paper exchange has to know beyond prices: what hours paid, what accounts pay, which markets are capped.

What cannot be read is read again later: an hour stays due, rates stay as they were, a market counts as open.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

import structlog

from fadearena.adapters.sim.exchange import SimExchange
from fadearena.adapters.sim.paper import Due
from fadearena.kit.clock import Clock
from fadearena.model.error import VenueError
from fadearena.model.ids import AccountId, Address, Coin, Dex
from fadearena.model.market import FundingRate
from fadearena.model.units import HOUR_MS, MINUTE_MS, SECOND_MS, EpochMs, Price, Ratio

log = structlog.get_logger(__name__)
LOOK_MS = 5 * SECOND_MS
AGAIN_MS = MINUTE_MS


class Conditions(Protocol):
    """What the exchange says of itself; every method may raise a `VenueError`."""

    async def rates(self, coin: Coin, since: EpochMs, until: EpochMs) -> Mapping[EpochMs, Ratio]:
        """Return the funding rates that full hours were paid with, as far as they were published."""
        ...

    async def prices(self, coin: Coin, since: EpochMs, until: EpochMs) -> Mapping[EpochMs, Price]:
        """Return a coin's prices at full hours, for want of the oracle's: those of its last trades before."""
        ...

    async def capped(self, dex: Dex) -> frozenset[Coin]:
        """Return the markets of a dex whose open interest may not grow."""
        ...

    async def taker_rate(self, address: Address) -> Ratio:
        """Return what an address pays as a taker, less its discounts, before a market's factors."""
        ...


class Upkeep:
    """Tells a paper exchange what the real one says."""

    def __init__(self, clock: Clock, conditions: Conditions) -> None:
        self._clock = clock
        self._conditions = conditions
        self._addresses: Mapping[AccountId, Address] = {}
        self._rates: dict[AccountId, tuple[Ratio, EpochMs]] = {}
        self._capped: dict[Dex, EpochMs] = {}
        self._asked: dict[Coin, EpochMs] = {}

    def serve(self, addresses: Mapping[AccountId, Address]) -> None:
        """Have accounts pay what these addresses would pay; an account without one pays by its own volume."""
        self._addresses = dict(addresses)
        self._rates = {name: rate for name, rate in self._rates.items() if name in addresses}

    async def follow(self, exchange: Callable[[], SimExchange]) -> None:
        """Look again and again what the exchange lacks, and read it; for ever."""
        while True:
            await self._read_rates(exchange())
            for coin in sorted({due.coin for due in exchange().dues}):
                await self._read_hours(exchange(), coin)
            await self._clock.sleep_until(self._clock.now_ms() + LOOK_MS)

    async def look_at_caps(self, exchange: SimExchange, dex: Dex) -> None:
        """Read which markets of a dex are capped, at most once a minute."""
        now = self._clock.now_ms()
        if now < self._capped.get(dex, 0) + AGAIN_MS:
            return
        self._capped[dex] = now
        try:
            exchange.markets.on_capped(dex, await self._conditions.capped(dex))
        except VenueError as error:
            log.warning("caps_unreadable", dex=dex, error=str(error))

    async def _read_rates(self, exchange: SimExchange) -> None:
        """Read what addresses pay once an hour, and tell the exchange; it may be another one since."""
        for name, address in self._addresses.items():
            rate, time = self._rates.get(name, (None, 0))
            if rate is None or self._clock.now_ms() >= time + HOUR_MS:
                try:
                    rate = await self._conditions.taker_rate(address)
                    self._rates[name] = rate, self._clock.now_ms()
                except VenueError as error:
                    log.warning("fees_unreadable", account=name, error=str(error))
            if rate is not None:
                exchange.on_taker_rate(name, rate)

    async def _read_hours(self, exchange: SimExchange, coin: Coin) -> None:
        """Read the rates of the hours that are due, and prices where they were not heard; at most once a minute."""
        if self._clock.now_ms() < self._asked.get(coin, 0) + AGAIN_MS:
            return
        self._asked[coin] = self._clock.now_ms()
        dues = [due for due in exchange.dues if due.coin == coin]
        first, last = min(due.hour for due in dues), max(due.hour for due in dues)
        try:
            rates = await self._conditions.rates(coin, first, last)
            prices = await self._conditions.prices(coin, first, last) if any(map(_lacks_price, dues)) else {}
        except VenueError as error:
            log.warning("hours_unreadable", coin=coin, error=str(error))
            return
        for hour, oracle in {due.hour: due.oracle or prices.get(due.hour) for due in dues}.items():
            if hour in rates and oracle is not None:
                exchange.on_hour(hour, FundingRate(coin=coin, rate=rates[hour], oracle=oracle))


def _lacks_price(due: Due) -> bool:
    return due.oracle is None
