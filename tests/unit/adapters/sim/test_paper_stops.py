"""Stops on paper: they rest, are triggered by the mark, reduce only, and trade against a book of the moment."""

from decimal import Decimal as D

import pytest

from fadearena.adapters.sim.stops import BOOK_MS
from fadearena.model.command import CancelOrder, PlaceStop, ScheduleCancel
from fadearena.model.event import ActionAnswered, OwnFills
from fadearena.model.market import Quote
from fadearena.model.order import ActionKind, ActionOutcome
from fadearena.model.units import Side
from tests.support.paper import SIGNER, Paper, read_account

CLOID = "0x" + "7" * 32


class Held(Paper):
    """A paper exchange on which one ETH is held, bought at 2,000."""

    def __init__(self, change: str = "1") -> None:
        super().__init__("10000")
        self.quote("ETH", "2000", "2000")
        self.trade(change, "2000")
        self.clock.move_by(10)

    def stop(self, side: Side = Side.SELL, quantity: str = "1", trigger: str = "1900", limit: str = "1800") -> str:
        """Leave a stop, and return what the exchange said: nothing where it rests."""
        self.clock.move_by(1)
        now = self.clock.now_ms()
        (event,) = self.do(
            PlaceStop(
                account="main",
                signer=SIGNER,
                coin="ETH",
                asset_id=1,
                side=side,
                quantity=D(quantity),
                trigger=D(trigger),
                limit=D(limit),
                cloid=CLOID,
                label="",
                nonce=now,
                expires_after=now + 5_000,
            )
        )
        assert isinstance(event, ActionAnswered)
        assert (event.kind, event.subject) == (ActionKind.STOP, CLOID)
        assert (event.outcome is ActionOutcome.ACCEPTED) == (event.text == "")
        return event.text

    def cancel(self, cloid: str | None = CLOID, order_id: int | None = None) -> ActionOutcome:
        """Cancel an order."""
        self.clock.move_by(1)
        now = self.clock.now_ms()
        (event,) = self.do(
            CancelOrder(
                account="main",
                signer=SIGNER,
                cloid=cloid,
                order_id=order_id,
                asset_id=1,
                nonce=now,
                expires_after=now + 5_000,
            )
        )
        assert isinstance(event, ActionAnswered)
        return event.outcome


def test_a_stop_rests_until_its_mark_is_reached() -> None:
    """It is seen with the account, trades once, with its cloid, and never more than is held."""
    paper = Held()
    assert paper.stop(quantity="3") == ""
    (order,) = read_account(paper).orders
    assert (order.coin, order.cloid) == ("ETH", CLOID)
    paper.quote("ETH", "1901", "1901")
    assert paper.exchange.advance(paper.clock.now_ms()) == []
    paper.quote("ETH", "1899", "1901", mark="1900")
    (event,) = paper.exchange.advance(paper.clock.now_ms())
    assert isinstance(event, OwnFills)
    assert [(fill.price, fill.quantity, fill.cloid) for fill in event.fills] == [(D(1899), D(1), CLOID)]
    assert paper.exchange.advance(paper.clock.now_ms()) == []
    account = read_account(paper)
    assert (account.orders, account.dexs[0].positions) == ((), ())


def test_a_stop_of_a_short_position_waits_above() -> None:
    """It buys when the mark has risen to it."""
    paper = Held("-1")
    assert paper.stop(Side.BUY, trigger="2100", limit="2200") == ""
    paper.quote("ETH", "2100", "2101", mark="2100")
    (event,) = paper.exchange.advance(paper.clock.now_ms())
    assert isinstance(event, OwnFills)
    assert [(fill.price, fill.side) for fill in event.fills] == [(D(2101), Side.BUY)]


def test_an_old_book_is_not_traded_against() -> None:
    """Where only the mark was told, the stop waits for a book, and says that it does."""
    paper = Held()
    paper.stop()
    paper.clock.move_by(BOOK_MS + 1)
    now = paper.clock.now_ms()
    paper.exchange.on_quote(Quote(coin="ETH", mark=D(1850), mark_time=now))
    assert paper.exchange.advance(now) == []
    assert paper.exchange.awaited == {"ETH"}
    paper.quote("ETH", "1840", "1841", mark="1850")
    assert paper.exchange.awaited == frozenset()
    (event,) = paper.exchange.advance(now)
    assert isinstance(event, OwnFills)


def test_a_stop_beyond_its_limit_or_without_a_position_is_gone() -> None:
    """Nothing trades at a worse price than the limit, nor where nothing is left to reduce."""
    paper = Held()
    paper.stop(limit="1890")
    paper.quote("ETH", "1850", "1851", mark="1880")
    assert paper.exchange.advance(paper.clock.now_ms()) == []
    assert read_account(paper).orders == ()
    paper = Held()
    paper.stop()
    paper.trade("-1", "1990")
    paper.quote("ETH", "1850", "1851")
    assert paper.exchange.advance(paper.clock.now_ms()) == []
    assert read_account(paper).orders == ()


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        pytest.param({"trigger": "2000"}, "Invalid TP/SL price.", id="reached already"),
        pytest.param({"quantity": "0.00001"}, "Order has invalid size.", id="lot"),
        pytest.param({"trigger": "1900.123"}, "Price must be divisible by tick size.", id="tick of the trigger"),
        pytest.param({"limit": "1800.123"}, "Price must be divisible by tick size.", id="tick of the limit"),
        pytest.param({"side": Side.BUY, "trigger": "2100"}, "Reduce only order would increase", id="the wrong way"),
    ],
)
def test_a_stop_is_refused_in_the_exchanges_words(asked: dict[str, str], text: str) -> None:
    """Nothing rests then."""
    paper = Held()
    assert paper.stop(**asked).startswith(text)  # type: ignore[arg-type]
    assert read_account(paper).orders == ()


def test_a_stop_is_cancelled_once() -> None:
    """By cloid or by the exchange's id; what does not rest cannot be cancelled."""
    paper = Held()
    paper.stop()
    assert paper.cancel() is ActionOutcome.ACCEPTED
    assert paper.cancel() is ActionOutcome.REFUSED
    paper.stop()
    (order,) = read_account(paper).orders
    assert paper.cancel(None, order.order_id) is ActionOutcome.ACCEPTED


def test_a_scheduled_cancel_is_refused() -> None:
    """The exchange allows it to those who have traded a lot."""
    paper = Held()
    now = paper.clock.now_ms()
    command = ScheduleCancel(account="main", signer=SIGNER, at_ms=now + 9, nonce=now + 9, expires_after=now + 5_000)
    (event,) = paper.do(command)
    assert isinstance(event, ActionAnswered)
    assert (event.kind, event.outcome) == (ActionKind.SCHEDULE, ActionOutcome.REFUSED)
    assert event.text.endswith("Required: $1000000. Traded: $2000.")
