"""What paper accounts pay: fees by tier or as told, funding of every hour once, and what capped markets refuse."""

from decimal import Decimal as D

from fadearena.adapters.sim.exchange import SimExchange
from fadearena.adapters.sim.paper import PaperAccount
from fadearena.kit.clock import ManualClock
from fadearena.model.event import Event, FundingPaid, OwnFills
from fadearena.model.market import FundingRate, Quote
from fadearena.model.order import Filled, Refused, RejectCode
from fadearena.model.units import DAY_MS, HOUR_MS, SECOND_MS
from fadearena.runtime.immediate import immediately
from tests.support.paper import ETH, START, Paper, make_order


def fee_of(events: object) -> D:
    """Return the fees of an order's fills."""
    assert isinstance(events, tuple)
    return sum((fill.fee for event in events if isinstance(event, OwnFills) for fill in event.fills), start=D(0))


def test_the_tier_goes_by_the_volume_of_fourteen_days() -> None:
    """Today's volume counts from tomorrow on, and no longer after fourteen days."""
    paper = Paper("10000000")
    paper.quote("ETH", "2000", "2000")
    for change in ("400", "-400") * 4:
        assert fee_of(paper.do(paper.order(change, "2000"))) == 360
    paper.clock.move_by(DAY_MS)
    assert fee_of(paper.do(paper.order("1", "2000"))) == D("0.8")
    paper.clock.move_by(13 * DAY_MS)
    assert fee_of(paper.do(paper.order("1", "2000"))) == D("0.8")
    paper.clock.move_by(2 * DAY_MS)
    assert fee_of(paper.do(paper.order("1", "2000"))) == D("0.9")


def test_a_told_rate_goes_before_the_tier() -> None:
    """It is cut to six decimals, with the factors of a builder's market; another account's stays."""
    paper = Paper("100000")
    paper.quote("ETH", "2000", "2000")
    paper.quote("xyz:GOLD", "4000", "4000")
    paper.exchange.on_taker_rate("main", D("0.000333"))
    paper.exchange.on_taker_rate("nobody", D(1))
    assert fee_of(paper.do(paper.order("0.0123", "2000"))) == D("0.008191")
    assert fee_of(paper.do(paper.order("1", "4000", coin="xyz:GOLD"))) == D("2.664")


def test_a_capped_market_takes_reductions_only() -> None:
    """Nothing grows or turns around there; in other markets all goes on."""
    paper = Paper("100000")
    paper.quote("ETH", "2000", "2000")
    paper.quote("xyz:GOLD", "4000", "4000")
    paper.trade("1", "2000")
    paper.exchange.markets.on_capped("", ["ETH"])
    for change in ("0.1", "-1.5"):
        answer = paper.trade(change, "2000")
        assert isinstance(answer, Refused)
        assert answer.code is RejectCode.OPEN_INTEREST
    assert isinstance(paper.trade("-0.5", "2000"), Filled)
    assert isinstance(paper.trade("0.1", "4000", coin="xyz:GOLD"), Filled)
    paper.exchange.markets.on_capped("", [])
    assert isinstance(paper.trade("0.1", "2000"), Filled)


class Waiting:
    """An exchange that pays an hour once its rate is published, and what it told."""

    def __init__(self) -> None:
        self.clock = ManualClock(START + 1)
        self.told: list[Event] = []
        self.exchange = self.fresh()

    def fresh(self) -> SimExchange:
        """Return such an exchange with nothing on it."""
        account = PaperAccount(id="main", start_usd=D(100_000))
        return SimExchange(self.clock, [account], [ETH], waits_for_rates=True)

    def restart(self) -> None:
        """Make it anew from what it told."""
        self.exchange = self.fresh()
        self.exchange.restore(self.told)

    def quote(self, oracle: str = "2000") -> None:
        """Tell prices of now."""
        now, price = self.clock.now_ms(), D(2_000)
        self.exchange.on_quote(
            Quote(coin="ETH", mark=price, mark_time=now, bid=price, ask=price, touch_time=now, oracle=D(oracle))
        )

    def trade(self, change: str) -> None:
        """Trade at 2,000."""
        self.quote()
        self.told += immediately(self.exchange.execute(make_order(D(change), D(2_000), self.clock.now_ms())))

    def until(self, at_ms: int) -> list[FundingPaid]:
        """Let time pass, and return what was paid."""
        self.clock.move_to(at_ms)
        events = self.exchange.advance(at_ms)
        self.told += events
        return [event for event in events if isinstance(event, FundingPaid)]

    def publish(self, hour: int, rate: str, oracle: str = "1000") -> None:
        """Publish an hour's rate, with a price for want of the oracle's."""
        self.exchange.on_hour(hour, FundingRate(coin="ETH", rate=D(rate), oracle=D(oracle)))


def test_an_hour_is_paid_when_its_rate_is_published() -> None:
    """On the oracle's price of that moment, on the size that was held then, once; a rate of zero is a payment, too."""
    scene = Waiting()
    scene.trade("1")
    scene.clock.move_to(START + HOUR_MS)
    scene.quote(oracle="2010")
    assert scene.until(START + HOUR_MS) == []
    scene.clock.move_by(SECOND_MS)
    scene.trade("1")
    scene.publish(START + HOUR_MS, "0.0001")
    (paid,) = scene.until(START + HOUR_MS + 5 * SECOND_MS)
    assert (paid.time, paid.usd, paid.oracle) == (START + HOUR_MS, D("-0.201"), D(2010))
    assert scene.until(START + HOUR_MS + 6 * SECOND_MS) == []
    scene.until(START + 2 * HOUR_MS)
    scene.publish(START + 2 * HOUR_MS, "0")
    assert [paid.usd for paid in scene.until(START + 2 * HOUR_MS + 1)] == [0]
    assert scene.exchange.dues == ()


def test_hours_of_an_outage_are_paid_after_it() -> None:
    """Each once, on the size of its time, whether they were due before the end or fell due after it."""
    scene = Waiting()
    scene.trade("1")
    scene.until(START + HOUR_MS)
    scene.publish(START + HOUR_MS, "0.0001")
    assert len(scene.until(START + HOUR_MS + 1)) == 1
    scene.until(START + 2 * HOUR_MS)
    scene.clock.move_by(1)
    scene.trade("2")
    scene.restart()
    scene.until(START + 4 * HOUR_MS + 30 * SECOND_MS)
    assert [(due.hour, due.size) for due in scene.exchange.dues] == [
        (START + 2 * HOUR_MS, D(1)),
        (START + 3 * HOUR_MS, D(3)),
        (START + 4 * HOUR_MS, D(3)),
    ]
    scene.publish(START + 3 * HOUR_MS, "0.0002")
    assert [paid.usd for paid in scene.until(START + 4 * HOUR_MS + 31 * SECOND_MS)] == [D("-0.6")]
    scene.restart()
    scene.until(START + 4 * HOUR_MS + 32 * SECOND_MS)
    assert [due.hour for due in scene.exchange.dues] == [START + 2 * HOUR_MS, START + 4 * HOUR_MS]


def test_what_was_closed_owes_nothing_more() -> None:
    """Only full hours over which something was held count, also where it was opened again."""
    scene = Waiting()
    scene.trade("1")
    scene.clock.move_to(START + HOUR_MS // 2)
    scene.trade("-1")
    scene.clock.move_to(START + 5 * HOUR_MS + 1)
    scene.trade("1")
    scene.until(START + 6 * HOUR_MS)
    assert [due.hour for due in scene.exchange.dues] == [START + 6 * HOUR_MS]
