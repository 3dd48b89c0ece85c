"""Answers that Hyperliquid gave are understood: markets, states, books, trades."""

import json
from decimal import Decimal

import msgspec
import pytest

from fadearena.adapters.hyperliquid import codec, wire
from fadearena.adapters.hyperliquid.recorded import recorded_meta
from fadearena.adapters.sim.matching import match_ioc
from fadearena.model.units import Side
from tests.support.fills import WALLET
from tests.support.recorded import answers, messages, needs_recorded

pytestmark = needs_recorded


@pytest.mark.parametrize("kind", ["meta", "metaAndAssetCtxs"])
def test_markets_are_read_from_every_recorded_answer(kind: str) -> None:
    """Every market has its index, lots and tiers that begin at zero, fall, and begin at its most leverage."""
    found = answers(kind)
    assert found
    for answer in found:
        markets = recorded_meta(answer.response)
        first = markets[0].asset_id
        assert [market.asset_id - first for market in markets] == list(range(len(markets)))
        for market in markets:
            bounds = [tier.lower_bound_usd for tier in market.margin_tiers]
            leverages = [tier.max_leverage for tier in market.margin_tiers]
            assert bounds[0] == 0
            assert bounds == sorted(bounds)
            assert leverages == sorted(leverages, reverse=True)
            assert leverages[0] == market.max_leverage


def test_delisted_and_isolated_markets_are_known() -> None:
    """MATIC keeps index 3 and is delisted; some stock perpetuals allow no cross margin."""
    (main, *_), (xyz, *_) = (
        [recorded_meta(a.response) for a in answers(kind) if ("xyz" in json.dumps(a.request)) is is_xyz]
        for kind, is_xyz in (("meta", False), ("metaAndAssetCtxs", True))
    )
    by_coin = {market.coin: market for market in (*main, *xyz)}
    assert by_coin["BTC"].size_decimals == 5
    assert xyz[0].asset_id == 110_000
    assert not by_coin["xyz:TSLA"].is_cross
    assert any(market.is_delisted for market in main)


def test_account_states_are_read() -> None:
    """The recorded states give a value and positions that are not flat."""
    states = [
        msgspec.json.decode(answer.response, type=wire.ClearinghouseState) for answer in answers("clearinghouseState")
    ]
    read = [codec.dex_state(state, "") for state in states]
    assert max(len(state.positions) for state in read) == 12
    assert all(held.size for state in read for held in state.positions)
    timed = [state for state in states if state.time is not msgspec.UNSET]
    assert timed
    assert all(codec.source_snapshot(state, WALLET, "", received=1).positions == () for state in timed)


def test_books_are_read_and_matched() -> None:
    """Every recorded book is in order, is not crossed, and fills an order level by level."""
    raw = messages("l2Book") + [answer.response for answer in answers("l2Book")]
    assert len(raw) > 400
    for data in raw:
        book = codec.order_book(msgspec.json.decode(data, type=wire.L2Book))
        bids, asks = ([level.price for level in side] for side in (book.bids, book.asks))
        assert bids == sorted(bids, reverse=True)
        assert asks == sorted(asks)
        assert not (bids and asks) or bids[0] < asks[0]
        total = sum((level.quantity for level in book.asks), start=Decimal(0))
        if total:
            matched = match_ioc(book, Side.BUY, total + 1, asks[-1])
            assert (matched.quantity, matched.rest) == (total, Decimal(1))


def test_touches_are_read() -> None:
    """Every recorded best bid and offer becomes a quote."""
    quotes = [codec.touch(msgspec.json.decode(data, type=wire.Bbo)) for data in messages("bbo")]
    assert len(quotes) > 1_400
    assert all(quote.bid is not None or quote.ask is not None for quote in quotes)


def test_tape_trades_are_fills_of_their_two_users() -> None:
    """Every recorded trade is a buy of one user and a sell of the other, under different keys."""
    trades = [
        trade
        for data in messages("trades")
        for trade in msgspec.json.decode(data, type=list[wire.Trade])
        if trade.users[0] != trade.users[1]
    ]
    assert len(trades) > 1_800
    for trade in trades:
        bought, sold = codec.tape_fill(trade, "B"), codec.tape_fill(trade, "A")
        assert (bought.side, sold.side) == (Side.BUY, Side.SELL)
        assert bought.key != sold.key
