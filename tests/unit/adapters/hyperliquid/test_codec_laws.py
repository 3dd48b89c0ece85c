"""Whatever a field is replaced by: an answer is understood, or refused as one that cannot be read."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fadearena.adapters.hyperliquid import codec, wire
from fadearena.model.account import AccountMode
from fadearena.model.error import VenueProtocolError
from tests.support.fills import WALLET, row

OTHER = "0x" + "b" * 40
TIME = 1_790_000_000_000
LEVEL = {"px": "2000.0", "sz": "1.5", "n": 2}
POSITION = {"coin": "BTC", "szi": "4.5", "entryPx": "81285.0", "leverage": {"type": "cross", "value": 10}}
ORDER = {"coin": "ETH", "side": "A", "limitPx": "1.0", "sz": "0.0", "oid": 3, "timestamp": TIME, "origSz": "2.0"}
PAID = {"time": TIME, "coin": "ETH", "usdc": "-1.5", "szi": "3.0", "fundingRate": "0.0001", "nSamples": None}
SENT: dict[str, object] = {
    "type": "send",
    "user": WALLET,
    "destination": OTHER,
    "sourceDex": "",
    "destinationDex": "spot",
}
SENT |= {"token": "USDC", "amount": "5.0", "usdcValue": "5.0", "fee": "0.0", "nonce": 1, "feeToken": ""}

CASES: dict[str, tuple[Any, Any, Callable[[Any], object]]] = {
    "own fill": (row(), wire.Fill, lambda it: codec.own_fill(it, "main", WALLET)),
    "watched fill": (row(tid=None), wire.Fill, lambda it: codec.source_fill(it, WALLET)),
    "trade": (
        {"coin": "X", "side": "B", "px": "1.0", "sz": "1", "time": 5, "hash": "0x", "tid": 1, "users": [WALLET, OTHER]},
        wire.Trade,
        lambda it: codec.tape_fill(it, "B"),
    ),
    "meta": (
        {
            "universe": [{"name": "A", "szDecimals": 1, "maxLeverage": 5, "marginTableId": 60}],
            "marginTables": [[60, {"description": "", "marginTiers": [{"lowerBound": "0.0", "maxLeverage": 5}]}]],
        },
        wire.Meta,
        codec.instruments,
    ),
    "book": ({"coin": "X", "time": 5, "levels": [[LEVEL], [LEVEL]]}, wire.L2Book, codec.order_book),
    "touch": ({"coin": "X", "time": 5, "bbo": [LEVEL, None]}, wire.Bbo, codec.touch),
    "context": (
        {"funding": "0.1", "oraclePx": "1.0", "markPx": "1.0", "midPx": "1.0", "premium": None, "impactPxs": None},
        wire.AssetContext,
        lambda it: (codec.context_quote("X", it, 5), codec.context_mid(it), codec.funding_rate("X", it)),
    ),
    "state": (
        {"marginSummary": {"accountValue": "1.0"}, "assetPositions": [{"position": POSITION}], "time": TIME},
        wire.ClearinghouseState,
        lambda it: codec.source_snapshot(it, WALLET, "", 5),
    ),
    "spot": (
        {"balances": [{"coin": "USDC", "token": 0, "total": "1.0", "hold": "0.0"}]},
        wire.SpotState,
        lambda it: codec.spot_equity(it, AccountMode.UNIFIED),
    ),
    "look-up": (
        {"status": "order", "order": {"order": ORDER, "status": "filled", "statusTimestamp": TIME}},
        wire.OrderStatus,
        codec.looked_up,
    ),
    "reply": (
        {
            "status": "ok",
            "response": {
                "type": "order",
                "data": {"statuses": [{"filled": {"totalSz": "1", "avgPx": "2", "oid": 3}}, {"error": "x"}]},
            },
        },
        wire.ExchangeReply,
        lambda it: codec.order_answers(it, count=2),
    ),
    "funding": (PAID, wire.UserFunding, lambda it: codec.funding_paid(it, "main", 5)),
    "ledger": (
        {"time": TIME, "hash": "0x", "delta": SENT},
        wire.LedgerUpdate,
        lambda it: codec.cash_moved(it, "main", WALLET, AccountMode.STANDARD, 5),
    ),
}
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.text(max_size=5),
    st.sampled_from(["0", "-0.0", "-1", "1e400", "NaN", "-Infinity", "1" * 40, "0." + "0" * 30 + "1", "½", [], {}]),
)


def replaced(value: Any, path: list[int], odd: Any) -> Any:
    """Return a copy of nested lists and dicts in which the part that a path leads to is another."""
    if not path or not isinstance(value, dict | list) or not value:
        return odd
    if isinstance(value, list):
        place = path[0] % len(value)
        return [replaced(part, path[1:], odd) if n == place else part for n, part in enumerate(value)]
    name = sorted(value)[path[0] % len(value)]
    return value | {name: replaced(value[name], path[1:], odd)}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@given(path=st.lists(st.integers(0, 50), min_size=1, max_size=6), odd=ODD)
def test_an_odd_field_is_read_or_refused(
    case: tuple[Any, Any, Callable[[Any], object]], path: list[int], odd: object
) -> None:
    """The shape refuses it, or the codec does, or it is understood."""
    sample, form, read = case
    read(msgspec.json.decode(json.dumps(sample), type=form))
    with suppress(msgspec.ValidationError, VenueProtocolError):
        read(msgspec.json.decode(json.dumps(replaced(sample, path, odd)), type=form))
