"""One place knows what each request costs: every question that we can ask is compared with the documentation."""

import inspect
from random import Random
from typing import Any, Final

import msgspec
import pytest

from fadearena.adapters.hyperliquid.limits import Lane, RateBudget, weight_of, weight_of_rows
from fadearena.adapters.hyperliquid.rest import InfoClient
from fadearena.adapters.hyperliquid.transport import Socket
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.model.error import VenueRefused

LIGHT: Final = {
    "l2Book",
    "allMids",
    "clearinghouseState",
    "orderStatus",
    "spotClearinghouseState",
    "exchangeStatus",
}
HEAVY: Final = {"userRole"}
BY_ROWS: Final = {
    "recentTrades",
    "historicalOrders",
    "userFills",
    "userFillsByTime",
    "fundingHistory",
    "userFunding",
    "userNonFundingLedgerUpdates",
    "userTwapSliceFills",
    "userTwapSliceFillsByTime",
}
ARGUMENTS: Final[dict[str, Any]] = {
    "user": "0xa",
    "vault": "0xb",
    "coin": "BTC",
    "interval": "1m",
    "start": 1,
    "since": 1,
    "end": 2,
    "oid": 7,
}
METHODS: Final = sorted(
    name for name, method in inspect.getmembers(InfoClient, inspect.iscoroutinefunction) if not name.startswith("_")
)


def documented(kind: str) -> int:
    """Return what a question costs before its answer is known, as the exchange documents it."""
    return 2 if kind in LIGHT else 60 if kind in HEAVY else 20


class Refusing:
    """Understands no question; `asked` is what was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def post(self, _path: str, body: bytes) -> tuple[int, bytes]:
        """Refuse a question."""
        self.asked.append(msgspec.json.decode(body)["type"])
        return 422, b"Failed to deserialize the JSON body into the target type"

    async def connect(self) -> Socket:
        """Open no socket."""
        raise AssertionError


@pytest.mark.parametrize("name", METHODS)
def test_every_question_costs_what_is_documented(name: str) -> None:
    """It is paid for before it leaves, by the lane that asks, whatever comes of it; once it was refused it stays."""
    clock, transport = ManualClock(1_000_000), Refusing()
    budget = RateBudget(clock)
    method = getattr(InfoClient(transport, budget, clock, rng=Random(1)), name)
    needed = [each for each in inspect.signature(method).parameters.values() if each.default is each.empty]

    async def ask() -> None:
        with pytest.raises(VenueRefused):
            await method(**{each.name: ARGUMENTS[each.name] for each in needed if each.name != "lane"}, lane=Lane.OWN)

    run_jumping(ask(), clock)
    (kind,) = transport.asked
    use = budget.use()
    assert use.used == weight_of(kind) == documented(kind)
    assert {lane.lane: lane.used for lane in use.lanes if lane.used} == {"own": use.used}


@pytest.mark.parametrize("kind", sorted(BY_ROWS | LIGHT | HEAVY | {"meta", "openOrders", "perpDexs", "candleSnapshot"}))
def test_long_answers_cost_what_is_documented(kind: str) -> None:
    """One for each 20 rows where it is said, for each 60 candles; nothing more for any other answer."""
    per = 20 if kind in BY_ROWS else 60 if kind == "candleSnapshot" else None
    for rows in (0, 19, 20, 59, 60, 500, 2_000):
        assert weight_of_rows(kind, rows) == (0 if per is None else rows // per)
