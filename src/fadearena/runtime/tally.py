"""What a run came to, counted from commands and records while it runs; the state is not looked into."""

from collections import Counter
from collections.abc import Iterable

import msgspec

from fadearena.model.command import Command, PlaceOrder
from fadearena.model.ids import AccountId, BotId, Coin
from fadearena.model.record import (
    Decision,
    Drift,
    EquityPoint,
    FillKind,
    MyFill,
    Record,
)
from fadearena.model.units import Size, Usd

SleeveName = tuple[BotId | None, Coin]


class Tally(msgspec.Struct, kw_only=True):
    """
    Counts and last values.

    `decisions` counts by (bot, coin, outcome, reason); bot is None where an order is for no bot. `fills`
    counts executions at the venue by (bot, coin). `open_drift` is by (account, coin), `equity`
    is by series.
    """

    events: int = 0
    decisions: Counter[tuple[BotId | None, Coin, str, str]] = msgspec.field(default_factory=Counter)
    orders: Counter[SleeveName] = msgspec.field(default_factory=Counter)
    fills: Counter[SleeveName] = msgspec.field(default_factory=Counter)
    open_drift: dict[tuple[AccountId, Coin], Size] = {}
    equity: dict[str, Usd | None] = {}

    def add(self, commands: Iterable[Command], records: Iterable[Record]) -> None:
        """Count what one event led to."""
        self.events += 1
        for command in commands:
            if isinstance(command, PlaceOrder):
                self.orders[command.terms.bot, command.terms.coin] += 1
        for record in records:
            self._add(record)

    def outcomes(self) -> dict[str, int]:
        """Return how many decisions had each outcome."""
        found: Counter[str] = Counter()
        for (_, _, outcome, _), times in self.decisions.items():
            found[outcome] += times
        return dict(found)

    def _add(self, record: Record) -> None:
        match record:
            case Decision(bot=bot, coin=coin, outcome=outcome, reason=reason):
                self.decisions[bot, coin, outcome, reason] += 1
            case MyFill(bot=bot, coin=coin, kind=FillKind.ORDER, quantity=quantity) if quantity:
                self.fills[bot, coin] += 1
            case EquityPoint(series=series, usd=usd):
                self.equity[series] = usd
            case Drift(account=account, coin=coin, is_open=is_open):
                self.open_drift.pop((account, coin), None)
                if is_open:
                    self.open_drift[account, coin] = record.theirs - record.ours
            case _:
                pass
