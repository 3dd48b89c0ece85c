"""
Doors of a small market for a worker that runs in real time: wallets that trade to a drum, prices, a paper venue.

Each bot whose trades lead to orders has a coin of its own, which it buys and sells in turn: each of its trades is worth
exactly one order. The other bots trade as often as they like and no order comes of it: most of them are switched off,
some are followed and trade crumbs.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from itertools import count
from random import Random
from socket import socket

import msgspec
from msgspec.structs import replace

from benchmarks.crowd import ACCOUNT, EQUITY, FAR, MANY, START_PRICE, TICK, market, settings, wallets_of
from benchmarks.drum import beats
from fadearena.adapters.sim.exchange import SimExchange
from fadearena.adapters.sim.paper import PaperAccount
from fadearena.core.state import State
from fadearena.kit.clock import Clock
from fadearena.model.command import PlaceOrder, ReadBook, ReadRole, ReadSource
from fadearena.model.event import (
    BudgetRead,
    ClockRead,
    Event,
    Instruments,
    Operator,
    OrderAnswered,
    RoleRead,
    SetPolicy,
    SourceFills,
    SourceSnapshot,
)
from fadearena.model.ids import Address, BotId, Coin
from fadearena.model.market import Quote
from fadearena.model.units import ZERO, Size, side_of
from fadearena.model.wallet import Feed, SourceFill, SourcePosition, WalletRole
from fadearena.ports.market_feed import MarketNews
from fadearena.ports.sightings import FeedStatus, Sighting
from fadearena.ports.venue import VenueCommand
from fadearena.ports.wallet_feed import Roster, SourceRead

_TRADERS, _SMALL, _OFF = 10, 20, 100
_SMALL_SHARE = 0.1
_TRADE, _CRUMB = Size(40), Size("0.5")
_PRICES_MS = 200
_RECEIVED = 64 * 1024


class Reaction(msgspec.Struct, frozen=True):
    """A trade that led to an order: when it was written to the socket, and when the order was handed to the venue."""

    written: float
    ordered: float


class Street:
    """
    The market: bots that trade each in a coin of its own, some who trade crumbs, and many that are switched off.

    `trades` are the moments at which trades were written, `open` the trades that no order came of yet, by bot.
    """

    def __init__(self, clock: Clock, ear: socket) -> None:
        self.clock = clock
        self.coins: tuple[Coin, ...] = tuple(f"C{n}" for n in range(_TRADERS))
        self.wallets_by_bot = wallets_of(_TRADERS + _SMALL + _OFF)
        self.trades: list[float] = []
        self.open: dict[BotId, float] = {}
        self.reactions: list[Reaction] = []
        self.wallets = StreetWallets(self, ear)
        self.markets = StreetMarkets(self)
        self.venue = StreetVenue(self)

    def opening(self, state: State) -> Sequence[Event]:
        """Return what a worker is told first."""
        if state.seq:
            return ()
        policy = settings(self.wallets_by_bot, self.coins, FAR)
        bots = [replace(bot, enabled=n < _TRADERS + _SMALL) for n, bot in enumerate(policy.bots)]
        policy = replace(policy, bots=tuple(bots))
        return (
            Operator(time=0, received=0, control_id=1, actor="bench", action=SetPolicy(policy=policy)),
            Instruments(time=0, received=0, instruments=tuple(map(market, range(len(self.coins))))),
            ClockRead(time=0, received=0, offset_ms=0, spread_ms=0),
            BudgetRead(time=0, received=0, account=ACCOUNT, actions_left=MANY),
        )

    def traded(self, bot: BotId, written: float) -> None:
        """Note that a trade was heard."""
        self.trades.append(written)
        self.open[bot] = written

    def reached(self, bot: BotId | None) -> None:
        """Note that an order was handed over."""
        ordered = time.monotonic()
        if bot is not None and (written := self.open.pop(bot, None)) is not None:
            self.reactions.append(Reaction(written, ordered))

    def quotes(self) -> tuple[Quote, ...]:
        """Return all prices: they never move, and are always fresh."""
        now = self.clock.now_ms()
        bid, ask = START_PRICE - TICK, START_PRICE + TICK
        return tuple(
            Quote(coin=coin, mark=START_PRICE, mark_time=now, bid=bid, ask=ask, touch_time=now, oracle=START_PRICE)
            for coin in self.coins
        )


class StreetWallets:
    """The bots as a `WalletFeed`: `began` is when the first beat was written, `ended` is set after the last."""

    def __init__(self, street: Street, ear: socket) -> None:
        self.began = 0.0
        self.ended = asyncio.get_running_loop().create_future()
        self._street = street
        self._ear = ear
        self._bots = tuple(street.wallets_by_bot)
        self._held: dict[Address, Size] = {}
        self._numbers = count(1)
        self._rng = Random(1)

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Iterate over their fills."""
        loop, rest = asyncio.get_running_loop(), b""
        while received := await loop.sock_recv(self._ear, _RECEIVED):
            heard, rest = beats(rest + received)
            self.began = self.began or heard[0].written
            for beat in heard:
                if beat.is_trade:
                    number = len(self._street.trades) % _TRADERS
                    event = self._trade(number, _TRADE)
                    self._street.traded(self._bots[number], beat.written)
                else:
                    event = self._trade(self._other(), _CRUMB)
                yield event
        self.ended.set_result(None)
        await self.ended.get_loop().create_future()

    def follow(self, roster: Roster) -> None:
        """Change nothing: all bots are told of."""

    def feeds(self) -> Sequence[FeedStatus]:
        """Return none: nothing of it can fall silent."""
        return ()

    def sightings(self) -> Sequence[Sighting]:
        """Return none."""
        return ()

    async def read(self, command: SourceRead) -> Sequence[Event]:
        """Answer with the truth."""
        now, wallet = self._street.clock.now_ms(), command.wallet
        match command:
            case ReadRole():
                return (RoleRead(time=now, received=now, wallet=wallet, role=WalletRole.USER),)
            case ReadSource(dex=dex):
                held, coin = self._held.get(wallet, ZERO), self._coin(int(wallet, 16))
                positions = (SourcePosition(coin=coin, size=held, entry=START_PRICE),) if held else ()
                return (SourceSnapshot(time=now, received=now, wallet=wallet, dex=dex, positions=positions),)
            case _:
                return ()

    def _other(self) -> int:
        if self._rng.random() < _SMALL_SHARE:
            return _TRADERS + self._rng.randrange(_SMALL)
        return _TRADERS + _SMALL + self._rng.randrange(_OFF)

    def _trade(self, number: int, quantity: Size) -> SourceFills:
        """Let a bot buy where it holds nothing, and sell all where it does."""
        now, coin = self._street.clock.now_ms(), self._coin(number)
        wallet = self._street.wallets_by_bot[self._bots[number]]
        before = self._held.get(wallet, ZERO)
        change = -before if before else quantity
        self._held[wallet] = before + change
        side = side_of(change)
        fill = SourceFill(
            key=f"{now}:{coin}:{next(self._numbers)}:{side}",
            coin=coin,
            time=now,
            side=side,
            price=START_PRICE,
            quantity=abs(change),
            start_position=before,
        )
        return SourceFills(time=now, received=now, wallet=wallet, feed=Feed.USER, fills=(fill,))

    def _coin(self, number: int) -> Coin:
        return self._street.coins[number % _TRADERS]


class StreetMarkets:
    """The prices as a `MarketFeed`."""

    def __init__(self, street: Street) -> None:
        self._street = street

    async def __aiter__(self) -> AsyncIterator[MarketNews]:
        """Iterate over all prices, five times a second."""
        clock = self._street.clock
        while True:
            for quote in self._street.quotes():
                self._street.venue.exchange.on_quote(quote)
                yield quote
            await clock.sleep_until(clock.now_ms() + _PRICES_MS)

    def feeds(self) -> Sequence[FeedStatus]:
        """Return none: nothing of it can fall silent."""
        return ()

    async def read(self, command: ReadBook) -> Sequence[Event]:
        """Return a coin's prices."""
        return await self._street.venue.exchange.read(command)


class StreetVenue:
    """Paper accounts as a `Venue`."""

    def __init__(self, street: Street) -> None:
        markets = map(market, range(len(street.coins)))
        self.exchange = SimExchange(street.clock, (PaperAccount(id=ACCOUNT, start_usd=EQUITY),), markets)
        self._street = street

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Iterate over nothing."""
        await asyncio.get_running_loop().create_future()
        nothing: tuple[Event, ...] = ()
        for event in nothing:
            yield event

    def feeds(self) -> Sequence[FeedStatus]:
        """Return none: nothing of it can fall silent."""
        return ()

    async def execute(self, command: VenueCommand) -> Sequence[Event]:
        """Do a command at once."""
        if isinstance(command, PlaceOrder):
            self._street.reached(command.terms.bot)
        events = await self.exchange.execute(command)
        return sorted(events, key=lambda event: isinstance(event, OrderAnswered))
