"""The official SDK, as it is, takes the sandbox for the exchange: each understands what the other says."""

import queue
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal as D
from typing import Any, NamedTuple, Protocol

import eth_account
import pytest
from eth_account.signers.local import LocalAccount
from hyperliquid.exchange import Exchange
from hyperliquid.info import Info
from hyperliquid.utils.error import ClientError
from hyperliquid.utils.types import Cloid

from tests.support.sandbox import Running, options, running

DEXS = ["", "xyz"]
PATIENCE_S = 20
USD = 100_000


class Client(NamedTuple):
    """One who trades through the SDK."""

    address: str
    info: Info
    exchange: Exchange


class Open(Protocol):
    """Opens the SDK for a wallet."""

    def __call__(self, wallet: LocalAccount, **how: Any) -> Exchange:
        """Return it; it is closed after the test."""
        ...


@pytest.fixture(scope="module")
def box() -> Iterator[Running]:
    """A sandbox for all tests here; each brings an account of its own."""
    with running(options(needs_volume=False)) as sandbox:
        yield sandbox


@pytest.fixture
def opened(box: Running) -> Iterator[Open]:
    """The SDK, which leaves its connections open by itself."""
    with ExitStack() as stack:

        def open_for(wallet: LocalAccount, **how: Any) -> Exchange:
            exchange = Exchange(wallet, box.url, perp_dexs=DEXS, **how)
            stack.enter_context(exchange.session)
            stack.enter_context(exchange.info.session)
            return exchange

        yield open_for


@pytest.fixture
def client(box: Running, opened: Open) -> Client:
    """A funded account, and the SDK on it."""
    wallet = eth_account.Account.create()
    address = wallet.address.lower()
    box.tell("deposit", user=address, usd=str(USD))
    exchange = opened(wallet)
    return Client(address, exchange.info, exchange)


@pytest.fixture
def live(box: Running) -> Iterator[Info]:
    """The SDK with its socket open."""
    info = Info(box.url, perp_dexs=DEXS)
    assert info.ws_manager is not None
    with info.session:
        yield info
    # Its own way to disconnect may wait ten seconds for its own socket, and leave it open.
    socket = info.ws_manager.ws.sock.sock
    info.ws_manager.stop_event.set()
    box.tell("faults", kind="drop")
    info.ws_manager.join(PATIENCE_S)
    socket.close()


class Heard:
    """What a subscription brought, waited for and not polled."""

    def __init__(self, info: Info, subscription: dict[str, str]) -> None:
        self._messages: queue.Queue[Any] = queue.Queue()
        info.subscribe(subscription, self._messages.put)

    def until(self, is_wanted: Callable[[Any], bool] = lambda _: True) -> Any:
        """Return the data of the first message that is wanted."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            data = self._messages.get(timeout=deadline - time.monotonic())["data"]
            if is_wanted(data):
                return data


def statuses(answer: Any) -> list[Any]:
    """Return the entries of an answer, which has to be a yes."""
    assert answer["status"] == "ok", answer
    found: list[Any] = answer["response"]["data"]["statuses"]
    return found


def size(client: Client, coin: str, dex: str = "") -> D:
    """Return the account's position in a coin."""
    held = client.info.user_state(client.address, dex)["assetPositions"]
    return next((D(one["position"]["szi"]) for one in held if one["position"]["coin"] == coin), D(0))


def far_below(client: Client, coin: str) -> float:
    """Return a price at which nobody sells."""
    return float(round(float(client.info.all_mids()[coin]) * 0.5))


def test_markets(client: Client) -> None:
    """Coins have their real ids, mids lie inside the books, contexts come by index, candles and rates are there."""
    info = client.info
    assert (info.name_to_asset("BTC"), info.name_to_asset("SOL")) == (0, 5)
    assert info.name_to_asset("xyz:NVDA") == 110_002
    book, mid = info.l2_snapshot("BTC"), D(info.all_mids()["BTC"])
    bids, asks = book["levels"]
    assert len(bids) == len(asks) == 20
    assert D(bids[0]["px"]) < D(asks[0]["px"])
    assert abs(D(bids[0]["px"]) - mid) < mid / 100
    meta, contexts = info.meta_and_asset_ctxs()
    assert len(meta["universe"]) == len(contexts)
    assert info.perp_dexs()[1]["name"] == "xyz"
    now = book["time"]
    assert info.candles_snapshot("BTC", "1m", now - 3_600_000, now)[-1]["s"] == "BTC"
    assert isinstance(info.funding_history("BTC", now - 7_200_000, now), list)


def test_market_open_and_close(client: Client) -> None:
    """A position is opened and closed again; state, fills and fees agree."""
    opened = statuses(client.exchange.market_open("ETH", is_buy=True, sz=0.5))[0]["filled"]
    assert D(opened["totalSz"]) == size(client, "ETH") == D("0.5")
    closed = statuses(client.exchange.market_close("ETH"))[0]["filled"]
    assert D(closed["totalSz"]) == D("0.5")
    assert size(client, "ETH") == 0
    fills = client.info.user_fills_by_time(client.address, 0)
    assert [fill["dir"] for fill in (fills[0], fills[-1])] == ["Open Long", "Close Long"]
    paid = sum(D(fill["closedPnl"]) - D(fill["fee"]) for fill in fills)
    assert D(client.info.user_state(client.address)["marginSummary"]["accountValue"]) == USD + paid
    assert client.info.user_fills(client.address) == fills[::-1]
    assert {fill["oid"] for fill in fills} == {opened["oid"], closed["oid"]}


def test_a_builder_deployed_coin_is_isolated(client: Client) -> None:
    """A coin of another dex takes its margin from that dex and nowhere else."""
    client.exchange.send_asset(client.address, "", "xyz", "USDC", 10_000)
    assert client.exchange.update_leverage(5, "xyz:NVDA")["response"] == "Cross margin is not allowed for this asset."
    assert client.exchange.update_leverage(5, "xyz:NVDA", is_cross=False)["status"] == "ok"
    price = round(float(client.info.all_mids("xyz")["xyz:NVDA"]) * 1.02, 1)
    statuses(client.exchange.order("xyz:NVDA", True, 3, price, {"limit": {"tif": "Ioc"}}))
    assert size(client, "xyz:NVDA", "xyz") == 3
    assert size(client, "xyz:NVDA") == 0
    before = client.info.user_state(client.address, "xyz")["assetPositions"][0]["position"]
    assert client.exchange.update_isolated_margin(50, "xyz:NVDA")["status"] == "ok"
    after = client.info.user_state(client.address, "xyz")["assetPositions"][0]["position"]
    assert D(after["leverage"]["rawUsd"]) - D(before["leverage"]["rawUsd"]) == 50


def test_resting_orders_are_found_and_cancelled(client: Client) -> None:
    """Limit orders rest, are found by both ids, and go by both ids; twice is an error in the exchange's words."""
    cloid, price = Cloid.from_int(77), far_below(client, "BTC")
    named = statuses(client.exchange.order("BTC", True, 0.01, price, {"limit": {"tif": "Gtc"}}, cloid=cloid))[0]
    other = statuses(client.exchange.order("BTC", True, 0.02, price, {"limit": {"tif": "Alo"}}))[0]["resting"]["oid"]
    assert named["resting"]["cloid"] == cloid.to_raw()
    assert [order["oid"] for order in client.info.open_orders(client.address)] == [other, named["resting"]["oid"]]
    assert client.info.frontend_open_orders(client.address)[0]["tif"] == "Alo"
    found = client.info.query_order_by_cloid(client.address, cloid)
    assert found["order"]["order"]["oid"] == named["resting"]["oid"]
    assert found["order"]["status"] == "open"
    assert statuses(client.exchange.cancel("BTC", other)) == ["success"]
    assert statuses(client.exchange.cancel_by_cloid("BTC", cloid)) == ["success"]
    again = statuses(client.exchange.cancel_by_cloid("BTC", cloid))
    assert again == [{"error": "Order was never placed, already canceled, or filled. asset=0"}]
    assert client.info.query_order_by_cloid(client.address, cloid)["order"]["status"] == "canceled"
    assert client.info.query_order_by_oid(client.address, other)["order"]["status"] == "canceled"
    assert client.info.query_order_by_oid(client.address, 1) == {"status": "unknownOid"}
    assert len(client.info.historical_orders(client.address)) == 2


def test_refusals_stand_where_the_exchange_puts_them(client: Client) -> None:
    """Order errors are entries of a yes, whole-action errors a no."""
    refused = statuses(client.exchange.order("ETH", True, 0.001, far_below(client, "ETH"), {"limit": {"tif": "Gtc"}}))
    assert refused == [{"error": "Order must have minimum value of $10. asset=1"}]
    no_match = statuses(client.exchange.order("ETH", True, 1, far_below(client, "ETH"), {"limit": {"tif": "Ioc"}}))
    assert no_match == [{"error": "Order could not immediately match against any resting orders. asset=1"}]
    assert client.exchange.update_leverage(99, "ETH") == {"status": "err", "response": "Invalid leverage value"}
    with pytest.raises(ClientError):
        client.info.user_state("0xnobody")


def test_strangers_are_told_so(opened: Open, client: Client) -> None:
    """Who never had an account is told the address that was recovered, which is its own."""
    wallet = eth_account.Account.create()
    answer = opened(wallet).update_leverage(3, "ETH")
    text = f"User or API Wallet {wallet.address.lower()} does not exist."
    assert answer == {"status": "err", "response": text}
    assert client.info.user_role(wallet.address) == {"role": "missing"}


def test_expired_and_repeated_actions(client: Client) -> None:
    """An action past its time is refused, and a nonce works once."""
    client.exchange.set_expires_after(1)
    assert client.exchange.update_leverage(3, "ETH")["response"] == "Action already expired"
    client.exchange.set_expires_after(None)
    nonce = int(time.time() * 1_000)
    assert client.exchange.noop(nonce)["status"] == "ok"
    assert client.exchange.noop(nonce)["response"] == f"Invalid nonce: duplicate nonce {nonce}"


def test_sub_accounts(opened: Open, client: Client) -> None:
    """A sub-account is opened, funded and traded for by its master."""
    sub = client.exchange.create_sub_account("fade-a")["response"]["data"]
    assert client.exchange.sub_account_transfer(sub, is_deposit=True, usd=5_000_000_000)["status"] == "ok"
    (listed,) = client.info.query_sub_accounts(client.address)
    assert (listed["name"], listed["subAccountUser"], listed["master"]) == ("fade-a", sub, client.address)
    assert D(listed["clearinghouseState"]["withdrawable"]) == 5_000
    trading = opened(client.exchange.wallet, vault_address=sub)
    statuses(trading.market_open("SOL", is_buy=False, sz=1))
    assert size(Client(sub, client.info, trading), "SOL") == -1
    assert client.info.user_role(sub) == {"role": "subAccount", "data": {"master": client.address}}


def test_agents(opened: Open, client: Client) -> None:
    """An approved agent trades for its master, and reads as empty itself."""
    answer, key = client.exchange.approve_agent("fade")
    assert answer["status"] == "ok"
    agent = eth_account.Account.from_key(key)
    trading = opened(agent, account_address=client.address)
    statuses(trading.market_open("SOL", is_buy=True, sz=1))
    assert size(client, "SOL") == 1
    assert client.info.user_role(agent.address) == {"role": "agent", "data": {"user": client.address}}
    assert client.info.user_state(agent.address)["assetPositions"] == []
    assert client.info.extra_agents(client.address)[0]["address"] == agent.address.lower()
    unnamed, _ = client.exchange.approve_agent()
    assert unnamed["status"] == "ok"


def test_scheduled_cancel(client: Client) -> None:
    """All orders go when the time has come; an early time is refused."""
    statuses(client.exchange.order("BTC", True, 0.01, far_below(client, "BTC"), {"limit": {"tif": "Gtc"}}))
    now = client.info.post("/info", {"type": "exchangeStatus"})["time"]
    assert client.exchange.schedule_cancel(now + 1_000)["status"] == "err"
    assert client.exchange.schedule_cancel(now + 10 * 60_000)["status"] == "ok"
    assert client.exchange.schedule_cancel(None)["status"] == "ok"


def test_what_an_account_may(client: Client) -> None:
    """Rates, request budget, ledger and portfolio of an account can be read."""
    assert client.info.user_fees(client.address)["userCrossRate"] == "0.00045"
    assert client.info.user_rate_limit(client.address)["nRequestsCap"] == 10_000
    ledger = client.info.user_non_funding_ledger_updates(client.address, 0)
    assert [row["delta"] for row in ledger] == [{"type": "deposit", "usdc": f"{USD}.0"}]
    assert client.info.user_funding_history(client.address, 0) == []
    assert dict(client.info.portfolio(client.address))["allTime"]["accountValueHistory"][0][1] == f"{USD}.0"


def test_market_channels(live: Info) -> None:
    """Mids, trades with both wallets, best prices, books and contexts are told."""
    mids = Heard(live, {"type": "allMids"})
    trades = Heard(live, {"type": "trades", "coin": "BTC"})
    bbo = Heard(live, {"type": "bbo", "coin": "ETH"})
    book = Heard(live, {"type": "l2Book", "coin": "ETH"})
    context = Heard(live, {"type": "activeAssetCtx", "coin": "xyz:TSLA"})
    assert D(mids.until()["mids"]["BTC"]) > 0
    assert all(len(trade["users"]) == 2 for trade in trades.until(bool))
    first = bbo.until()
    assert bbo.until(lambda later: later["bbo"] != first["bbo"])["time"] > first["time"]
    assert book.until()["coin"] == "ETH"
    assert D(context.until()["ctx"]["markPx"]) > 0


def test_user_channels(live: Info, client: Client) -> None:
    """What an account does is told on all of its channels, after what came before."""
    user = {"user": client.address}
    fills = Heard(live, {"type": "userFills", **user})
    events = Heard(live, {"type": "userEvents", **user})
    orders = Heard(live, {"type": "orderUpdates", **user})
    fundings = Heard(live, {"type": "userFundings", **user})
    ledger = Heard(live, {"type": "userNonFundingLedgerUpdates", **user})
    limits = Heard(live, {"type": "activeAssetData", "coin": "ETH", **user})
    assert fills.until()["isSnapshot"] is True
    assert fundings.until() == {"user": client.address, "isSnapshot": True, "fundings": []}
    assert len(ledger.until()["nonFundingLedgerUpdates"]) == 1
    assert limits.until()["leverage"] == {"type": "cross", "value": 20}
    done = statuses(client.exchange.market_open("ETH", is_buy=True, sz=0.5))[0]["filled"]
    told = fills.until()
    assert "isSnapshot" not in told
    assert sum(D(fill["sz"]) for fill in told["fills"]) == D("0.5")
    assert events.until()["fills"] == told["fills"]
    update = orders.until(lambda rows: rows[-1]["status"] == "filled")[-1]
    assert (update["order"]["oid"], update["order"]["sz"]) == (done["oid"], "0.0")
    client.exchange.update_leverage(3, "ETH")
    assert limits.until(lambda data: data["leverage"]["value"] == 3)["coin"] == "ETH"
    client.exchange.usd_class_transfer(100, to_perp=False)
    moved = ledger.until()["nonFundingLedgerUpdates"][0]["delta"]
    assert moved == {"type": "accountClassTransfer", "usdc": "100.0", "toPerp": False}
