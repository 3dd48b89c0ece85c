"""
The book that an order meets.

1. It is asked for so that the question is at the exchange when the order is: as much earlier as a request takes.
2. A book that comes later than that is met later, so what was slow costs what it costs; an order that is too late by
   then is refused by its own deadline. One that is older than `OLD_MS` at the arrival is none: nothing is filled
   against it, and nothing happened.
"""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from fadearena.adapters.sim.journey import Journey
from fadearena.kit.clock import Clock
from fadearena.model.error import VenueUnavailable
from fadearena.model.ids import Coin
from fadearena.model.market import OrderBook
from fadearena.model.units import SECOND_MS, EpochMs

OLD_MS = 5 * SECOND_MS

FetchBook: TypeAlias = Callable[[Coin], Awaitable[OrderBook]]
"""Fetches a coin's whole book of the moment; a `VenueError` says why not."""


class Meeting:
    """Has orders meet books."""

    def __init__(self, clock: Clock, book_of: FetchBook, journey: Journey) -> None:
        self._clock = clock
        self._book_of = book_of
        self._journey = journey

    async def book(self, coin: Coin, arrival: EpochMs) -> OrderBook:
        """
        Return the book that an order meets which arrives then, at that time or as soon after it as it is known.

        Raises:
            VenueUnavailable: The book is too old.
            VenueError: It could not be fetched.
        """
        await self._clock.sleep_until(arrival - self._journey.way_ms)
        book = await self._book_of(coin)
        if book.time < arrival - OLD_MS:
            raise VenueUnavailable(f"the book of {coin} is {arrival - book.time} ms older than the order")
        await self._clock.sleep_until(arrival)
        return book
