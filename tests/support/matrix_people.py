"""Who is in a story of the fault matrix: the leader who trades, and our account that fades it."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import count
from random import Random

from fadearena.adapters.hyperliquid.limits import RateBudget, SocketLimits
from fadearena.adapters.hyperliquid.line import Line
from fadearena.adapters.hyperliquid.listing import Listing
from fadearena.adapters.hyperliquid.market_feed import HyperliquidMarkets
from fadearena.adapters.hyperliquid.rest import ExchangeClient, InfoClient
from fadearena.adapters.hyperliquid.signing import Signer
from fadearena.adapters.hyperliquid.transport import Transport
from fadearena.kit.clock import Clock
from fadearena.model.ids import Address, Coin
from fadearena.model.policy import AccountPolicy, BotPolicy, Mode, Policy
from fadearena.model.units import Side, Size, Usd

MASTER, AGENT, LEADER = (Signer("0x" + two * 32) for two in ("31", "32", "33"))
OURS_USD, LEADER_USD = Usd(100_000), Usd(1_000_000)
MULTIPLIER = Decimal("0.5")
BOT, ACCOUNT = "leader", "main"
_SLIP = Decimal("0.02")


class Leader:
    """Whose wallet is followed: it trades on a way of its own."""

    def __init__(self, clock: Clock, transport: Transport) -> None:
        budget = RateBudget(clock)
        info = InfoClient(transport, budget, clock, rng=Random(1))
        self._clock = clock
        self._listing = Listing(info, clock)
        self._exchange = ExchangeClient(transport, budget, LEADER, mainnet=False)
        self._cloids = (f"0x{number:032x}" for number in count(1))
        self._nonce = 0
        self._markets = HyperliquidMarkets(
            Line(
                info=info,
                transport=transport,
                clock=clock,
                rng=Random(2),
                listing=self._listing,
                limits=SocketLimits(clock),
            )
        )

    async def trade(self, coin: Coin, change: Size) -> None:
        """Buy (> 0) or sell at once."""
        if not self._listing.instruments:
            await self._listing.refresh()
        side = Side.BUY if change > 0 else Side.SELL
        touch = (await self._markets.book(coin)).levels(side)[0].price
        instrument = next(each for each in self._listing.instruments if each.coin == coin)
        limit = instrument.price_outwards(side, touch * (1 + side.sign * _SLIP))
        self._nonce = max(self._nonce + 1, self._clock.now_ms())
        await self._exchange.market_order(
            self._listing.asset_id(coin),
            side,
            abs(change),
            limit,
            cloid=next(self._cloids),
            signer=LEADER.address,
            nonce=self._nonce,
        )


class Held:
    """Signers that are there from the beginning."""

    def __init__(self, *signers: Signer) -> None:
        self._signers = {signer.address: signer for signer in signers}

    def get(self, address: Address) -> Signer | None:
        """Return a signer."""
        return self._signers.get(address)

    def load(self, addresses: Sequence[Address]) -> Sequence[Address]:
        """Return those that have none."""
        return [each for each in addresses if each not in self._signers]


def settings() -> Policy:
    """Return what the worker is told to do."""
    bot = BotPolicy(
        id=BOT,
        name="Leader",
        wallet=LEADER.address,
        leverage_multiplier=MULTIPLIER,
        exposure_cap=Usd(300_000),
    )
    account = AccountPolicy(id=ACCOUNT, address=MASTER.address, signer=AGENT.address)
    return Policy(
        mode=Mode.LIVE,
        bots=(bot,),
        accounts=(account,),
        global_exposure_cap=Usd(400_000),
        daily_loss_limit=Usd(50_000),
    )
