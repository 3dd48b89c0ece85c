"""
What is pushed of one account of ours: fills, funding, deposits and withdrawals.

1. Each new confirmation of the stream is followed by fetching what came before it, so that there is no hole between.
2. What was told once is not told again. After a start everything that the exchange shows is told once: nobody here
   knows what was told before.
3. None of it is called complete: from when on that would hold, only who asked for it knows.
4. A row that cannot be read is told as such; the others go on.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeVar

import msgspec

from fadearena.adapters.hyperliquid import codec, wire
from fadearena.adapters.hyperliquid.limits import Lane
from fadearena.adapters.hyperliquid.line import Line
from fadearena.adapters.hyperliquid.rows import UNREADABLE, fill_rows, readable, slice_rows
from fadearena.adapters.hyperliquid.session import Message, Session
from fadearena.adapters.hyperliquid.venue.accounts import VenueAccount
from fadearena.adapters.hyperliquid.venue.reads import AccountReader
from fadearena.model.error import VenueError, VenueProtocolError
from fadearena.model.event import CashMoved, Event, FundingPaid, InputRejected, Notice, OwnFills
from fadearena.model.ids import AccountId
from fadearena.model.order import OwnFill
from fadearena.model.units import HOUR_MS, MINUTE_MS, SECOND_MS, EpochMs

Keyed = TypeVar("Keyed", OwnFill, FundingPaid, CashMoved)
KEYS_MAX: Final = 20_000
_FILLS_BEFORE_MS: Final = MINUTE_MS
_CASH_BEFORE_MS: Final = 2 * HOUR_MS
_AGAIN_MS: Final = 5 * SECOND_MS
_FILLS, _SLICES = "userFills", "userTwapSliceFills"
_FUNDINGS, _LEDGER = "userFundings", "userNonFundingLedgerUpdates"
_FUNDING_ROWS = msgspec.json.Decoder(wire.UserFundings)
_LEDGER_ROWS = msgspec.json.Decoder(wire.LedgerUpdates)


class Pushed:
    """Listens for one account."""

    def __init__(self, name: AccountId, account: VenueAccount, reader: AccountReader, line: Line) -> None:
        self._name = name
        self._account = account
        self._reader = reader
        self._line = line
        self._told: dict[str, None] = {}
        self._is_behind = asyncio.Event()
        self._complete_to: EpochMs = line.clock.now_ms()

    def subscribe(self, session: Session) -> None:
        """Want everything of this account from a session."""
        for channel in (_FILLS, _SLICES, _FUNDINGS, _LEDGER):
            session.subscribe({"type": channel, "user": self._account.address})

    def streams(self, channel: str) -> None:
        """Note that a channel is streamed from now on: with the fills everything that was missed is fetched."""
        if channel == _FILLS:
            self._is_behind.set()

    async def catch_up(self, tell: Callable[[Event], Awaitable[None]]) -> None:
        """Fetch and tell what was missed, each time that the stream begins; for ever."""
        clock = self._line.clock
        while True:
            await self._is_behind.wait()
            self._is_behind.clear()
            try:
                news = await self._missed()
            except VenueError as error:
                text = f"what happened on {self._name} while its stream was away cannot be read yet: {error}"
                await tell(_notice(text))
                await clock.sleep_until(clock.now_ms() + _AGAIN_MS)
                self._is_behind.set()
            else:
                for event in news:
                    await tell(event)

    async def read(self, message: Message) -> list[Event]:
        """
        Return what a message of this account says that was not told yet.

        Raises:
            VenueError: It cannot be read, or how the account pools its money cannot be asked.
        """
        try:
            match message.channel:
                case "userFills" | "userTwapSliceFills":
                    rows = fill_rows(message.data) if message.channel == _FILLS else slice_rows(message.data)
                    return [*self._once(rows.rejected), *self._fills(rows.fills)]
                case "userFundings":
                    return self._fundings(_FUNDING_ROWS.decode(message.data).fundings)
                case "userNonFundingLedgerUpdates":
                    return await self._cash(_LEDGER_ROWS.decode(message.data).nonFundingLedgerUpdates)
                case _:
                    return []
        except UNREADABLE as error:
            raise VenueProtocolError(f"{message.channel} of {self._name} cannot be read: {error}") from error

    async def _missed(self) -> list[Event]:
        info, address = self._line.info, self._account.address
        began, since = self._line.clock.now_ms(), self._complete_to
        fills = await info.all_fills(address, since - _FILLS_BEFORE_MS, lane=Lane.OWN)
        fundings = await info.funding(address, since - _CASH_BEFORE_MS, lane=Lane.OWN)
        updates = await info.ledger(address, since - _CASH_BEFORE_MS, lane=Lane.OWN)
        cash = await self._cash(updates)
        news = [*self._fills(fills), *self._fundings(fundings), *cash]
        self._complete_to = began
        return news

    def _fills(self, rows: Iterable[wire.Fill]) -> list[Event]:
        name, address = self._name, self._account.address
        made, rejected = readable(rows, lambda row: codec.own_fill(row, name, address))
        fills = sorted(self._news(made), key=lambda fill: fill.time)
        told = (OwnFills(time=fills[-1].time, received=0, account=name, fills=tuple(fills)),) if fills else ()
        return [*self._once(rejected), *told]

    def _fundings(self, rows: Iterable[wire.Funding | wire.UserFunding]) -> list[Event]:
        made, rejected = readable(rows, lambda row: codec.funding_paid(row, self._name, 0))
        return [*self._once(rejected), *self._news(paid for paid in made if paid is not None)]

    async def _cash(self, rows: tuple[wire.LedgerUpdate, ...]) -> list[Event]:
        if not rows:
            return []
        mode = await self._reader.mode(self._account)
        name, address = self._name, self._account.address
        made, rejected = readable(rows, lambda row: codec.cash_moved(row, name, address, mode, 0))
        return [*self._once(rejected), *self._news(moved for moved in made if moved is not None)]

    def _news(self, rows: Iterable[Keyed]) -> list[Keyed]:
        return [row for row in rows if self._is_new(f"{type(row).__name__}:{row.key}")]

    def _once(self, rejected: Iterable[InputRejected]) -> list[InputRejected]:
        return [event for event in rejected if self._is_new(f"{event.error}:{event.excerpt}")]

    def _is_new(self, key: str) -> bool:
        """Tell whether something was not told yet, and take it for told."""
        if key in self._told:
            return False
        self._told[key] = None
        if len(self._told) > KEYS_MAX:
            del self._told[next(iter(self._told))]
        return True


def _notice(text: str) -> Notice:
    return Notice(time=0, received=0, level="warning", category="account", text=text)
