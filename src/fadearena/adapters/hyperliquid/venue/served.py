"""
One account of ours while it is served: what is pushed of it, and what it may still do.

How many actions are left is read every few minutes. Whether its signer may sign is read at the start, when there is
another one, and every hour; also after the socket was lost and when the exchange refused a signature, but that not more
often than every five minutes. A reading that fails says nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from fadearena.adapters.hyperliquid import codec
from fadearena.adapters.hyperliquid.limits import AddressBudget, Lane
from fadearena.adapters.hyperliquid.line import Line
from fadearena.adapters.hyperliquid.venue.accounts import VenueAccount
from fadearena.adapters.hyperliquid.venue.pushed import Pushed
from fadearena.adapters.hyperliquid.venue.reads import AccountReader
from fadearena.kit.tasks import either
from fadearena.model.error import VenueError
from fadearena.model.event import BudgetRead, Event
from fadearena.model.ids import AccountId
from fadearena.model.units import HOUR_MS, MINUTE_MS

log = structlog.get_logger(__name__)
BUDGET_MS: Final = 5 * MINUTE_MS
SIGNER_MS: Final = HOUR_MS
_SIGNER_PAUSE_MS: Final = 5 * MINUTE_MS
_Tell = Callable[[Event], Awaitable[None]]


class Served:
    """An account, and what is kept of it."""

    def __init__(self, name: AccountId, account: VenueAccount, reader: AccountReader, line: Line) -> None:
        self.name = name
        self.account = account
        self.pushed = Pushed(name, account, reader, line)
        self.budget = AddressBudget(line.clock)
        self._reader = reader
        self._line = line
        self._is_signer_due = asyncio.Event()
        self._is_signer_new = asyncio.Event()

    def is_same(self, account: VenueAccount | None) -> bool:
        """Tell whether an account is this one, whoever signs for it."""
        mine = self.account
        return account is not None and (account.address, account.is_vault) == (mine.address, mine.is_vault)

    def change(self, account: VenueAccount) -> None:
        """Take over who signs."""
        if account != self.account:
            self.account = account
            self._is_signer_new.set()

    def ask_signer(self) -> None:
        """Have it read soon whether the signer may sign."""
        self._is_signer_due.set()

    async def run(self, tell: _Tell) -> None:
        """Tell of the account; for ever."""
        await either(self.pushed.catch_up(tell), self._watch_budget(tell), self._watch_signer(tell))

    async def _watch_budget(self, tell: _Tell) -> None:
        clock = self._line.clock
        while True:
            try:
                limit = await self._line.info.rate_limit(self.account.address, lane=Lane.OWN)
            except VenueError as error:
                log.warning("budget_unreadable", account=self.name, error=str(error))
            else:
                used, most, bought = limit.nRequestsUsed, limit.nRequestsCap, limit.nRequestsSurplus or 0
                self.budget.learn(used=used, limit=most, surplus=bought)
                left = codec.actions_left(limit)
                await tell(BudgetRead(time=0, received=0, account=self.name, actions_left=left))
            await clock.sleep_until(clock.now_ms() + BUDGET_MS)

    async def _watch_signer(self, tell: _Tell) -> None:
        clock = self._line.clock
        while True:
            self._is_signer_due.clear()
            self._is_signer_new.clear()
            pause = SIGNER_MS
            try:
                if self.account.signer is not None:
                    await tell(await self._reader.signer(self.name, self.account, self.account.signer))
            except VenueError as error:
                log.warning("signer_unreadable", account=self.name, error=str(error))
                pause = _SIGNER_PAUSE_MS
            read = clock.now_ms()
            await either(clock.sleep_until(read + _SIGNER_PAUSE_MS), self._is_signer_new.wait())
            if not self._is_signer_new.is_set():
                again = (self._is_signer_due.wait(), self._is_signer_new.wait())
                await either(clock.sleep_until(read + pause), *again)
