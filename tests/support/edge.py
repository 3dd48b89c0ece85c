"""
A live worker on a sandbox in the same process, on a clock that jumps: leaders trade as a test tells them.

The worker is the product's own live world: signed orders, streams, journal in memory. The sandbox's own books say what
was really held, by its own marks, after every fill of ours.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

import msgspec
from pydantic import SecretStr

from fadearena.adapters.hyperliquid.signing import Signer
from fadearena.adapters.memory.control import MemoryControl
from fadearena.adapters.memory.heartbeat import MemoryHeartbeats
from fadearena.adapters.memory.journal import MemoryJournal
from fadearena.adapters.memory.keys import MemoryKeys
from fadearena.adapters.memory.lease import MemoryLease
from fadearena.adapters.memory.snapshots import MemorySnapshots
from fadearena.adapters.memory.storage import JournalMemory
from fadearena.bootstrap.keys import Signers, address_of
from fadearena.bootstrap.live import LiveWorld, Start
from fadearena.bootstrap.trail import DirectTrail
from fadearena.bootstrap.way import Plan
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.kit.tasks import cancelled
from fadearena.model.event import OperatorAction
from fadearena.model.ids import Address, BotId, Coin
from fadearena.model.policy import AccountPolicy, BotPolicy, Mode, Policy
from fadearena.model.record import Alert, MyFill, OrderUpdate, Record, TradingStateChange
from fadearena.model.units import MINUTE_MS, SECOND_MS, EpochMs, Size, Usd, side_of
from fadearena.ports.control import ControlEntry, ControlState
from fadearena.runtime.worker import Worker, WorkerDoors, WorkerOptions
from fadearena.sandbox.exchange import Exchange
from fadearena.sandbox.gateway.gateway import Gateway, Settings
from fadearena.sandbox.gateway.limits import NO_LIMITS
from fadearena.sandbox.listing import Asset
from fadearena.sandbox.loopback import Loopback
from fadearena.sandbox.nouns import Fill, Filled, News
from tests.support.room_doors import Ahead

START_MS = 1_795_000_000_000
WARM_MS = 15 * SECOND_MS
ZERO = Decimal(0)
AGENT_KEY = "0x" + "32" * 32
MASTER, AGENT = Signer("0x" + "31" * 32), Signer(AGENT_KEY)
LEADERS: Mapping[BotId, Address] = {name: f"0x{place:040x}" for place, name in enumerate(("ann", "bob", "cat"), 0xA1)}
OURS_USD, LEADER_USD = Usd(100_000), Usd(5_000_000)


@dataclass(frozen=True)
class Exposed:
    """What the sandbox says was held right after a fill of ours, by its marks: by coin, without signs."""

    fill: Fill
    by_coin: Mapping[Coin, Usd]

    @property
    def is_increase(self) -> bool:
        """Whether the fill took the position away from zero."""
        return abs(self.fill.start + self.fill.side.signed(self.fill.quantity)) > abs(self.fill.start)

    @property
    def total(self) -> Usd:
        """The gross notional of everything."""
        return sum(self.by_coin.values(), start=ZERO)


@dataclass
class Keep:
    """What outlives a worker: its journal, its commands, its trail."""

    memory: JournalMemory = field(default_factory=JournalMemory)
    control: MemoryControl = field(default_factory=MemoryControl)
    trail: DirectTrail | None = None


def policy_of(*, multiplier: Decimal = Decimal(1), **changed: object) -> Policy:
    """Return settings that follow all leaders with one account; `changed` are other fields of them."""
    bots = tuple(
        BotPolicy(id=name, name=name, wallet=wallet, leverage_multiplier=multiplier) for name, wallet in LEADERS.items()
    )
    plain = Policy(
        mode=Mode.LIVE,
        bots=bots,
        accounts=(AccountPolicy(id="main", address=MASTER.address, signer=AGENT.address),),
        global_exposure_cap=Usd(1_000_000),
        daily_loss_limit=Usd(50_000),
    )
    return msgspec.structs.replace(plain, **changed)


class Edge:
    """One story. `exposed` is what the sandbox's books said after each fill of ours."""

    def __init__(self, seed: int, policy: Policy, *, keep: Keep | None = None) -> None:
        self.clock = ManualClock(START_MS)
        self.exchange = Exchange(self.clock, seed, history_ms=0, needs_volume=False)
        self.exposed: list[Exposed] = []
        self.keep = keep or Keep()
        self.policy = policy
        self.gateway = Gateway(self.exchange, self.clock, Settings(limits=NO_LIMITS), wall=self.clock)
        self.transport = Loopback(self.gateway)
        self.weight_per_minute = 100_000
        self.ahead_ms = 0
        """By how much the worker's clock is ahead of the exchange's."""
        self.on_fill: Callable[[Fill], object] = lambda _: None
        self._seed = seed
        self.exchange.deposit(MASTER.address, OURS_USD)
        self.exchange.send_asset(MASTER.address, "", MASTER.address, "xyz", Decimal(20_000))
        self.exchange.approve_agent(MASTER.address, AGENT.address, "fade-1", None)
        for wallet in LEADERS.values():
            self.exchange.deposit(wallet, LEADER_USD)
        self.exchange.listen(self._hear)
        self.world: LiveWorld | None = None
        self._running: list[tuple[Worker, asyncio.Task[None]]] = []

    # --- telling it

    def play(self, story: Callable[["Edge"], Awaitable[None]]) -> None:
        """Start a worker, let it warm up, tell the story, and end the worker in good order."""
        run_jumping(self._play(story), self.clock)

    async def start(self, keep: Keep | None = None) -> None:
        """Start a worker on what was kept, or on something of its own, and let it warm up."""
        keep = keep or self.keep
        lease = MemoryLease(keep.memory)
        journal = MemoryJournal(keep.memory, lease)
        clock = Ahead(self.clock, self.ahead_ms)
        plan = Plan(shares_time=not self.ahead_ms, weight_per_minute=self.weight_per_minute)
        world = LiveWorld(
            plan,
            self.transport,
            clock,
            journal,
            Random(self._seed),
            Signers(MemoryKeys(address_of, [SecretStr(AGENT_KEY)])),
            start=Start(first=self.policy, trail=keep.trail),
        )
        self.world = world
        doors = WorkerDoors(
            journal=journal,
            snapshots=MemorySnapshots(keep.memory, lease),
            lease=lease,
            wallets=world.wallets,
            markets=world.markets,
            venue=world.venue,
            control=keep.control,
            heartbeats=MemoryHeartbeats(),
            clock=clock,
            wall=clock,
            on_settings=world.follow,
            doubt=world.doubt,
            guard=world.guard,
        )
        options = WorkerOptions(mode="live", turn_budget_ms=None, control_poll_ms=20, beat_ms=MINUTE_MS)
        worker = Worker(doors, world.opening, options, prepare=world.prepare)
        self._running.append((worker, asyncio.create_task(worker.run(), name="worker")))
        await self.wait(WARM_MS)

    async def stop(self) -> None:
        """End all workers in good order."""
        running, self._running = self._running, []
        for worker, task in running:
            worker.stop()
            await task

    async def crash(self) -> None:
        """End all workers in the middle of whatever they do; the journal is as it was."""
        running, self._running = self._running, []
        await cancelled(*(task for _, task in running))

    async def wait(self, ms: EpochMs) -> None:
        """Let time pass; an error of a worker is the story's."""
        await self.clock.sleep_until(self.clock.now_ms() + ms)
        for _, task in self._running:
            if task.done():
                task.result()

    async def order(self, action: OperatorAction) -> ControlEntry:
        """Order something, and wait until it was journaled."""
        entry = await self.keep.control.put("ann", action, now=self.clock.now_ms())
        while entry.state is ControlState.QUEUED:
            await self.wait(1)
            for record in self.records:
                if getattr(record, "control_id", None) == entry.id:
                    state = ControlState.ACCEPTED if getattr(record, "accepted", False) else ControlState.REFUSED
                    return msgspec.structs.replace(entry, state=state)
        return entry

    def trade(self, user: Address, coin: Coin, size: Size) -> None:
        """Let somebody trade at the market."""
        status = self.exchange.trade(user, coin, side_of(size), abs(size))
        assert isinstance(status, Filled), status
        self.gateway.advance()

    def open_sub_account(self, name: str, usd: Usd) -> Address:
        """Open a sub-account of ours, and put money there."""
        sub = self.exchange.create_sub_account(MASTER.address, name)
        self.exchange.sub_account_transfer(MASTER.address, sub, usd, is_deposit=True)
        return sub

    async def meet(self, *pairs: tuple[Address, Coin]) -> None:
        """Let leaders trade a little in coins that nobody had before, so that their prices are known from then on."""
        for user, coin in pairs:
            self.trade(user, coin, self.lots(coin, Usd(100)))
        await self.wait(3 * SECOND_MS)

    def push(self, coin: Coin, factor: Decimal, hold_ms: EpochMs = 10 * MINUTE_MS) -> None:
        """Put a coin's price elsewhere, and hold it there."""
        self.exchange.push_price(coin, self.exchange.view.mark(coin) * factor, hold_ms)
        self.gateway.advance()

    def lots(self, coin: Coin, usd: Decimal) -> Size:
        """Return the whole lots that so much money is worth."""
        asset = self._asset(coin)
        return (usd / self.exchange.view.mark(coin)).quantize(Decimal(1).scaleb(-asset.size_decimals))

    # --- what was seen

    @property
    def records(self) -> list[Record]:
        """All records, in their order."""
        return [record for entry in self.keep.memory.entries.values() for record in entry.records]

    @property
    def latches(self) -> set[str]:
        """The latches that were set."""
        return {record.latch for record in self.records if isinstance(record, TradingStateChange) and record.is_set}

    def told(self, category: str, since: EpochMs = 0) -> EpochMs | None:
        """Return when people were first told something of a category, from a time on; None where they were not."""
        for entry in self.keep.memory.entries.values():
            told = (record for record in entry.records if isinstance(record, Alert) and record.category == category)
            if entry.event.received >= since and any(told):
                return entry.event.received
        return None

    def fills(self, since: EpochMs = 0) -> list[MyFill]:
        """Return our fills as they were booked, from a time on."""
        entries = [entry for entry in self.keep.memory.entries.values() if entry.event.received >= since]
        return [record for entry in entries for record in entry.records if isinstance(record, MyFill)]

    @property
    def state(self) -> str:
        """The state of everything as it was journaled last."""
        changes = [one for one in self.records if isinstance(one, TradingStateChange) and one.scope == "all"]
        return changes[-1].state if changes else "active"

    def new_orders_since_kill(self) -> list[OrderUpdate]:
        """Return the orders that were made after the first kill was journaled."""
        records = self.records
        began = next(
            at for at, one in enumerate(records) if isinstance(one, TradingStateChange) and one.latch == "kill"
        )
        known = {one.cloid for one in records[:began] if isinstance(one, OrderUpdate)}
        return [one for one in records[began:] if isinstance(one, OrderUpdate) and one.cloid not in known]

    @property
    def alerts(self) -> list[Alert]:
        """The alerts, in their order."""
        return [record for record in self.records if isinstance(record, Alert)]

    def held(self, user: Address = MASTER.address) -> dict[Coin, Size]:
        """Return what an account really holds."""
        account = self.exchange.truth().accounts[user]
        return {coin: position.size for coin, position in account.positions.items() if position.size}

    def open_orders(self, user: Address = MASTER.address) -> list[int]:
        """Return the ids of what rests for an account."""
        account = self.exchange.view.account(user)
        assert account is not None
        return list(account.open)

    def fills_since(self, time: EpochMs) -> list[Fill]:
        """Return our fills from a time on."""
        return [one.fill for one in self.exposed if one.fill.time >= time]

    def asset_id(self, coin: Coin) -> int:
        """Return how actions name a coin."""
        return self._asset(coin).asset_id

    def _asset(self, coin: Coin) -> Asset:
        return next(one for dex in self.exchange.view.dexs for one in dex.assets if one.coin == coin)

    def _hear(self, news: News) -> None:
        if isinstance(news, Fill) and news.user == MASTER.address:
            account = self.exchange.view.account(MASTER.address)
            assert account is not None
            mark = self.exchange.view.mark
            by_coin = {coin: abs(one.size) * mark(coin) for coin, one in account.positions.items()}
            self.exposed.append(Exposed(news, by_coin))
            self.on_fill(news)

    async def _play(self, story: Callable[["Edge"], Awaitable[None]]) -> None:
        ticking = asyncio.create_task(self.gateway.run(), name="sandbox")
        try:
            await self.start()
            await story(self)
            await self.stop()
        finally:
            await cancelled(ticking)
