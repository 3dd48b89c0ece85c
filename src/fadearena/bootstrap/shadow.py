"""Live orders with their shadows: what paper would have made of them, for `fadearena parity`."""

import structlog

from fadearena.adapters.hyperliquid.conditions import HyperliquidConditions
from fadearena.adapters.sim.shadow import ShadowVenue
from fadearena.bootstrap.way import Way
from fadearena.model.error import VenueError
from fadearena.model.fee import TIERS
from fadearena.model.ids import AccountId, Coin
from fadearena.model.instrument import Instrument
from fadearena.model.policy import AccountPolicy, Policy
from fadearena.model.units import HOUR_MS, EpochMs, Ratio
from fadearena.ports.venue import Venue

log = structlog.get_logger(__name__)


class Shadows:
    """A live venue with shadows, whose fees are those of the accounts in the settings."""

    def __init__(self, way: Way, venue: Venue) -> None:
        self._way = way
        self._conditions = HyperliquidConditions(way.info)
        self._accounts: dict[AccountId, AccountPolicy] = {}
        self._rates: dict[AccountId, tuple[Ratio, EpochMs]] = {}
        self.venue = ShadowVenue(
            venue,
            way.time,
            book_of=self._conditions.book,
            journey=way.journey,
            instrument_of=self._instrument,
            rate_of=self._rate,
        )

    def follow(self, policy: Policy) -> None:
        """Take the accounts of the settings."""
        self._accounts = {account.id: account for account in policy.accounts}
        self._rates.clear()

    def _instrument(self, coin: Coin) -> Instrument | None:
        return self._way.listing.instrument(coin)

    async def _rate(self, name: AccountId) -> Ratio:
        """Return what the exchange says that an account pays, read once an hour; else what the settings say."""
        account, now = self._accounts.get(name), self._way.time.now_ms()
        if account is None:
            return TIERS[0].taker
        rate, time = self._rates.get(name, (account.taker_rate, None))
        if time is None or now >= time + HOUR_MS:
            try:
                rate = await self._conditions.taker_rate(account.address)
            except VenueError as error:
                log.warning("fees_unreadable", account=name, error=str(error))
            self._rates[name] = rate, now
        return rate
