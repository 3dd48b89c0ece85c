"""A tally counts what commands and records say, and nothing else."""

from decimal import Decimal

from fadearena.model.record import (
    Alert,
    Decision,
    Drift,
    EquityPoint,
    FillKind,
    MyFill,
    Outcome,
    PartKind,
    Record,
)
from fadearena.model.units import Side
from fadearena.runtime.tally import Tally
from tests.support.loop import burn, order


def decision(outcome: Outcome, reason: str) -> Decision:
    """Return a decision of one bot in one coin."""
    zero = Decimal(0)
    return Decision(
        bot="grok-4",
        account="main",
        coin="ETH",
        outcome=outcome,
        reason=reason,
        delta=zero,
        target=zero,
        sleeve=zero,
    )


def fill(part: PartKind, quantity: str, kind: FillKind = FillKind.ORDER) -> MyFill:
    """Return a movement of a part."""
    return MyFill(
        key="k",
        kind=kind,
        account="main",
        coin="ETH",
        part=part,
        bot="grok-4" if part is PartKind.SLEEVE else None,
        side=Side.SELL,
        quantity=Decimal(quantity),
        price=Decimal(2_000),
        fee=Decimal(0),
        realised=Decimal(0),
    )


def counted(*records: Record) -> Tally:
    """Return a tally of one event with these records."""
    tally = Tally()
    tally.add([order("c1"), burn("c1")], records)
    return tally


def test_decisions_are_counted_by_outcome_and_reason() -> None:
    """Each (bot, coin, outcome, reason) has its own number; outcomes sum them up."""
    skip = decision(Outcome.SKIP, "chase")
    tally = counted(decision(Outcome.EXECUTE, ""), skip, skip, decision(Outcome.SKIP, "minimum_notional"))
    assert tally.decisions["grok-4", "ETH", "skip", "chase"] == 2
    assert tally.outcomes() == {"execute": 1, "skip": 3}


def test_only_orders_count_as_orders() -> None:
    """A signed action that is no order is not counted as one."""
    assert counted().orders == {("grok-4", "ETH"): 1}


def test_only_executions_count_as_fills() -> None:
    """Crossings, dust and corrections of a price are no executions."""
    tally = counted(
        fill(PartKind.SLEEVE, "1"),
        fill(PartKind.SLEEVE, "0"),
        fill(PartKind.SLEEVE, "1", FillKind.CROSS),
        fill(PartKind.RESIDUE, "2", FillKind.DUST),
    )
    assert tally.fills == {("grok-4", "ETH"): 1}


def test_equity_is_the_last_point_of_a_series() -> None:
    """Later points of a series replace earlier ones."""
    tally = counted(
        EquityPoint(series="bot:grok-4", usd=Decimal(1)),
        EquityPoint(series="bot:grok-4", usd=Decimal(2)),
        Alert(level="info", category="c", subject="s", text="t"),
    )
    assert tally.equity == {"bot:grok-4": Decimal(2)}


def test_drift_is_open_until_it_is_closed() -> None:
    """A drift that agrees again is forgotten."""
    opened = Drift(account="main", coin="ETH", ours=Decimal(1), theirs=Decimal(3), is_open=True)
    closed = Drift(account="main", coin="ETH", ours=Decimal(3), theirs=Decimal(3), is_open=False)
    assert counted(opened).open_drift == {("main", "ETH"): Decimal(2)}
    assert counted(opened, closed).open_drift == {}
