"""ccxt's own class for the exchange, as it is, takes the sandbox for it."""

from collections.abc import Iterator
from decimal import Decimal as D

import ccxt
import eth_account
import pytest

from tests.support.sandbox import Running, options, running

BTC, ETH, NVDA = "BTC/USDC:USDC", "ETH/USDC:USDC", "XYZ-NVDA/USDC:USDC"
USD = 50_000


@pytest.fixture(scope="module")
def box() -> Iterator[Running]:
    """A sandbox for all tests here; each brings an account of its own."""
    with running(options()) as sandbox:
        yield sandbox


@pytest.fixture
def venue(box: Running) -> Iterator[ccxt.hyperliquid]:
    """A funded account, and ccxt on it, signing for the test network."""
    account = eth_account.Account.create()
    box.tell("deposit", user=account.address.lower(), usd=str(USD))
    keys = {"walletAddress": account.address, "privateKey": account.key.hex(), "enableRateLimit": False}
    client = ccxt.hyperliquid(keys)
    client.set_sandbox_mode(True)
    client.urls["api"] = {"public": box.url, "private": box.url}
    yield client
    client.session.close()


def test_markets(venue: ccxt.hyperliquid) -> None:
    """Markets of both dexs are listed with their ids; tickers and books have prices."""
    markets = venue.load_markets()
    assert (markets[BTC]["baseId"], markets[ETH]["baseId"], markets[NVDA]["baseId"]) == ("0", "1", "110002")
    assert markets[ETH]["precision"]["amount"] == 0.0001
    assert markets["MATIC/USDC:USDC"]["active"] is False
    tickers = venue.fetch_tickers()
    book = venue.fetch_order_book(BTC)
    assert book["bids"][0][0] < book["asks"][0][0]
    assert tickers[BTC]["last"] == pytest.approx(book["bids"][0][0], rel=0.05)
    assert venue.fetch_ticker(NVDA)["bid"] > 0
    assert venue.fetch_ohlcv(BTC, "1m")[-1][4] > 0


def test_balance_and_position(venue: ccxt.hyperliquid) -> None:
    """A market order makes a position at the leverage that was set; balance, position and trades agree."""
    assert venue.fetch_balance()["USDC"]["total"] == USD
    assert venue.set_leverage(5, ETH)["status"] == "ok"
    price = venue.fetch_ticker(ETH)["last"]
    bought = venue.create_order(ETH, "market", "buy", 0.5, price)
    assert bought["filled"] == 0.5
    (position,) = venue.fetch_positions([ETH])
    assert (position["side"], position["contracts"], position["leverage"]) == ("long", 0.5, 5.0)
    trades = venue.fetch_my_trades(ETH)
    assert sum(D(str(one["amount"])) for one in trades) == D("0.5")
    assert {one["order"] for one in trades} == {bought["id"]}
    venue.create_order(ETH, "market", "sell", 0.5, price, {"reduceOnly": True})
    assert venue.fetch_positions([ETH]) == []
    again = {"reduceOnly": True}
    with pytest.raises(ccxt.InvalidOrder, match="Reduce only order would increase position"):
        venue.create_order(ETH, "market", "sell", 0.5, price, again)


def test_limit_orders(venue: ccxt.hyperliquid) -> None:
    """A limit order rests, is found, and is cancelled by either id."""
    price = round(venue.fetch_ticker(BTC)["last"] / 2)
    cloid = "0xfade00000000000000000000000000a1"
    first = venue.create_order(BTC, "limit", "buy", 0.01, price)
    venue.create_order(BTC, "limit", "buy", 0.02, price, {"clientOrderId": cloid, "postOnly": True})
    orders = venue.fetch_open_orders(BTC)
    assert [one["amount"] for one in orders] == [0.01, 0.02]
    assert venue.fetch_order(first["id"], BTC)["status"] == "open"
    venue.cancel_order(first["id"], BTC)
    venue.cancel_order("", BTC, {"clientOrderId": cloid})
    assert venue.fetch_open_orders(BTC) == []
    assert venue.fetch_order(first["id"], BTC)["status"] == "canceled"
    with pytest.raises(ccxt.OrderNotFound):
        venue.cancel_order(first["id"], BTC)


def test_refusals(venue: ccxt.hyperliquid) -> None:
    """The sandbox's words are those that ccxt knows."""
    price = round(venue.fetch_ticker(BTC)["last"] / 2)
    with pytest.raises(ccxt.InvalidOrder, match=r"minimum value of \$10"):
        venue.create_order(BTC, "limit", "buy", 0.0001, price)
    with pytest.raises(ccxt.InsufficientFunds):
        venue.create_order(BTC, "limit", "buy", 1_000, price)
