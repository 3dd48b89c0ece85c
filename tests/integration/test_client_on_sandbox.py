"""Our clients against the sandbox, whose shapes and signatures are its own: what one says the other understands."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from decimal import Decimal as D
from random import Random

from fadearena.adapters.hyperliquid import wire
from fadearena.adapters.hyperliquid.http import HttpTransport
from fadearena.adapters.hyperliquid.limits import Lane, RateBudget
from fadearena.adapters.hyperliquid.rest import ExchangeClient, InfoClient
from fadearena.adapters.hyperliquid.session import Connected, Message, Session, Subscribed, Subscription
from fadearena.adapters.hyperliquid.signing import Signer
from fadearena.kit.clock import ManualClock, SystemClock
from fadearena.kit.jumping import run_jumping
from fadearena.kit.tasks import cancelled
from fadearena.model.units import Side
from fadearena.sandbox.exchange.exchange import Exchange
from fadearena.sandbox.gateway import faults
from fadearena.sandbox.gateway.gateway import Gateway
from fadearena.sandbox.loopback import Loopback
from tests.support import sandbox

START_MS = 1_795_000_000_000
SIGNER = Signer("0x" + "01" * 32)
ME = SIGNER.address
LANE = Lane.REST


class Ground:
    """A sandbox in memory, and our clients on it."""

    def __init__(self) -> None:
        self.clock = ManualClock(START_MS)
        self.exchange = Exchange(self.clock, 1)
        self.gateway = Gateway(self.exchange, self.clock, wall=self.clock)
        self.transport = Loopback(self.gateway)
        self.budget = RateBudget(self.clock)
        self.info = InfoClient(self.transport, self.budget, self.clock, rng=Random(1))
        self.client = ExchangeClient(self.transport, self.budget, SIGNER, mainnet=False)

    def run(self, story: Callable[[], Awaitable[None]]) -> None:
        """Let the sandbox run while a story is told."""

        async def main() -> None:
            ticking = asyncio.create_task(self.gateway.run())
            try:
                await story()
            finally:
                await cancelled(ticking)

        run_jumping(main(), self.clock)


def status_of(reply: wire.ExchangeReply) -> object:
    """Return the one status of a reply to an order or a cancel."""
    assert isinstance(reply.response, wire.Response)
    assert isinstance(reply.response.data, wire.Statuses)
    (status,) = reply.response.data.statuses
    return status


def test_every_question_is_answered_in_a_form_that_we_read() -> None:
    """Markets, accounts and what happened: of an address that is new, and of a trader with a past."""
    ground = Ground()
    trader = ground.exchange.traders[0].wallet

    async def story() -> None:
        info = ground.info
        await ground.clock.sleep_until(START_MS + 600_000)
        index = await info.asset_index(lane=LANE)
        assert index["BTC"] == 0
        assert any(asset_id >= 110_000 for asset_id in index.values())
        for dex in await info.perp_dexs(lane=LANE):
            name = "" if dex is None else dex.name
            meta, contexts = await info.meta_and_contexts(name, lane=LANE)
            assert len(meta.universe) == len(contexts)
            assert set(await info.all_mids(name, lane=LANE)) == {
                asset.name for asset in meta.universe if asset.isDelisted is not True
            }
        book = await info.book("BTC", lane=LANE)
        assert book is not None
        assert await info.book("NOPE", lane=LANE) is None
        assert (await info.exchange_status(lane=LANE)).time >= START_MS
        for user in (ME, trader):
            assert (await info.user_state(user, lane=LANE)).time
            await info.spot_state(user, lane=LANE)
            await info.abstraction(user, lane=LANE)
            await info.rate_limit(user, lane=LANE)
            await info.fees(user, lane=LANE)
            await info.active_asset(user, "BTC", lane=LANE)
            await info.open_orders(user, lane=LANE)
            await info.user_fills(user, lane=LANE)
            await info.funding(user, START_MS, lane=LANE)
            await info.ledger(user, 0, lane=LANE)
        assert (await info.role(trader, lane=LANE)).role == "user"
        fills = await info.all_fills(trader, 0, lane=LANE)
        assert [fill.time for fill in fills] == sorted(fill.time for fill in fills)

    ground.run(story)


def test_every_action_is_taken_as_it_was_signed() -> None:
    """Leverage, an order that fills, its look-up by cloid, a cancel that comes too late, a nonce that is used up."""
    ground = Ground()
    ground.exchange.deposit(ME, D(10_000))
    cloid = "0x" + "c" * 32

    async def story() -> None:
        client, nonce = ground.client, ground.clock.now_ms()
        book = await ground.info.book("ETH", lane=LANE)
        assert book is not None
        asset_id = (await ground.info.asset_index(lane=LANE))["ETH"]
        reply = await client.set_leverage(asset_id, 3, is_cross=True, signer=ME, nonce=nonce)
        assert reply.status == "ok"
        leverage = (await ground.info.active_asset(ME, "ETH", lane=LANE)).leverage
        assert (leverage.type, leverage.value) == ("cross", 3)
        limit = D(book.levels[1][-1].px)
        bought = status_of(
            await client.market_order(asset_id, Side.BUY, D("0.1"), limit, cloid=cloid, signer=ME, nonce=nonce + 1)
        )
        assert isinstance(bought, wire.Status)
        assert isinstance(bought.filled, wire.Filled)
        assert D(bought.filled.totalSz) == D("0.1")
        found = await ground.info.order_status(ME, cloid, lane=LANE)
        assert isinstance(found.order, wire.OrderState)
        assert found.order.status == "filled"
        assert sum(D(fill.sz) for fill in await ground.info.all_fills(ME, START_MS, lane=LANE)) == D("0.1")
        late = status_of(await client.cancel_by_cloid(asset_id, cloid, signer=ME, nonce=nonce + 2))
        assert isinstance(late, wire.Status)
        assert str(late.error).startswith("Order was never placed, already canceled, or filled.")
        assert (await client.noop(signer=ME, nonce=nonce + 3, expires_after=nonce + 60_000)).status == "ok"
        again = await client.noop(signer=ME, nonce=nonce + 3, expires_after=nonce + 60_000)
        assert str(again.response).startswith("Invalid nonce: duplicate nonce")

    ground.run(story)


def test_a_session_is_confirmed_and_hears() -> None:
    """Prices, trades and a user's stream are confirmed, come, and come again after the sandbox dropped the socket."""
    ground = Ground()
    wanted = [
        {"type": "bbo", "coin": "BTC"},
        {"type": "activeAssetCtx", "coin": "BTC"},
        {"type": "trades", "coin": "BTC"},
        {"type": "userFills", "user": ME},
        {"type": "userFundings", "user": ME},
        {"type": "userNonFundingLedgerUpdates", "user": ME},
        {"type": "orderUpdates", "user": ME},
    ]
    session = Session(ground.transport, ground.clock, name="test", rng=Random(1))
    for each in wanted:
        session.subscribe(each)
    confirmed: list[Subscription] = []
    channels = Counter[str]()

    async def listen() -> None:
        async for news in session:
            if isinstance(news, Subscribed):
                confirmed.append(news.subscription)
            elif isinstance(news, Message):
                channels[news.channel] += 1

    async def story() -> None:
        tasks = [asyncio.create_task(session.run()), asyncio.create_task(listen())]
        await asyncio.sleep(300)
        assert session.unconfirmed == ()
        assert confirmed == wanted
        assert {"bbo", "activeAssetCtx", "trades", "userFills"} <= set(channels)
        assert channels["activeAssetCtx"] >= 290
        answer = await session.post("info", {"type": "l2Book", "coin": "BTC"})
        assert b'"levels"' in bytes(answer)
        ground.gateway.inflict(faults.Drop())
        await asyncio.sleep(60)
        assert session.unconfirmed == ()
        assert confirmed == wanted * 2
        await cancelled(*tasks)

    ground.run(story)


def test_what_our_budget_lets_out_the_sandbox_never_refuses() -> None:
    """Five minutes of asking as much as the budget allows: both sides count, it is used up, and no answer is a 429."""
    ground = Ground()

    async def ask(user: str, lane: Lane) -> None:
        while ground.clock.now_ms() < START_MS + 300_000:
            await ground.info.all_fills(user, 0, lane=lane)
            await ground.info.user_state(user, lane=Lane.CANCEL)

    async def story() -> None:
        async with asyncio.TaskGroup() as tasks:
            for trader, lane in zip(ground.exchange.traders, [Lane.OWN, Lane.REPAIR, *[LANE] * 6], strict=False):
                tasks.create_task(ask(trader.wallet, lane))
        assert ground.budget.use().refusals == 0
        asked = sum(count for kind, count in ground.gateway.requests.items() if "Fills" in kind)
        assert asked * 20 >= 5 * 1_000

    ground.run(story)


def test_the_same_over_sockets_of_the_system() -> None:
    """Questions over HTTP and a session on a WebSocket, to a sandbox that listens on a port."""

    async def first_news(transport: HttpTransport) -> list[type]:
        session = Session(transport, SystemClock(), name="real", rng=Random(1))
        session.subscribe({"type": "activeAssetCtx", "coin": "BTC"})
        running = asyncio.create_task(session.run())
        kinds: list[type] = []
        async for news in session:
            kinds.append(type(news))
            if isinstance(news, Message):
                break
        await cancelled(running)
        return kinds

    async def main(url: str) -> None:
        async with HttpTransport(url) as transport:
            clock = SystemClock()
            info = InfoClient(transport, RateBudget(clock), clock, rng=Random(1))
            assert (await info.asset_index(lane=LANE))["BTC"] == 0
            assert await first_news(transport) == [Connected, Subscribed, Message]

    with sandbox.running(sandbox.options()) as place:
        asyncio.run(main(place.url))
