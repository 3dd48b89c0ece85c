"""Money in the paper exchange is conserved, whatever is traded."""

import asyncio
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from fadearena.model.command import ReadOwnFills
from fadearena.model.event import FundingPaid, OwnFills
from fadearena.model.market import FundingRate
from fadearena.model.order import OwnFill
from fadearena.model.units import HOUR_MS, ZERO
from tests.support.paper import START, Paper, make_order

steps = st.lists(
    st.tuples(
        st.sampled_from(["ETH", "xyz:GOLD"]),
        st.integers(-4_000, 4_000).filter(bool),
        st.integers(1_500, 2_500),
        st.integers(0, 90),
        st.booleans(),
    ),
    min_size=1,
    max_size=25,
)
_TINY = Decimal("1e-15")


@given(steps=steps, rate=st.integers(-50, 50))
def test_equity_changes_only_by_prices_fees_and_funding(
    steps: list[tuple[str, int, int, int, bool]], rate: int
) -> None:
    """Equity = start + what every fill earned up to the last mark - fees + funding, after every step."""
    paper = Paper("20000", depth_usd="3000")
    funding_total = ZERO
    marks: dict[str, Decimal] = {}
    for number, (coin, amount, price, minutes, reduce_only) in enumerate(steps):
        paper.clock.move_by(minutes * 60_000)
        events = paper.exchange.advance(paper.clock.now_ms())
        marks[coin] = Decimal(price)
        paper.quote(coin, str(price - 1), str(price + 1), mark=str(price))
        paper.exchange.on_funding(FundingRate(coin=coin, rate=Decimal(rate) / 100_000, oracle=Decimal(price)))
        limit = Decimal(price + 1 if amount > 0 else price - 1)
        nonce = paper.clock.now_ms() + number
        change = Decimal(amount) / 1_000
        events += paper.do(make_order(change, limit, nonce, coin, reduce_only=reduce_only))
        funding_total += sum(event.usd for event in events if isinstance(event, FundingPaid))
        fills = _all_fills(paper)
        earned = sum((f.side.signed(f.quantity) * (marks[f.coin] - f.price) for f in fills), start=ZERO)
        fees = sum((f.fee for f in fills), start=ZERO)
        expected = Decimal(20_000) + earned - fees + funding_total
        assert abs(paper.exchange.equity("main") - expected) < _TINY


@given(steps=steps)
def test_positions_are_the_sum_of_the_fills_and_chain(steps: list[tuple[str, int, int, int, bool]]) -> None:
    """Every fill begins where the last one of its coin ended, and reduce-only never turns a position."""
    paper = Paper("20000", depth_usd="3000")
    for number, (coin, amount, price, _, reduce_only) in enumerate(steps):
        paper.quote(coin, str(price - 1), str(price + 1))
        nonce = paper.clock.now_ms() + number
        order = make_order(Decimal(amount) / 1_000, Decimal(price), nonce, coin, reduce_only=reduce_only)
        before = {fill.coin: fill for fill in _all_fills(paper)}.get(coin)
        for event in paper.do(order):
            for fill in event.fills if isinstance(event, OwnFills) and reduce_only else ():
                assert before is not None
                assert abs(_end(fill)) < abs(fill.start_position or ZERO)
    ends: dict[str, Decimal] = {}
    for fill in _all_fills(paper):
        assert fill.start_position == ends.get(fill.coin, ZERO)
        ends[fill.coin] = _end(fill)


def test_same_commands_give_the_same_events() -> None:
    """Two exchanges that were told the same answer the same."""
    logs = []
    for _ in range(2):
        paper = Paper()
        paper.quote("ETH", "2000", "2001")
        paper.exchange.on_funding(FundingRate(coin="ETH", rate=Decimal("0.0001"), oracle=Decimal(2000)))
        log = list(paper.do(paper.order("0.25", "2002")))
        log += paper.exchange.advance(START + 3 * HOUR_MS)
        paper.clock.move_to(START + 3 * HOUR_MS)
        log += paper.do(paper.order("-0.1", "2000"))
        logs.append(log)
    assert logs[0] == logs[1]


def _all_fills(paper: Paper) -> tuple[OwnFill, ...]:
    (event,) = asyncio.run(paper.exchange.execute(ReadOwnFills(account="main", since=0)))[-1:]
    assert isinstance(event, OwnFills)
    return event.fills


def _end(fill: OwnFill) -> Decimal:
    return (fill.start_position or ZERO) + fill.side.signed(fill.quantity)
