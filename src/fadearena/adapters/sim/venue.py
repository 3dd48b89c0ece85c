"""
Paper accounts as a `Venue`, in any market that tells its prices.

1. An action arrives after a while, and fills at the prices of that moment: what they are is up to the `Street`.
2. An order's own fills come before its answer: an answer without its fills would be taken for a drift if the program
   stopped between the two.
3. It stores nothing; before it is used after a restart, `restore` has to be called.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Protocol

from fadearena.adapters.sim.exchange import SimExchange
from fadearena.adapters.sim.paper import PaperAccount
from fadearena.kit.clock import Clock
from fadearena.kit.tasks import streamed
from fadearena.model.event import Event, OrderAnswered
from fadearena.model.ids import AccountId
from fadearena.model.units import SECOND_MS, Usd
from fadearena.ports.sightings import FeedStatus
from fadearena.ports.venue import VenueCommand

_WAITING_MAX = 1_000


class Street(Protocol):
    """Where the prices of paper accounts come from."""

    @property
    def clock(self) -> Clock:
        """Shows the time of the market."""
        ...

    def open(self, accounts: Sequence[PaperAccount]) -> SimExchange:
        """Return an exchange of the street's markets, at the present."""
        ...

    async def arrive(self, command: VenueCommand, exchange: SimExchange) -> None:
        """
        Let as much time pass as a command takes to arrive, and fetch the prices that it needs.

        Raises:
            VenueUnavailable: They could not be fetched: nothing happened.
        """
        ...

    async def follow(self, exchange: Callable[[], SimExchange]) -> None:
        """Read again and again what the exchange lacks."""
        ...

    def show(self, exchange: SimExchange) -> bool:
        """Show the exchange the prices of the moment; False where it lacks one of those that it has to know."""
        ...


class PaperVenue:
    """Paper accounts on a street."""

    def __init__(self, street: Street, accounts: Iterable[PaperAccount]) -> None:
        self._street = street
        self._accounts = {account.id: account for account in accounts}
        self.restore(())

    def open(self, accounts: Iterable[PaperAccount]) -> None:
        """Open accounts that do not exist yet; those that do stay as they are."""
        for account in accounts:
            self._accounts.setdefault(account.id, account)
            self._exchange.add(account)

    def restore(self, events: Iterable[Event]) -> None:
        """
        Make the accounts anew from a journal's events, in its order: those of `KEPT_KINDS` are enough.

        Raises:
            InvalidInput: An event names an account or a coin that does not exist here.
        """
        self._exchange = self._street.open(tuple(self._accounts.values()))
        self._exchange.restore(events)

    def equity(self, account: AccountId) -> Usd:
        """Return cash and unrealised PnL of an account, at the marks of the moment."""
        self._street.show(self._exchange)
        return self._exchange.equity(account)

    def __aiter__(self) -> AsyncIterator[Event]:
        """Iterate over what happens by itself, looked at once a second: funding, stops, liquidations; without end."""
        told: asyncio.Queue[Event] = asyncio.Queue(_WAITING_MAX)
        return streamed(told, self._watch(told), self._street.follow(lambda: self._exchange))

    def feeds(self) -> Sequence[FeedStatus]:
        """Return none: paper accounts are not heard of from afar."""
        return ()

    async def execute(self, command: VenueCommand) -> Sequence[Event]:
        """
        Do one command when it arrives.

        Raises:
            VenueUnavailable: The prices that it needs are not known; nothing happened.
            VenueRefused: A read of an account that does not exist.
        """
        await self._street.arrive(command, self._exchange)
        self._street.show(self._exchange)
        events = await self._exchange.execute(command)
        return sorted(events, key=lambda event: isinstance(event, OrderAnswered))

    async def _watch(self, told: asyncio.Queue[Event]) -> None:
        clock = self._street.clock
        while True:
            await next_second(clock)
            if self._street.show(self._exchange):
                for event in self._exchange.advance(clock.now_ms()):
                    await told.put(event)


async def next_second(clock: Clock) -> None:
    """Wait for the next full second."""
    now = clock.now_ms()
    await clock.sleep_until(now - now % SECOND_MS + SECOND_MS)
