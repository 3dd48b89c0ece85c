"""What requests cost of an IP address's weight per minute, as documented in August 2026."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_WEIGHT: Final = 20
_WEIGHTS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "allMids": 2,
        "clearinghouseState": 2,
        "exchangeStatus": 2,
        "l2Book": 2,
        "orderStatus": 2,
        "spotClearinghouseState": 2,
        "userRole": 60,
    }
)
_ROWS_PER_WEIGHT: Final[Mapping[str, int]] = MappingProxyType(
    {
        "candleSnapshot": 60,
        "fundingHistory": 20,
        "historicalOrders": 20,
        "recentTrades": 20,
        "userFills": 20,
        "userFillsByTime": 20,
        "userFunding": 20,
        "userNonFundingLedgerUpdates": 20,
        "userTwapSliceFills": 20,
        "userTwapSliceFillsByTime": 20,
    }
)
_BATCH_PER_WEIGHT: Final = 40


def weight_of(request_type: str) -> int:
    """Return what a read costs before its answer is known."""
    return _WEIGHTS.get(request_type, _WEIGHT)


def weight_of_rows(request_type: str, rows: int) -> int:
    """Return what a read costs beyond that, by the rows of its answer."""
    per = _ROWS_PER_WEIGHT.get(request_type)
    return rows // per if per else 0


def weight_of_action(batch: int) -> int:
    """Return what a signed action with so many orders or cancels costs."""
    return 1 + batch // _BATCH_PER_WEIGHT
