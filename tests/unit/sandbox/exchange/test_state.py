"""What the exchange remembers, and how much of it."""

from decimal import Decimal as D

import msgspec

from fadearena.model.units import MINUTE_MS
from fadearena.sandbox.exchange.state import CANDLES_KEPT, ORDERS_KEPT, ROWS_KEPT, Account, Tape
from fadearena.sandbox.nouns import Fill, Order, Payment, Trade
from tests.support.box import ANN, BOB, BUY, NOON, Box


def test_the_last_fills_and_payments_are_kept() -> None:
    """Ten thousand at least; from time to time the oldest are forgotten."""
    box = Box()
    box.fill(ANN, "BTC", BUY, "0.01")
    fill = next(news for news in box.news if isinstance(news, Fill))
    payment = Payment(user=ANN, coin="BTC", time=NOON, usd=D(1), size=D(1), rate=D(0))
    account = Account(address=ANN)
    for number in range(ROWS_KEPT * 5 // 4 + 1):
        account.note(msgspec.structs.replace(fill, order_id=number))
        account.note(payment)
    assert len(account.fills) == len(account.payments) == ROWS_KEPT
    assert account.fills[-1].order_id == ROWS_KEPT * 5 // 4


def test_the_last_done_orders_are_kept_with_their_cloids() -> None:
    """Of a cloid that was used again the newest stays known."""
    box = Box()
    order_id = box.rest(ANN, "BTC", BUY, "0.01", box.near("BTC", BUY))
    order = box.order(ANN, order_id)
    account = Account(address=ANN)
    for number in range(ORDERS_KEPT + 2):
        cloid = "once" if number == 0 else "again"
        account.cloids[cloid] = number
        account.finish(msgspec.structs.replace(order, order_id=number, cloid=cloid))
    assert len(account.done) == ORDERS_KEPT
    assert account.named("once") is None
    again = account.named("again")
    assert isinstance(again, Order)
    assert again.order_id == ORDERS_KEPT + 1


def test_volume_of_old_days_is_forgotten() -> None:
    """Fees look at 14 days; the whole volume stays known."""
    account = Account(address=ANN)
    for day in range(20):
        account.traded(day, D(10), D(1), is_taker=day % 2 == 0)
    assert account.fortnight(19 * 86_400_000) == 140
    assert (account.volume, account.counted_volume, len(account.daily_volume)) == (D(200), D(20), 20)


def test_the_last_candles_are_kept() -> None:
    """As many as the exchange has."""
    tape = Tape()
    for minute in range(CANDLES_KEPT + 3):
        tape.print(
            Trade(
                coin="BTC",
                time=NOON + minute * MINUTE_MS,
                side=BUY,
                price=D(100),
                quantity=D(1),
                trade_id=minute,
                hash="0x",
                buyer=ANN,
                seller=BOB,
            )
        )
    assert len(tape.candles) == CANDLES_KEPT
    assert next(iter(tape.candles)) == NOON + 3 * MINUTE_MS
