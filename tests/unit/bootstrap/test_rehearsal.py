"""The kill switch rehearsed: what is refused, what is measured, what counts as passed."""

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from fadearena.bootstrap.rehearsal import Rehearsal, rehearse
from fadearena.kit.tasks import cancelled
from fadearena.model.error import InvalidInput
from fadearena.model.event import Kill, Release
from fadearena.model.order import OrderStatus, Purpose
from fadearena.model.record import ControlAnswer, OrderUpdate, Record, TradingStateChange
from fadearena.model.units import Side
from tests.support.installation import Installation


@pytest.fixture
def there(tmp_path: Path) -> Installation:
    """An installation without a worker."""
    return Installation(tmp_path)


class Actor:
    """A worker that only pretends: what it shows after a kill, and when."""

    def __init__(self, there: Installation, *shown: tuple[int, tuple[Record, ...]]) -> None:
        self._there = there
        self._shown = shown
        self.orders: list[object] = []

    async def run(self) -> None:
        """Beat, and answer commands, for ever."""
        there = self._there
        while True:
            await there.beat()
            for entry in await there.control.take():
                self.orders.append(entry.action)
                await there.clock.sleep_until(there.clock.now_ms() + 7)
                if isinstance(entry.action, Kill):
                    began = there.clock.now_ms()
                    await there.show(latch("kill"), latch("flatten"), answer(entry.id))
                    for after_ms, records in self._shown:
                        await there.clock.sleep_until(began + after_ms)
                        await there.show(*records)
                else:
                    await there.show(latch("kill", is_set=False), answer(entry.id))
            await there.clock.sleep_until(there.clock.now_ms() + 20)


def latch(kind: str, *, is_set: bool = True) -> TradingStateChange:
    """Return a change of everything's state."""
    state = {"flatten": "flattening" if is_set else "halted", "kill": "halted" if is_set else "active"}[kind]
    return TradingStateChange(scope="all", state=state, latch=kind, is_set=is_set, actor="ann", reason="")


def answer(control_id: int) -> ControlAnswer:
    """Return a yes."""
    return ControlAnswer(control_id=control_id, accepted=True)


def order(number: int, purpose: Purpose, status: OrderStatus) -> OrderUpdate:
    """Return a transition of an order."""
    return OrderUpdate(
        cloid=f"0x{number:032x}",
        label="",
        account="main",
        bot=None,
        coin="BTC",
        side=Side.SELL,
        quantity=Decimal(1),
        limit=Decimal(1),
        reduce_only=True,
        purpose=purpose,
        status=status,
        filled=Decimal(0),
        average_price=None,
    )


def rehearsed(there: Installation, actor: Actor) -> Rehearsal:
    """Rehearse with a worker."""

    async def main() -> Rehearsal:
        await there.beat()
        working = asyncio.create_task(actor.run())
        try:
            return await rehearse(there.client, there.clock, "ann")
        finally:
            await cancelled(working)

    return there.play(main())


def test_a_rehearsal_measures_and_goes_on(there: Installation) -> None:
    """It times the answer, the last order that left, and confirmation; then it releases with a rejoin."""
    actor = Actor(
        there,
        (30, (order(1, Purpose.INCREASE, OrderStatus.SUBMITTED), order(2, Purpose.FLATTEN, OrderStatus.PENDING))),
        (4_000, (latch("flatten", is_set=False),)),
    )
    found = rehearsed(there, actor)
    assert 7 <= found.answer_ms <= 60
    assert (found.last_order_ms, found.flat_ms, found.closes, found.strays) == (30, 4_000, 1, ())
    assert found.is_passed
    assert actor.orders == [Kill(flatten=True), Release(rejoin=True)]


def test_an_order_after_the_kill_fails_it(there: Installation) -> None:
    """An order that was made after the kill and is no close is named."""
    stray = order(3, Purpose.REDUCE, OrderStatus.PENDING)
    actor = Actor(there, (500, (latch("flatten", is_set=False),)), (1_500, (stray,)))
    found = rehearsed(there, actor)
    assert found.strays == (stray.cloid,)
    assert not found.is_passed


def test_what_is_not_flat_stays_halted(there: Installation) -> None:
    """Without confirmation nothing is released: somebody has to look."""
    actor = Actor(there)
    found = rehearsed(there, actor)
    assert (found.flat_ms, found.is_released, found.is_passed) == (None, False, False)
    assert actor.orders == [Kill(flatten=True)]


def test_a_rehearsal_needs_a_worker_that_trades(there: Installation) -> None:
    """Without a worker, and while something is stopped already, it is refused and nothing is ordered."""
    with pytest.raises(InvalidInput, match="no worker is running"):
        there.play(rehearse(there.client, there.clock, "ann"))
    there.client.kill_file.touch()

    async def stopped() -> None:
        await there.beat()
        await rehearse(there.client, there.clock, "ann")

    with pytest.raises(InvalidInput, match="stopped already"):
        there.play(stopped())
