"""
A worker follows and watches the traders of a sandbox whose feeds are faulty, on a clock that jumps.

1. Some of the traders are followed and traded against on paper, so that sleeves are open; the others are watched only.
2. They trade by themselves, and are made to trade often besides: they open, turn and close on both dexs. Once the last
   fault is over they stand still, and what is believed of them has to become the truth.
3. The machine's clock is right at first, or off by half a minute. Everything follows from the seed.
"""

import asyncio
from decimal import Decimal
from random import Random

import msgspec

from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.kit.tasks import cancelled
from fadearena.model.ids import Coin
from fadearena.model.policy import BotPolicy
from fadearena.model.units import MINUTE_MS, SECOND_MS, EpochMs, Quantity, Side, side_of
from fadearena.sandbox.exchange.exchange import Exchange
from fadearena.sandbox.gateway.gateway import Gateway
from fadearena.sandbox.listing import ASSETS
from fadearena.sandbox.loopback import Loopback
from tests.support.feed_room import FeedRoom
from tests.support.feed_script import CLOCK_OFF_MS, OurClock, script, steps
from tests.support.feed_truth import FeedTruth

START_MS = 1_795_000_000_000
_COINS = ("BTC", "ETH", "SOL", "xyz:XYZ100", "xyz:NVDA")
_CLOSES = 0.5
_PAUSE_MS = (200, 1_800)
_LOT_USD, _MARGIN_USD = Decimal(50), Decimal(5_000)


class Numbers(msgspec.Struct, frozen=True, kw_only=True):
    """How large a story is, and how long."""

    traders: int = 16
    followed: int = 6
    faults: int = 9
    calm_ms: EpochMs = 15 * SECOND_MS
    bad_ms: EpochMs = 75 * SECOND_MS
    after_ms: EpochMs = 2 * MINUTE_MS


class _OurClock:
    """The machine's clock; one that is set does not wake who waits already."""

    def __init__(self, right: ManualClock, off_ms: EpochMs) -> None:
        self.off_ms = off_ms
        self._right = right

    def now_ms(self) -> EpochMs:
        return self._right.now_ms() + self.off_ms

    async def sleep_until(self, at_ms: EpochMs) -> None:
        await self._right.sleep_until(at_ms - self.off_ms)


class FeedPlay:
    """One story by its seed."""

    def __init__(self, seed: int, numbers: Numbers | None = None) -> None:
        numbers = numbers or Numbers()
        self.clock = ManualClock(START_MS)
        self.truth = FeedTruth()
        self.begins = START_MS + numbers.calm_ms
        self.ends = self.begins + numbers.bad_ms
        self.script = script(seed, self.begins, self.ends, numbers.faults)
        exchange = Exchange(self.clock, seed, traders=numbers.traders, history_ms=0)
        exchange.listen(self.truth.hear)
        self.bots = tuple(
            BotPolicy(id=trader.bot, name=trader.bot, wallet=trader.wallet, enabled=number < numbers.followed)
            for number, trader in enumerate(exchange.traders)
        )
        self.gateway = Gateway(exchange, self.clock, wall=self.clock)
        self.room = FeedRoom(self.clock, self.bots)
        self._seed = seed
        self._after_ms = numbers.after_ms
        self._ours = _OurClock(self.clock, Random(f"{seed}/clock").choice((0, CLOCK_OFF_MS, -CLOCK_OFF_MS)))

    def play(self) -> None:
        """Let it happen."""
        run_jumping(self._play(), self.clock)

    async def _play(self) -> None:
        worker = self.room.worker(Loopback(self.gateway), self._ours, self._seed, shares_time=False)
        running = asyncio.create_task(worker.run(), name="worker")
        others = [
            asyncio.create_task(self.gateway.run(), name="sandbox"),
            asyncio.create_task(self._hurry(), name="trades"),
        ]
        for at, fault in steps(self.script, self.ends):
            await self.clock.sleep_until(at)
            if isinstance(fault, OurClock):
                self._ours.off_ms = fault.ms
            else:
                self.gateway.inflict(fault)
        self.gateway.exchange.stand_still()
        await self.clock.sleep_until(self.ends + self._after_ms)
        worker.stop()
        await running
        await cancelled(*others)

    async def _hurry(self) -> None:
        """Have somebody trade about every second: half of the time out of what is held, else anything."""
        rng, exchange = Random(f"{self._seed}/trades"), self.gateway.exchange
        for bot in self.bots:
            exchange.deposit(bot.wallet, _MARGIN_USD, "xyz")
        while (due := self.clock.now_ms() + rng.randint(*_PAUSE_MS)) < self.ends:
            await self.clock.sleep_until(due)
            wallet = rng.choice(self.bots).wallet
            held = self.truth.now(wallet)
            if held and rng.random() < _CLOSES:
                coin, size = rng.choice(list(held.items()))
                side, quantity = side_of(-size), abs(size)
            else:
                coin, side = rng.choice(_COINS), rng.choice(list(Side))
                quantity = _lot(coin) * rng.randint(1, 4)
            exchange.trade(wallet, coin, side, quantity)
            self.gateway.advance()


def _lot(coin: Coin) -> Quantity:
    """Return what is worth about 50 USD."""
    asset = ASSETS[coin]
    assert asset.price is not None
    return round(_LOT_USD / asset.price, asset.size_decimals)
