"""
Prices that stand until they are moved.

A recording tells a price when a fill is made and then nothing for minutes; a market does not stop
in between. So a simulation repeats what stands: of the coins that an event is about, and every ten
seconds of all coins. The worker does the same with the newest prices, a few coins at a time.
"""

from collections.abc import Iterable

import msgspec

from fadearena.model.command import Command, PlaceOrder, PlaceStop, ReadLeverage, SetLeverage
from fadearena.model.event import Event, SourceFills
from fadearena.model.ids import Coin, is_perp
from fadearena.model.units import SECOND_MS, EpochMs
from fadearena.runtime.doors import QuoteOf

_COIN_MS = SECOND_MS
_ALL_MS = 10 * SECOND_MS
ROUND_MS = SECOND_MS // 2
"""How often a few coins are told, where not all are told at once."""


class StandingQuotes:
    """
    Remembers when each coin's quote was told last, and adds to events what is missing.

    Args:
        quote: Gives a coin's prices as they stand.
        coin_ms: How old the last quote of a fill's coin may be before it is told again.
        coins: Those of which quotes are wanted from the beginning.
        most: How many are told in one event because their time has come; None tells all at once. Each of them may
            move the value of thousands of sleeves.
    """

    def __init__(
        self,
        quote: QuoteOf,
        *,
        coin_ms: EpochMs = _COIN_MS,
        coins: Iterable[Coin] = (),
        most: int | None = None,
    ) -> None:
        self._quote = quote
        self._coin_ms = coin_ms
        self._most = most
        self._told: dict[Coin, EpochMs] = dict.fromkeys(coins, 0)
        self._looked: EpochMs = 0

    def is_due(self, now: EpochMs) -> bool:
        """Tell whether the next event will bring prices only because it is time for them."""
        every = _ALL_MS if self._most is None else ROUND_MS
        return now - self._looked >= every and min(self._told.values(), default=now) <= now - _ALL_MS

    def stamp(self, event: Event, now: EpochMs, cause: Command | None) -> Event:
        """Return the event as it is taken in: received now, with the quotes that it needs."""
        told = self._told
        for quote in event.quotes:
            told[quote.coin] = now
        wanted: set[Coin] = set()
        if isinstance(event, SourceFills):
            stale = now - self._coin_ms
            for fill in event.fills:
                if told.get(fill.coin, 0) <= stale and is_perp(fill.coin):
                    wanted.add(fill.coin)
        elif cause is not None:
            wanted = self._coin_of(cause)
        if self.is_due(now):
            wanted.update(self._due(now))
        if not wanted and event.received == now:
            return event
        added = [standing for coin in sorted(wanted) if (standing := self._quote(coin, now)) is not None]
        for standing in added:
            told[standing.coin] = now
        return msgspec.structs.replace(event, received=now, quotes=(*event.quotes, *added))

    def _due(self, now: EpochMs) -> list[Coin]:
        """Return the coins whose time has come; where only some may be told, soon due ones fill the round up."""
        self._looked, told = now, self._told
        if self._most is None:
            return [coin for coin, time in told.items() if time <= now - _ALL_MS]
        soon = sorted((time, coin) for coin, time in told.items() if time <= now - _ALL_MS // 2)
        due = [coin for _, coin in soon[: self._most]]
        told.update(dict.fromkeys(due, now))  # also those of which nobody told a price yet
        return due

    @staticmethod
    def _coin_of(cause: Command) -> set[Coin]:
        """Return the coin that a command is about, where its touch may have moved since."""
        match cause:
            case PlaceOrder(terms=terms):
                return {terms.coin}
            case SetLeverage(coin=coin) | ReadLeverage(coin=coin) | PlaceStop(coin=coin):
                return {coin}
            case _:
                return set()
