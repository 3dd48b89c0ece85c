"""
A worker on a sandbox behind a bad network: it follows four traders and trades with signed orders on an account there.

What it believes of them, and of its own account, is compared with the truth.
"""

import asyncio
from collections.abc import Iterator, Sequence
from decimal import Decimal
from random import Random

from fadearena.adapters.hyperliquid.limits import RateBudget, SocketLimits
from fadearena.adapters.hyperliquid.line import Line
from fadearena.adapters.hyperliquid.listing import Listing
from fadearena.adapters.hyperliquid.market_feed import HyperliquidMarkets
from fadearena.adapters.hyperliquid.rest import ExchangeClient, InfoClient
from fadearena.adapters.hyperliquid.signing import Signer
from fadearena.adapters.hyperliquid.venue import HyperliquidVenue, OrderChannel, VenueAccount
from fadearena.adapters.hyperliquid.wallet_feed import HyperliquidWallets, WalletOptions
from fadearena.adapters.memory.control import MemoryControl
from fadearena.adapters.memory.heartbeat import MemoryHeartbeats
from fadearena.adapters.memory.journal import MemoryJournal
from fadearena.adapters.memory.lease import MemoryLease
from fadearena.adapters.memory.snapshots import MemorySnapshots
from fadearena.adapters.memory.storage import JournalMemory
from fadearena.core.state import State
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.kit.tasks import cancelled
from fadearena.model.event import ClockRead, Event, Instruments, Operator, SetPolicy, SourceSnapshot
from fadearena.model.ids import Address, Coin, dex_of
from fadearena.model.policy import AccountPolicy, BotPolicy, Policy
from fadearena.model.units import MINUTE_MS, SECOND_MS, EpochMs, Size
from fadearena.runtime.worker import Worker, WorkerDoors, WorkerOptions
from fadearena.sandbox.exchange import Exchange
from fadearena.sandbox.gateway.gateway import Gateway, Settings
from fadearena.sandbox.loopback import Loopback
from fadearena.sandbox.nouns import Fill, News
from tests.support.bad_net import BadNet, spells

START_MS = 1_795_000_000_000
FOLLOWED = ("grok-4", "claude-sonnet", "stock-picker", "small-caps")
"""A scalper, one that slices its orders, one on another dex, and one that averages down."""
CALM_MS = 20 * SECOND_MS
BAD_MS = 150 * SECOND_MS
AFTER_MS = 75 * SECOND_MS
TROUBLES = 10
ZERO = Decimal(0)
MASTER, AGENT = Signer("0x" + "31" * 32), Signer("0x" + "32" * 32)


class Truth:
    """What every trader held, and when."""

    def __init__(self) -> None:
        self._moves: dict[tuple[Address, Coin], list[tuple[EpochMs, Size, Size]]] = {}

    def hear(self, news: News) -> None:
        """Take note of a fill."""
        if isinstance(news, Fill):
            after = news.start + news.side.signed(news.quantity)
            self._moves.setdefault((news.user, news.coin), []).append((news.time, news.start, after))

    def possible(self, user: Address, coin: Coin, at: EpochMs) -> set[Size]:
        """Return the sizes that a user held at some moment of a millisecond."""
        held, sizes = ZERO, set[Size]()
        for time, before, after in self._moves.get((user, coin), []):
            if time == at:
                sizes |= {before, after}
            elif time < at:
                held = after
        return sizes or {held}

    def now(self, user: Address) -> dict[Coin, Size]:
        """Return what a user holds after everything."""
        held = {coin: moves[-1][2] for (who, coin), moves in self._moves.items() if who == user}
        return {coin: size for coin, size in held.items() if size}

    def wrong_in(self, snapshot: SourceSnapshot) -> Iterator[str]:
        """Return where a snapshot says what was never so."""
        told = {held.coin: held.size for held in snapshot.positions}
        traded = {coin for who, coin in self._moves if who == snapshot.wallet and dex_of(coin) == snapshot.dex}
        for coin in sorted(traded | told.keys()):
            possible = self.possible(snapshot.wallet, coin, snapshot.time)
            if told.get(coin, ZERO) not in possible:
                yield f"{coin} at {snapshot.time}: told {told.get(coin)}, it was one of {possible}"


class BadPlay:
    """One story by its seed."""

    def __init__(self, seed: int) -> None:
        self.clock = ManualClock(START_MS)
        self.truth = Truth()
        self.memory = JournalMemory()
        exchange = Exchange(self.clock, seed, history_ms=0)
        exchange.listen(self.truth.hear)
        exchange.deposit(MASTER.address, Decimal(100_000))
        exchange.send_asset(MASTER.address, "", MASTER.address, "xyz", Decimal(30_000))
        exchange.approve_agent(MASTER.address, AGENT.address, "fade-1", None)
        self.wallets = {trader.bot: trader.wallet for trader in exchange.traders if trader.bot in FOLLOWED}
        self.gateway = Gateway(exchange, self.clock, Settings(), wall=self.clock)
        plan = spells(Random(seed), START_MS + CALM_MS, START_MS + CALM_MS + BAD_MS, TROUBLES)
        self.net = BadNet(Loopback(self.gateway), self.clock, Random(seed + 1), plan, "xyz")
        self._seed = seed

    def play(self) -> None:
        """Let it happen: calm, troubles, and calm again, in which nobody trades."""
        run_jumping(self._play(), self.clock)

    @property
    def events(self) -> list[Event]:
        """The events that are journaled."""
        return [entry.event for entry in self.memory.entries.values()]

    @property
    def orders(self) -> list[str]:
        """The cloids of the orders that the exchange took from us and did not refuse, in no order."""
        account = self.gateway.exchange.view.account(MASTER.address)
        assert account is not None
        return [order.cloid or "" for order in (*account.done.values(), *account.open.values())]

    async def _play(self) -> None:
        lease = MemoryLease(self.memory)
        budget = RateBudget(self.clock)
        line = self._line(budget)
        exchange = ExchangeClient(self.net, budget, AGENT, mainnet=False)
        accounts = {"main": VenueAccount(address=MASTER.address, signer=AGENT.address)}
        channel: OrderChannel = "auto" if self._seed % 2 else "http"
        doors = WorkerDoors(
            journal=MemoryJournal(self.memory, lease),
            snapshots=MemorySnapshots(self.memory, lease),
            lease=lease,
            wallets=HyperliquidWallets(line, WalletOptions(streams_max=9)),
            markets=HyperliquidMarkets(line),
            venue=HyperliquidVenue(line, exchange, accounts, order_channel=channel),
            control=MemoryControl(),
            heartbeats=MemoryHeartbeats(),
            clock=self.clock,
            wall=self.clock,
        )
        await line.listing.refresh()
        options = WorkerOptions(turn_budget_ms=None, control_poll_ms=SECOND_MS, beat_ms=MINUTE_MS)
        worker = Worker(doors, lambda state: self._opening(state, line.listing), options)
        running = asyncio.create_task(worker.run(), name="worker")
        others = [asyncio.create_task(self.gateway.run()), asyncio.create_task(self.net.run())]
        await self.clock.sleep_until(START_MS + CALM_MS + BAD_MS)
        self.gateway.exchange.stand_still()
        await self.clock.sleep_until(self.clock.now_ms() + AFTER_MS)
        worker.stop()
        await running
        await cancelled(*others)

    def _line(self, budget: RateBudget) -> Line:
        info = InfoClient(self.net, budget, self.clock, rng=Random(self._seed + 2))
        return Line(
            info=info,
            transport=self.net,
            clock=self.clock,
            rng=Random(self._seed + 3),
            listing=Listing(info, self.clock),
            limits=SocketLimits(self.clock),
        )

    def _opening(self, state: State, listing: Listing) -> Sequence[Event]:
        action = SetPolicy(policy=self._policy())
        settings = Operator(time=0, received=0, control_id=0, actor="test", action=action)
        return (
            *(() if state.policy.bots else (settings,)),
            Instruments(time=0, received=0, instruments=listing.instruments),
            ClockRead(time=0, received=0, offset_ms=0, spread_ms=0),
        )

    def _policy(self) -> Policy:
        bots = tuple(BotPolicy(id=bot, name=bot, wallet=wallet) for bot, wallet in self.wallets.items())
        account = AccountPolicy(id="main", address=MASTER.address, signer=AGENT.address)
        return Policy(bots=bots, accounts=(account,))
