"""Isolated positions on paper: cash of their own, a liquidation of their own, and the same after a restart."""

from decimal import Decimal as D

from fadearena.adapters.sim.exchange import SimExchange
from fadearena.adapters.sim.paper import PaperAccount
from fadearena.model.event import Event, FundingPaid, LeverageRead, OwnFills
from fadearena.model.market import FundingRate
from fadearena.model.order import ActionOutcome, Filled, Refused, RejectCode
from fadearena.model.units import HOUR_MS
from fadearena.model.wallet import ForcedKind
from tests.support.paper import ETH, GOLD, GONE, Paper, set_leverage

GOLD_COIN = "xyz:GOLD"


def held(leverage: int = 10) -> Paper:
    """Return an exchange on which one GOLD is held at 4,000, isolated, and one ETH at 2,000, cross."""
    paper = Paper("3000")
    paper.quote(GOLD_COIN, "4000", "4000")
    paper.quote("ETH", "2000", "2000")
    set_leverage(paper, leverage, is_cross=False, coin=GOLD_COIN)
    assert isinstance(paper.trade("1", "4000", coin=GOLD_COIN), Filled)
    assert isinstance(paper.trade("1", "2000"), Filled)
    return paper


def closed(events: list[Event]) -> list[tuple[str, ForcedKind | None, D]]:
    """Return what was closed, how, and at which price."""
    return [(f.coin, f.forced, f.price) for e in events if isinstance(e, OwnFills) for f in e.fills]


def test_an_isolated_position_is_liquidated_on_its_own() -> None:
    """Though the account has plenty; the cross position beside it stays."""
    paper = held()
    paper.quote(GOLD_COIN, "3700", "3700")
    assert paper.exchange.advance(paper.clock.now_ms()) == []
    paper.quote(GOLD_COIN, "3680", "3680")
    assert closed(paper.exchange.advance(paper.clock.now_ms())) == [(GOLD_COIN, ForcedKind.LIQUIDATION, D(3680))]
    assert paper.exchange.held == {"ETH"}


def test_a_cross_position_does_not_live_on_what_is_locked() -> None:
    """What is behind the isolated position, and what that has won, counts for nothing but itself."""
    paper = held(leverage=2)
    paper.quote(GOLD_COIN, "5000", "5000")
    paper.quote("ETH", "1040", "1040")
    assert paper.exchange.advance(paper.clock.now_ms()) == []
    paper.quote("ETH", "1000", "1000")
    assert closed(paper.exchange.advance(paper.clock.now_ms())) == [("ETH", ForcedKind.LIQUIDATION, D(1000))]
    assert paper.exchange.held == {GOLD_COIN}


def test_what_is_locked_cannot_back_another_order() -> None:
    """An order that the whole equity would cover is refused; closing lets the margin go."""
    paper = held(leverage=2)
    refused = paper.trade("10", "2000")
    assert isinstance(refused, Refused)
    assert refused.code is RejectCode.MARGIN
    assert isinstance(paper.trade("-1", "4000", reduce_only=True, coin=GOLD_COIN), Filled)
    assert isinstance(paper.trade("10", "2000"), Filled)


def test_less_leverage_is_refused_while_an_isolated_position_is_held() -> None:
    """Margin put behind it would not be found in the journal again; more leverage is taken."""
    paper = held()
    answer = set_leverage(paper, 5, is_cross=False, coin=GOLD_COIN)
    assert answer.outcome is ActionOutcome.REFUSED
    assert answer.text.startswith("Isolated position does not have sufficient margin")
    assert set_leverage(paper, 20, is_cross=False, coin=GOLD_COIN).outcome is ActionOutcome.ACCEPTED


def test_it_is_the_same_after_a_restart() -> None:
    """Turned around, partly closed, and with funding paid into it: what is locked follows from the journal."""
    paper, told = Paper("3000"), list[Event]()
    paper.quote(GOLD_COIN, "4000", "4000")
    told.append(LeverageRead(time=0, received=0, account="main", coin=GOLD_COIN, leverage=10, is_cross=False))
    set_leverage(paper, 10, is_cross=False, coin=GOLD_COIN)
    paper.exchange.on_funding(FundingRate(coin=GOLD_COIN, rate=D("0.0001"), oracle=D(4_000)))
    for change, price in (("1", "4000"), ("-0.4", "4010"), ("-1", "3990"), ("0.1", "4000")):
        paper.clock.move_by(HOUR_MS)
        paper.quote(GOLD_COIN, price, price)
        told += paper.do(paper.order(change, price, coin=GOLD_COIN))
    assert sum(isinstance(event, FundingPaid) for event in told) == 3
    again = SimExchange(paper.clock, [PaperAccount(id="main", start_usd=D(3_000))], [ETH, GOLD, GONE])
    again.restore(told)
    ledger, other = paper.exchange._ledgers["main"], again._ledgers["main"]
    assert (other.locked, other.cash) == (ledger.locked, ledger.cash)
    assert list(ledger.locked) == [GOLD_COIN]
