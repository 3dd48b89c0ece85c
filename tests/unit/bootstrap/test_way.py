"""The way to an exchange, where our clock is wrong."""

from random import Random

import pytest

from fadearena.adapters.hyperliquid.limits import Lane
from fadearena.bootstrap.way import Plan, Way
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.model.error import VenueUnavailable
from fadearena.model.units import HOUR_MS, MINUTE_MS, SECOND_MS
from tests.support.wire_net import WireNet


@pytest.mark.parametrize("ahead_ms", [-MINUTE_MS, 20, MINUTE_MS])
def test_a_wrong_clock_keeps_no_order_back(ahead_ms: int) -> None:
    """Deadlines are in the exchange's time, and so are the limits that look at them; by HTTP and over the socket."""
    clock = ManualClock(10 * HOUR_MS)
    way = Way(Plan(shares_time=False), WireNet(clock), clock, Random(1))
    way.timing.clock_offset_ms = ahead_ms

    async def story() -> None:
        now = way.time.now_ms()
        await way.budget.take(Lane.CANCEL, 1, deadline=now + 5 * SECOND_MS)
        with pytest.raises(VenueUnavailable, match="before the deadline"):
            await way.budget.take(Lane.CANCEL, 1, deadline=now)
        assert way.line.limits.messages.free_at(1) == way.time.now_ms() == clock.now_ms() - ahead_ms

    run_jumping(story(), clock)
