"""A worker's start with many wallets, on a clock that jumps: what it asks, as the exchange counts it."""

import asyncio
from decimal import Decimal

import msgspec

from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.kit.tasks import cancelled, either
from fadearena.model.ids import Address, Dex
from fadearena.model.policy import BotPolicy
from fadearena.model.units import EpochMs
from fadearena.sandbox.exchange.crowd import CrowdOptions
from fadearena.sandbox.exchange.exchange import Exchange
from fadearena.sandbox.gateway.gateway import Gateway
from fadearena.sandbox.loopback import Loopback, LoopSocket
from tests.support.feed_room import FeedRoom

START_MS = 1_795_000_000_000
_BEFORE_MS = 20_000
_PACE = Decimal(20)
_OK, _TOO_MANY = 200, 429
_READ = "clearinghouseState"


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """
    What came of it.

    `once_ms` is when the last wallet was read for the first time, `whole_ms` when each was read on every dex; None
    where it did not come to that. `most` is the largest weight of any minute, `refused` counts 429s, `wrong` are
    wallets that are shown to hold what they do not.
    """

    dexs: int
    once_ms: EpochMs | None
    whole_ms: EpochMs | None
    most: int
    refused: int
    wrong: tuple[Address, ...]


class _Asked(msgspec.Struct):
    type: str = ""
    user: Address = ""
    dex: Dex = ""


class _Weighed:
    """The way to the sandbox, on which it is seen what each minute weighs, and who was read."""

    def __init__(self, gateway: Gateway, clock: ManualClock, wanted: set[tuple[Address, Dex]]) -> None:
        self.most = self.refused = 0
        self.once_ms: EpochMs | None = None
        self.whole_ms: EpochMs | None = None
        self.whole = asyncio.Event()
        self._unread, self._unseen = {user for user, _ in wanted}, wanted
        self._gateway = gateway
        self._clock = clock
        self._inner = Loopback(gateway)

    async def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        asked = msgspec.json.decode(body, type=_Asked)
        status, answer = await self._inner.post(path, body)
        self.most = max(self.most, self._gateway.weight_used)
        self.refused += status == _TOO_MANY
        if asked.type == _READ and status == _OK:
            self._note(asked)
        return status, answer

    async def connect(self) -> LoopSocket:
        return await self._inner.connect()

    def _note(self, asked: _Asked) -> None:
        now = self._clock.now_ms() - START_MS
        self._unread.discard(asked.user)
        self._unseen.discard((asked.user, asked.dex))
        if self.once_ms is None and not self._unread:
            self.once_ms = now
        if self.whole_ms is None and not self._unseen:
            self.whole_ms = now
            self.whole.set()


def start(wallets: int, followed: int, most_ms: EpochMs, seed: int = 1) -> Start:
    """Start a worker that follows some of so many wallets and watches the others; wait until all are known."""
    clock = ManualClock(START_MS - _BEFORE_MS)
    exchange = Exchange(clock, seed, history_ms=0, crowd=CrowdOptions(wallets, _PACE))
    clock.move_to(START_MS)
    exchange.set_pace(Decimal(0))
    return run_jumping(_start(exchange, clock, followed, most_ms), clock)


async def _start(exchange: Exchange, clock: ManualClock, followed: int, most_ms: EpochMs) -> Start:
    bots = [
        BotPolicy(id=one.name, name=one.name, wallet=one.account.address, enabled=number < followed)
        for number, one in enumerate(exchange.crowd)
    ]
    dexs = [dex.name for dex in exchange.view.dexs]
    gateway = Gateway(exchange, clock, wall=clock)
    way = _Weighed(gateway, clock, {(bot.wallet, dex) for bot in bots for dex in dexs})
    room = FeedRoom(clock, bots)
    worker = room.worker(way, clock, 1, shares_time=True)
    ticking = asyncio.create_task(gateway.run(), name="sandbox")
    running = asyncio.create_task(worker.run(), name="worker")
    await either(way.whole.wait(), clock.sleep_until(START_MS + most_ms))
    await clock.sleep_until(clock.now_ms() + _BEFORE_MS)
    worker.stop()
    await running
    await cancelled(ticking)
    shown = {one.wallet: one for _, _, changed in room.shown for one in changed}
    return Start(
        dexs=len(dexs),
        once_ms=way.once_ms,
        whole_ms=way.whole_ms,
        most=way.most,
        refused=way.refused,
        wrong=tuple(
            one.account.address
            for one in exchange.crowd
            if {coin: held.size for coin, held in one.account.positions.items()}
            != {each.coin: each.size for each in shown[one.account.address].positions}
        ),
    )
