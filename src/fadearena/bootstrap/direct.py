"""
The way out past the journal: closes everything that the exchange shows, with nothing but the keys.

1. Every order is written down before it is sent, where the disk still takes it; where it does not, that is said, and
   closing goes on: the next worker then finds orders that nobody knows, and halts.
2. Each round reads every dex of every account, cancels what rests, and sends reduce-only closes whose caps double. Each
   is an action of its own: one that the exchange does not understand would have all others of its batch refused.
3. Flat is what two readings at least two seconds apart show, both later than the last order of ours can arrive, and
   later than one can that a worker sent just before it died.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from fadearena.adapters.hyperliquid import actions, codec, wire
from fadearena.adapters.hyperliquid.limits import Lane
from fadearena.adapters.hyperliquid.line import Line
from fadearena.adapters.hyperliquid.market_feed import HyperliquidMarkets
from fadearena.adapters.hyperliquid.rest import ExchangeClient
from fadearena.adapters.hyperliquid.venue.accounts import VenueAccount
from fadearena.adapters.hyperliquid.venue.reads import AccountReader
from fadearena.bootstrap.trail import DirectAccount, DirectTrail, SentOrder
from fadearena.core import pricing
from fadearena.model.account import OpenOrder, OwnPosition
from fadearena.model.command import ReadBook
from fadearena.model.error import InvalidInput, VenueError, VenueUnavailable
from fadearena.model.event import AccountRead, Marks
from fadearena.model.ids import AccountId, Address, Cloid, Coin, cloid_of, order_label
from fadearena.model.instrument import Instrument
from fadearena.model.market import Quote
from fadearena.model.order import Filled, Refused
from fadearena.model.policy import Slippage
from fadearena.model.units import MINUTE_MS, SECOND_MS, EpochMs, Price, Quantity, Side, side_of

ROUND_MS: Final = 2 * SECOND_MS
LIFE_MS: Final = 5 * SECOND_MS
PATIENCE_MS: Final = 30 * MINUTE_MS
_CANCELS_MAX: Final = 40
_FIRST_COUNT: Final = 1_000_000
"""Labels are counted from here, so that none is one of the worker's."""

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class DirectDoors:
    """What closing directly works with; `line.clock` shows the exchange's time, `say` tells people how it goes."""

    line: Line
    exchange: ExchangeClient
    trail: DirectTrail
    say: Say


class DirectReport(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What came of it. `left` names what is still there, account and coin, where it was given up."""

    is_flat: bool
    orders: int
    cancels: int
    rounds: int
    left: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Close:
    instrument: Instrument
    side: Side
    quantity: Quantity
    limit: Price
    cloid: Cloid

    @property
    def wire(self) -> actions.Action:
        return actions.limit_order(
            self.instrument.asset_id, self.side, self.quantity, self.limit, cloid=self.cloid, reduce_only=True
        )


class DirectFlatten:
    """Closes everything in some accounts."""

    def __init__(self, doors: DirectDoors, accounts: Sequence[DirectAccount], slippage: Slippage) -> None:
        self._doors = doors
        self._clock = doors.line.clock
        self._accounts = {one.id: one for one in accounts}
        self._slippage = slippage
        self._reader = AccountReader(doors.line)
        self._markets = HyperliquidMarkets(doors.line)
        self._tries = Counter[tuple[AccountId, Coin]]()
        self._nonces: dict[Address, int] = {}
        self._orders = self._cancels = 0
        self._quiet_from = self._clock.now_ms() + LIFE_MS
        self._is_list_wanted = True
        self._left: dict[AccountId, tuple[str, ...]] = {}

    async def run(self) -> DirectReport:
        """Go on until everything is confirmed flat, or patience is at its end."""
        ends, rounds, since = self._clock.now_ms() + PATIENCE_MS, 0, None
        while self._clock.now_ms() < ends:
            rounds += 1
            times = await asyncio.gather(*(self._look_after(account) for account in self._accounts.values()))
            flat = [time for time in times if time is not None]
            if len(flat) < len(times) or min(flat) <= self._quiet_from:
                since = None
            elif since is None:
                since = max(flat)
                self._doors.say("nothing is left; it is read once more")
            elif min(flat) >= since + ROUND_MS:
                return self._report(rounds, is_flat=True)
            await self._clock.sleep_until(self._clock.now_ms() + ROUND_MS)
        return self._report(rounds, is_flat=False)

    def _report(self, rounds: int, *, is_flat: bool) -> DirectReport:
        left = tuple(one for each in self._left.values() for one in each)
        return DirectReport(is_flat=is_flat, orders=self._orders, cancels=self._cancels, rounds=rounds, left=left)

    async def _look_after(self, account: DirectAccount) -> EpochMs | None:
        """Read an account and close what is there; return the reading's time where it showed nothing."""
        try:
            await self._list_markets()
            read = await self._reader.account(account.id, _venue_account(account))
        except VenueError as error:
            self._left.setdefault(account.id, (f"{account.id}: not read yet",))
            self._doors.say(f"{account.id} cannot be read yet: {error}")
            return None
        held = [position for dex in read.dexs for position in dex.positions]
        self._left[account.id] = _shown(account, read, held)
        if not held and not read.orders:
            return read.time
        for one in self._left[account.id]:
            self._doors.say(one)
        await self._cancel(account, read.orders)
        await self._close(account, held)
        return None

    async def _list_markets(self) -> None:
        """Read what is listed: at first, and again where a position is in none of the markets."""
        if self._is_list_wanted:
            self._is_list_wanted = False
            await self._doors.line.listing.refresh()
        if not self._doors.line.listing.instruments:
            self._is_list_wanted = True
            raise VenueUnavailable("no market could be read")

    async def _cancel(self, account: DirectAccount, orders: Sequence[OpenOrder]) -> None:
        listed = self._instruments()
        pairs = [(listed[order.coin].asset_id, order.order_id) for order in orders if order.coin in listed]
        if pairs:
            self._cancels += len(pairs)
            batches = (pairs[n : n + _CANCELS_MAX] for n in range(0, len(pairs), _CANCELS_MAX))
            await asyncio.gather(*(self._send(account, actions.cancel(*batch), Lane.CANCEL) for batch in batches))

    async def _close(self, account: DirectAccount, held: Sequence[OwnPosition]) -> None:
        """Send reduce-only closes of all positions, written down before."""
        found = await asyncio.gather(*(self._priced(account, position) for position in held))
        closes = [close for close in found if close is not None]
        if not closes:
            return
        now = self._clock.now_ms()
        self._note([SentOrder(address=account.address, cloid=close.cloid, time=now) for close in closes])
        self._orders += len(closes)
        await asyncio.gather(*(self._close_one(account, close) for close in closes))

    async def _close_one(self, account: DirectAccount, close: _Close) -> None:
        reply = await self._send(account, actions.order(close.wire), Lane.CANCEL)
        if reply is not None:
            self._tell(account, close, reply)

    def _note(self, orders: Sequence[SentOrder]) -> None:
        try:
            self._doors.trail.note(orders)
        except OSError as error:
            cloids = ", ".join(order.cloid for order in orders)
            self._doors.say(f"{self._doors.trail.file} cannot be written ({error})")
            self._doors.say(f"so the next worker will not know these orders, and halt: {cloids}")

    async def _priced(self, account: DirectAccount, position: OwnPosition) -> _Close | None:
        instrument = self._instruments().get(position.coin)
        if instrument is None:
            self._is_list_wanted = True
            self._doors.say(f"{position.coin} is in no list of markets: it is read again; else close it by hand")
            return None
        quote = await self._quote(position.coin)
        bps = pricing.flatten_bps(self._slippage, self._tries[account.id, position.coin])
        side = side_of(-position.size)
        limit = pricing.reduce_limit(instrument, quote, side, bps)
        if limit is None:
            return None
        count = _FIRST_COUNT + self._tries[account.id, position.coin]
        self._tries[account.id, position.coin] += 1
        label = order_label(account.address, self._clock.now_ms(), instrument.asset_id, count)
        return _Close(instrument, side, abs(position.size), limit, cloid_of(label))

    async def _quote(self, coin: Coin) -> Quote | None:
        try:
            events = await self._markets.read(ReadBook(coin=coin))
        except VenueError as error:
            self._doors.say(f"the book of {coin} cannot be read yet: {error}")
            return None
        for event in events:
            if isinstance(event, Marks):
                return event.quotes[0]
        self._doors.say(f"the book of {coin} is empty: nobody trades there at present")
        return None

    async def _send(self, account: DirectAccount, action: actions.Action, lane: Lane) -> wire.ExchangeReply | None:
        """Sign and send once; what is not known of it, the next reading shows."""
        now = self._clock.now_ms()
        nonce = self._nonces[account.signer] = max(now, self._nonces.get(account.signer, 0) + 1)
        self._quiet_from = now + LIFE_MS
        try:
            return await self._doors.exchange.send(
                action,
                lane=lane,
                signer=account.signer,
                nonce=nonce,
                vault_address=_venue_account(account).vault_address,
                expires_after=now + LIFE_MS,
            )
        except (VenueError, InvalidInput) as error:
            self._doors.say(f"{account.id}: {error}")
            return None

    def _tell(self, account: DirectAccount, close: _Close, reply: wire.ExchangeReply) -> None:
        what = f"{account.id} {close.instrument.coin}"
        try:
            (answer,) = codec.order_answers(reply)
        except VenueError as error:
            self._doors.say(f"{what}: {error}")
            return
        match answer:
            case Filled(quantity=quantity, average_price=price):
                self._doors.say(f"{what}: closed {quantity} of {close.quantity} at {price}")
            case Refused(text=text):
                self._doors.say(f"{what}: refused, {text}")
            case _:
                self._doors.say(f"{what}: it rests, and is cancelled in the next round")

    def _instruments(self) -> dict[Coin, Instrument]:
        return {one.coin: one for one in self._doors.line.listing.instruments}


def _venue_account(account: DirectAccount) -> VenueAccount:
    return VenueAccount(address=account.address, is_vault=account.is_vault, signer=account.signer)


def _shown(account: DirectAccount, read: AccountRead, held: Sequence[OwnPosition]) -> tuple[str, ...]:
    """Say what an account still holds and has at rest."""
    positions = tuple(f"{account.id}: {one.size} {one.coin}" for one in held)
    return (*positions, *(f"{account.id}: order {one.order_id} in {one.coin}" for one in read.orders))
