"""What Hyperliquid says becomes our words, and what cannot be read is an error."""

import json
from decimal import Decimal

import msgspec
import pytest

from fadearena.adapters.hyperliquid import codec, wire
from fadearena.adapters.hyperliquid.recorded import recorded_meta
from fadearena.model.error import InvalidInput, VenueProtocolError
from fadearena.model.instrument import MarginMode
from fadearena.model.margin import MarginTier
from fadearena.model.units import Side
from fadearena.model.wallet import ForcedKind
from tests.support.fills import WALLET, row

OTHER = "0x" + "b" * 40
TRADE = wire.Trade(coin="BTC", side="A", px="83769.0", sz="0.0048", time=5, hash="0x0", tid=9, users=(WALLET, OTHER))


def fill(**changes: object) -> wire.Fill:
    """Decode a fill with changes."""
    return msgspec.json.decode(json.dumps(row(**changes)), type=wire.Fill)


def liquidation(user: str) -> dict[str, str]:
    """Return the note that a liquidation leaves on both fills."""
    return {"liquidatedUser": user, "markPx": "1.0", "method": "market"}


def test_fill_has_side_sizes_and_key() -> None:
    """B buys and A sells; numbers are in normal form; the key is (time, coin, tid, side)."""
    bought = codec.source_fill(fill(sz="1.50", startPosition="-0.0"), WALLET)
    assert bought.side is Side.BUY
    assert (str(bought.quantity), str(bought.price), str(bought.start_position)) == ("1.5", "2000", "0")
    assert bought.key == "1790000000000:ETH:11:B"
    assert codec.source_fill(fill(side="A"), WALLET).side is Side.SELL


def test_fill_without_a_trade_id_is_named_by_all_that_it_has() -> None:
    """The form of 2023 gets a key of time, coin, order, side, start, price and size."""
    old = codec.source_fill(fill(tid=None, feeToken=None), WALLET)
    assert old.key == "1790000000000:ETH:7:B:0:2000:1"


@pytest.mark.parametrize(
    ("changes", "forced"),
    [
        ({}, None),
        ({"liquidation": liquidation(OTHER)}, None),
        ({"liquidation": liquidation(WALLET.upper().replace("X", "x"))}, ForcedKind.LIQUIDATION),
        ({"dir": "Liquidated Cross Long"}, ForcedKind.LIQUIDATION),
        ({"dir": "Auto-Deleveraging"}, ForcedKind.ADL),
        ({"dir": "Settlement"}, ForcedKind.SETTLEMENT),
    ],
)
def test_fill_is_forced_only_on_its_victim(changes: dict[str, object], forced: ForcedKind | None) -> None:
    """The other side of a liquidation is an ordinary fill."""
    assert codec.source_fill(fill(**changes), WALLET).forced is forced


def test_twap_slice_is_marked() -> None:
    """A fill with a twapId belongs to a TWAP."""
    assert codec.source_fill(fill(twapId=3), WALLET).is_twap
    assert not codec.source_fill(fill(), WALLET).is_twap


def test_own_fill_has_fee_pnl_and_cloid() -> None:
    """An own fill keeps what was paid and realised, and whose order it was."""
    ours = codec.own_fill(fill(fee="-0.1", closedPnl="2.50", cloid="0xff"), "main", WALLET)
    assert (ours.account, ours.fee, ours.closed_pnl) == ("main", Decimal("-0.1"), Decimal("2.5"))
    assert (ours.cloid, ours.order_id, ours.start_position) == ("0xff", 7, Decimal(0))
    assert ours.key == codec.source_fill(fill(), WALLET).key


def test_tape_trade_is_a_fill_of_both_users() -> None:
    """The buyer bought and the seller sold, under the keys that their own feeds use; others did nothing."""
    bought, sold = codec.tape_fill(TRADE, "B"), codec.tape_fill(TRADE, "A")
    assert (bought.side, bought.key) == (Side.BUY, "5:BTC:9:B")
    assert (sold.side, sold.key) == (Side.SELL, "5:BTC:9:A")
    assert bought.start_position is None
    assert (bought.key, sold.key) == (codec.tape_key(TRADE, "B"), codec.tape_key(TRADE, "A"))


@pytest.mark.parametrize(
    "changes",
    [{"px": "NaN"}, {"sz": "0"}, {"sz": "-1"}, {"px": "abc"}, {"time": 0}, {"startPosition": "inf"}],
)
def test_impossible_fills_are_protocol_errors(changes: dict[str, object]) -> None:
    """A fill with an impossible number is never taken, on either side."""
    with pytest.raises(VenueProtocolError):
        codec.source_fill(fill(**changes), WALLET)
    with pytest.raises(VenueProtocolError):
        codec.own_fill(fill(**changes), "main", WALLET)


def test_impossible_tape_trade_is_a_protocol_error() -> None:
    """A trade of nothing is never taken."""
    with pytest.raises(VenueProtocolError):
        codec.tape_fill(msgspec.structs.replace(TRADE, sz="0"), "B")


META = {
    "universe": [
        {"name": "BTC", "szDecimals": 5, "maxLeverage": 40, "marginTableId": 56},
        {"name": "MATIC", "szDecimals": 1, "maxLeverage": 20, "marginTableId": 20, "isDelisted": True},
        {"name": "SOL", "szDecimals": 2, "maxLeverage": 20},
    ],
    "marginTables": [
        [
            56,
            {
                "description": "tiered 40x",
                "marginTiers": [
                    {"lowerBound": "0.0", "maxLeverage": 40},
                    {"lowerBound": "150000000.0", "maxLeverage": 20},
                ],
            },
        ]
    ],
    "collateralToken": 0,
}
XYZ = {
    "universe": [
        {"name": "xyz:A", "szDecimals": 1, "maxLeverage": 10, "marginTableId": 10, "growthMode": "enabled"},
        {"name": "xyz:B", "szDecimals": 1, "maxLeverage": 10, "marginMode": "noCross"},
        {"name": "xyz:C", "szDecimals": 1, "maxLeverage": 10, "onlyIsolated": True},
        {"name": "xyz:D", "szDecimals": 1, "maxLeverage": 10, "marginMode": "somethingNew"},
    ]
}


def test_markets_keep_their_index_and_find_their_margin_table() -> None:
    """A delisted coin keeps its place; a table of one tier may be absent; the form of 2023 names none."""
    btc, matic, sol = recorded_meta(json.dumps(META).encode())
    assert [market.asset_id for market in (btc, matic, sol)] == [0, 1, 2]
    assert btc.margin_tiers == (MarginTier(Decimal(0), 40), MarginTier(Decimal(150_000_000), 20))
    assert matic.is_delisted
    assert matic.margin_tiers == (MarginTier(Decimal(0), 20),)
    assert sol.margin_tiers == (MarginTier(Decimal(0), 20),)
    assert sol.margin_mode is MarginMode.CROSS


def test_builder_dex_has_its_own_ids_and_modes() -> None:
    """Ids begin at 110000 for the first builder dex; an unknown margin mode is taken as the strictest."""
    markets = recorded_meta(json.dumps([XYZ, []]).encode())
    assert [market.asset_id for market in markets] == [110_000, 110_001, 110_002, 110_003]
    assert [market.margin_mode for market in markets] == [
        MarginMode.CROSS,
        MarginMode.NO_CROSS,
        MarginMode.NO_CROSS,
        MarginMode.STRICT_ISOLATED,
    ]
    assert [market.growth_mode for market in markets] == [True, False, False, False]
    assert recorded_meta(json.dumps(XYZ).encode(), dex_index=4)[0].asset_id == 140_000


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        json.dumps({"universe": [{"name": "A", "szDecimals": 9, "maxLeverage": 1}]}).encode(),
        json.dumps({"universe": [{"name": "A", "szDecimals": 1, "maxLeverage": 1, "marginTableId": 60}]}).encode(),
    ],
)
def test_what_is_no_meta_is_refused(content: bytes) -> None:
    """A file that is no answer to meta, or an impossible one, is a clear error."""
    with pytest.raises(InvalidInput):
        recorded_meta(content)


STATE = {
    "marginSummary": {"accountValue": "38252.70"},
    "assetPositions": [
        {"type": "oneWay", "position": {"coin": "BTC", "szi": "-4.5", "entryPx": "81285.0"}},
        {"type": "oneWay", "position": {"coin": "ETH", "szi": "0.0", "entryPx": None}},
    ],
    "time": 1_790_360_864_964,
}


def state(**changes: object) -> wire.ClearinghouseState:
    """Decode an account's state with changes."""
    return msgspec.json.decode(json.dumps(STATE | changes), type=wire.ClearinghouseState)


def test_state_is_a_snapshot_and_a_balance() -> None:
    """Positions have sign and entry, a flat one is left out, the snapshot bears the exchange's time."""
    snapshot = codec.source_snapshot(state(), WALLET, "", received=7)
    (held,) = snapshot.positions
    assert (held.coin, held.size, held.entry) == ("BTC", Decimal("-4.5"), Decimal(81285))
    assert (snapshot.time, snapshot.received) == (1_790_360_864_964, 7)
    balance = codec.dex_state(state(), "xyz")
    assert (balance.dex, str(balance.value)) == ("xyz", "38252.7")


def test_leverages_are_read_where_they_are_named() -> None:
    """A position without one has none; what is not held has none either."""
    assert codec.leverages(state(assetPositions=[])) == {}
    held = [{"coin": "BTC", "szi": "1", "leverage": {"type": "cross", "value": 20}}, {"coin": "ETH", "szi": "-1"}]
    found = codec.leverages(state(assetPositions=[{"position": one, "type": "oneWay"} for one in held]))
    assert found == {"BTC": 20}


def test_state_without_a_time_is_no_snapshot() -> None:
    """A snapshot that does not say when it was taken is never used."""
    timeless = msgspec.structs.replace(state(), time=msgspec.UNSET)
    with pytest.raises(VenueProtocolError):
        codec.source_snapshot(timeless, WALLET, "", received=7)


def test_book_and_touch() -> None:
    """Levels keep their order, and an empty side of the touch is None."""
    level = wire.Level(px="2.10", sz="3.0", n=1)
    book = codec.order_book(wire.L2Book(coin="X", time=5, levels=((level,), ())))
    assert (book.bids[0].price, book.bids[0].quantity, book.asks) == (Decimal("2.1"), Decimal(3), ())
    quote = codec.touch(wire.Bbo(coin="X", time=5, bbo=(None, level)))
    assert (quote.bid, quote.ask, quote.touch_time) == (None, Decimal("2.1"), 5)


def test_impossible_books_are_protocol_errors() -> None:
    """A price of nothing and a crossed touch are never taken."""
    nothing, low, high = (wire.Level(px=px, sz="1", n=1) for px in ("0", "1", "2"))
    with pytest.raises(VenueProtocolError):
        codec.order_book(wire.L2Book(coin="X", time=5, levels=((nothing,), ())))
    with pytest.raises(VenueProtocolError):
        codec.touch(wire.Bbo(coin="X", time=5, bbo=(high, low)))
