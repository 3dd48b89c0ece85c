"""
What the core knows of money and limits, in Prometheus' terms. What is not known has no value at all, and never 0.

Nothing here names a bot, a coin or an account: of those there may be any number.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric

from fadearena.core.state import State
from fadearena.model.ids import BookKey
from fadearena.model.record import Drift, Record
from fadearena.model.units import SECOND_MS, ZERO

_DOCUMENTED: Final = {
    "fadearena_equity_usd": "Equity of all accounts of ours, where each is known.",
    "fadearena_equity_peak_usd": "High-water mark of the equity of all accounts.",
    "fadearena_drawdown_ratio": "How far equity is below its high-water mark.",
    "fadearena_drawdown_limit_ratio": "The drawdown at which increases stop; absent without a limit.",
    "fadearena_day_profit_usd": "Profit of all accounts since 00:00 UTC.",
    "fadearena_day_loss_limit_usd": "The loss of a day at which increases stop; absent without a limit.",
    "fadearena_exposure_usd": "Gross notional of all books.",
    "fadearena_exposure_reserved_usd": "Notional that increases in flight may still add.",
    "fadearena_exposure_cap_usd": "The most exposure that all bots together may make; absent without a cap.",
    "fadearena_drifting_books": "Books in which the exchange holds another position than we summed up.",
    "fadearena_orders_open": "Orders that are not settled.",
    "fadearena_actions_left": "Signed actions that the exchange still allows; of several accounts the fewest.",
    "fadearena_agent_expiry_timestamp_seconds": "When the first of the signers' approvals ends, seconds UTC.",
    "fadearena_clock_offset_seconds": "By how much our clock is ahead of the exchange's.",
}


class StateMetrics:
    """Metrics that are read from a state when it is shown."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._values: Mapping[str, Decimal | float | None] = {}
        self._drifting: set[BookKey] = set()
        registry.register(self)

    def begin(self, state: State) -> None:
        """Take over which books drift, after a recovery."""
        books = dict.items(state.books)  # a look that touches no row: nothing is changed
        self._drifting = {key for key, memory in books if memory.watch.is_drifting}

    def count(self, records: Sequence[Record]) -> None:
        """Take note of books that drift now, or agree again."""
        for record in records:
            if isinstance(record, Drift):
                key = record.account, record.coin
                (self._drifting.add if record.is_open else self._drifting.discard)(key)

    def show(self, state: State) -> None:
        """Take over how things stand."""
        policy = state.policy
        accounts = [state.accounts[account] for account in state.account_policies if account in state.accounts]
        totals = [memory.purse.total for memory in accounts]
        equities = [memory.purse.equity for memory in accounts]
        days = [memory.purse.day_result() for memory in accounts]
        ends = [memory.signer.valid_until for memory in accounts if memory.signer.valid_until is not None]
        left = [memory.actions_left for memory in accounts if memory.actions_left is not None]
        offset = state.clock_offset_ms
        self._values = {
            "fadearena_equity_usd": _sum(equities),
            "fadearena_equity_peak_usd": state.peak.usd,
            "fadearena_drawdown_ratio": _drawdown(state.peak.usd, _sum(totals)),
            "fadearena_drawdown_limit_ratio": policy.max_drawdown,
            "fadearena_day_profit_usd": _sum(days),
            "fadearena_day_loss_limit_usd": policy.daily_loss_limit,
            "fadearena_exposure_usd": state.exposure,
            "fadearena_exposure_reserved_usd": state.reserved,
            "fadearena_exposure_cap_usd": policy.global_exposure_cap,
            "fadearena_drifting_books": len(self._drifting),
            "fadearena_orders_open": len(state.orders) - len(state.retired),
            "fadearena_actions_left": min(left, default=None),
            "fadearena_agent_expiry_timestamp_seconds": min(ends) / SECOND_MS if ends else None,
            "fadearena_clock_offset_seconds": None if offset is None else offset / SECOND_MS,
        }

    def describe(self) -> Iterable[Metric]:
        """Return all metrics that there may be."""
        return [GaugeMetricFamily(name, text) for name, text in _DOCUMENTED.items()]

    def collect(self) -> Iterable[Metric]:
        """Return those that have a value."""
        for name, value in self._values.items():
            if value is not None:
                yield GaugeMetricFamily(name, _DOCUMENTED[name], value=float(value))


def _sum(amounts: Sequence[Decimal | None]) -> Decimal | None:
    """Return a sum of which every part is known."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known, start=ZERO) if known and len(known) == len(amounts) else None


def _drawdown(peak: Decimal | None, equity: Decimal | None) -> Decimal | None:
    if peak is None or equity is None or peak <= 0:
        return None
    return max(peak - equity, ZERO) / peak
