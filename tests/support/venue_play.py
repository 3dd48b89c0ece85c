"""Our accounts on a sandbox in memory: a master and a sub-account of it, for both of which an agent acts."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any, TypeVar

from fadearena.adapters.hyperliquid.limits import RateBudget, SocketLimits
from fadearena.adapters.hyperliquid.line import Line
from fadearena.adapters.hyperliquid.listing import Listing
from fadearena.adapters.hyperliquid.market_feed import HyperliquidMarkets
from fadearena.adapters.hyperliquid.rest import ExchangeClient, InfoClient
from fadearena.adapters.hyperliquid.signing import Signer
from fadearena.adapters.hyperliquid.venue import HyperliquidVenue, VenueAccount
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.kit.tasks import cancelled
from fadearena.model.command import PlaceOrder
from fadearena.model.ids import Coin
from fadearena.model.order import OrderIdentity, OrderTerms, Purpose
from fadearena.model.units import Side
from fadearena.sandbox.exchange import Exchange
from fadearena.sandbox.gateway.gateway import Gateway, Settings
from fadearena.sandbox.loopback import Loopback

T = TypeVar("T")
START_MS = 1_795_000_000_000
MASTER, AGENT, NAMELESS = (Signer(f"0x{number:064x}") for number in (0x31, 0x32, 0x33))


@dataclass
class Play:
    """A venue with a master and a sub-account of it, for both of which an agent acts."""

    clock: ManualClock
    exchange: Exchange
    gateway: Gateway
    line: Line
    venue: HyperliquidVenue
    exchange_client: ExchangeClient
    sub: str
    nonce: int = START_MS

    async def execute(self, command: Any) -> Any:
        """Do one command; return what it came to: its only event, or all of them."""
        events = await self.venue.execute(command)
        return events[0] if len(events) == 1 else events

    async def order(
        self, coin: Coin, quantity: str, account: str = "main", *, reduce_only: bool = False, signer: Signer = AGENT
    ) -> PlaceOrder:
        """Return an order that takes what the book offers, or sells what is held."""
        book = await HyperliquidMarkets(self.line).book(coin)
        side = Side.SELL if quantity.startswith("-") else Side.BUY
        instrument = next(each for each in self.line.listing.instruments if each.coin == coin)
        touch = book.levels(side)[0].price
        far = touch * (Decimal("1.02") if side is Side.BUY else Decimal("0.98"))
        self.nonce += 1
        terms = OrderTerms(
            account=account,
            coin=coin,
            asset_id=self.line.listing.asset_id(coin),
            side=side,
            quantity=abs(Decimal(quantity)),
            limit=instrument.price_outwards(side, far),
            reduce_only=reduce_only,
            purpose=Purpose.INCREASE,
            bot=None,
            residue_quantity=Decimal(0),
        )
        identity = OrderIdentity(
            cloid=f"0x{self.nonce:032x}",
            label="test",
            signer=signer.address,
            nonce=self.nonce,
            expires_after=self.clock.now_ms() + 5_000,
        )
        return PlaceOrder(terms=terms, identity=identity)


def play(story: Callable[[Play], Awaitable[T]]) -> T:
    """Tell a story on a sandbox of its own."""
    clock = ManualClock(START_MS)
    exchange = Exchange(clock, 3, traders=2, history_ms=0)
    exchange.deposit(MASTER.address, Decimal(50_000))
    exchange.count_volume(MASTER.address, Decimal(100_000))
    exchange.approve_agent(MASTER.address, AGENT.address, "fade-1", None)
    sub = exchange.create_sub_account(MASTER.address, "fade-a")
    exchange.sub_account_transfer(MASTER.address, sub, Decimal(10_000), is_deposit=True)
    gateway = Gateway(exchange, clock, Settings(), wall=clock)
    transport, budget = Loopback(gateway), RateBudget(clock)
    info = InfoClient(transport, budget, clock, rng=Random(1))
    line = Line(
        info=info,
        transport=transport,
        clock=clock,
        rng=Random(2),
        listing=Listing(info, clock),
        limits=SocketLimits(clock),
    )
    accounts = {
        "main": VenueAccount(address=MASTER.address, signer=AGENT.address),
        "sub": VenueAccount(address=sub, is_vault=True, signer=AGENT.address),
    }
    keys = {signer.address: signer for signer in (AGENT, NAMELESS)}
    client = ExchangeClient(transport, budget, keys, mainnet=False)
    venue = HyperliquidVenue(line, client, accounts)
    stage = Play(clock, exchange, gateway, line, venue, client, sub)

    async def tell() -> T:
        running = asyncio.create_task(gateway.run())
        await line.listing.refresh()
        try:
            return await story(stage)
        finally:
            await cancelled(running)

    return run_jumping(tell(), clock)
