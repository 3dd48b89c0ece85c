"""
What is pushed of one account of ours: fills, funding, deposits and withdrawals.

1. Each new confirmation of the stream is followed by fetching what came before it, so that there is no hole between;
   and once more the fills, for the exchange lists them a moment late. As long as nothing is streamed, all is fetched
   every minute.
2. What was told once is not told again. After a start everything that the exchange shows is told once, of the last two
   days all that was paid: nobody here knows what was told before.
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
from fadearena.adapters.hyperliquid.rows import (
    UNREADABLE,
    FillRows,
    fill_rows,
    readable,
    slice_rows,
    unreadable_fills,
)
from fadearena.adapters.hyperliquid.session import Message, Session
from fadearena.adapters.hyperliquid.venue.accounts import VenueAccount
from fadearena.adapters.hyperliquid.venue.reads import LAG_MS, AccountReader
from fadearena.kit.tasks import either
from fadearena.model.error import VenueError, VenueProtocolError
from fadearena.model.event import CashMoved, Event, FundingPaid, InputRejected, Notice, OwnFills
from fadearena.model.ids import AccountId
from fadearena.model.order import OwnFill
from fadearena.model.units import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, EpochMs

Keyed = TypeVar("Keyed", OwnFill, FundingPaid, CashMoved)
KEYS_MAX: Final = 20_000
_FILLS_BEFORE_MS: Final = MINUTE_MS
_CASH_BEFORE_MS: Final = 2 * HOUR_MS
_CASH_BEFORE_START_MS: Final = 2 * DAY_MS
_AGAIN_MS: Final = 5 * SECOND_MS
_POLL_MS: Final = MINUTE_MS
_FILLS, _SLICES = "userFills", "userTwapSliceFills"
_FUNDINGS, _LEDGER = "userFundings", "userNonFundingLedgerUpdates"
_CHANNELS: Final = (_FILLS, _SLICES, _FUNDINGS, _LEDGER)
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
        self._is_streamed = False
        self._complete_to: EpochMs = line.clock.now_ms()
        self._cash_before = _CASH_BEFORE_START_MS

    def subscribe(self, session: Session) -> None:
        """Want everything of this account from a session."""
        for channel in _CHANNELS:
            session.subscribe({"type": channel, "user": self._account.address})

    def unsubscribe(self, session: Session) -> None:
        """Want it no longer."""
        for channel in _CHANNELS:
            session.unsubscribe({"type": channel, "user": self._account.address})

    def streams(self, channel: str) -> None:
        """Note that a channel is streamed from now on: with the fills everything that was missed is fetched."""
        if channel == _FILLS:
            self._is_streamed = True
            self._is_behind.set()

    def lost(self) -> None:
        """Note that nothing is streamed any more."""
        self._is_streamed = False

    async def catch_up(self, tell: Callable[[Event], Awaitable[None]]) -> None:
        """Fetch and tell what was missed, each time that the stream begins, and while there is none; for ever."""
        clock, is_failing = self._line.clock, False
        while True:
            await self._until_behind()
            self._is_behind.clear()
            try:
                for event in await self._missed():
                    await tell(event)
                await clock.sleep_until(clock.now_ms() + LAG_MS)
                for event in self._fills(await self._fetched(self._complete_to, with_slices=False)):
                    await tell(event)
                is_failing = False
            except VenueError as error:
                if not is_failing:
                    text = f"what happened on {self._name} while its stream was away cannot be read yet: {error}"
                    await tell(Notice(time=0, received=0, level="warning", category="account", text=text))
                is_failing = True
                await clock.sleep_until(clock.now_ms() + _AGAIN_MS)
                self._is_behind.set()

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
                    return self._fills(rows)
                case "userFundings":
                    return self._fundings(_FUNDING_ROWS.decode(message.data).fundings)
                case "userNonFundingLedgerUpdates":
                    return await self._cash(_LEDGER_ROWS.decode(message.data).nonFundingLedgerUpdates)
                case _:
                    return []
        except UNREADABLE as error:
            raise VenueProtocolError(f"{message.channel} of {self._name} cannot be read: {error}") from error

    async def _until_behind(self) -> None:
        """Wait until something may have been missed."""
        clock = self._line.clock
        while not self._is_behind.is_set():
            asked = clock.now_ms()
            await either(self._is_behind.wait(), clock.sleep_until(asked + _POLL_MS))
            if not self._is_streamed:
                return

    async def _missed(self) -> list[Event]:
        info, address = self._line.info, self._account.address
        began, since = self._line.clock.now_ms(), self._complete_to
        fills = await self._fetched(since, with_slices=True)
        fundings = await info.funding(address, since - self._cash_before, lane=Lane.OWN)
        updates = await info.ledger(address, since - self._cash_before, lane=Lane.OWN)
        cash = await self._cash(updates)
        news = [*self._fills(fills), *self._fundings(fundings), *cash]
        self._complete_to, self._cash_before = began, _CASH_BEFORE_MS
        return news

    async def _fetched(self, since: EpochMs, *, with_slices: bool) -> FillRows:
        bad: list[msgspec.Raw] = []
        address = self._account.address
        fills = await self._line.info.all_fills(
            address,
            since - _FILLS_BEFORE_MS,
            lane=Lane.OWN,
            reject=bad.append,
            with_slices=with_slices,
        )
        return FillRows(address, is_snapshot=True, fills=fills, rejected=tuple(unreadable_fills(bad)))

    def _fills(self, rows: FillRows) -> list[Event]:
        name, address = self._name, self._account.address
        made, unlike = readable(rows.fills, lambda row: codec.own_fill(row, name, address))
        rejected = (*rows.rejected, *unlike)
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
