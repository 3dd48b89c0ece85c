"""What the exchange says of itself, asked of a sandbox: rates and prices of full hours, fees, caps, books."""

from decimal import Decimal as D
from random import Random

import pytest

from fadearena.adapters.hyperliquid.conditions import HyperliquidConditions
from fadearena.adapters.hyperliquid.limits import RateBudget
from fadearena.adapters.hyperliquid.rest import InfoClient
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.model.error import VenueProtocolError, VenueRefused
from fadearena.model.units import HOUR_MS, MINUTE_MS
from fadearena.sandbox.gateway.gateway import Gateway
from fadearena.sandbox.loopback import Loopback
from tests.support.box import ANN, BUY, NOON, Box
from tests.support.wire_net import WireNet, ok

ADDRESS = "0x" + "a1" * 20


def test_a_sandbox_says_what_its_hours_paid() -> None:
    """Rates under their full hours, and a price for each; a fee, a book, and no caps."""
    box = Box()
    clock, exchange = box.clock, box.exchange
    gateway = Gateway(exchange, clock, wall=clock)
    box.fill(ANN, "BTC", BUY, "0.01")
    box.wait(2 * HOUR_MS + MINUTE_MS)
    conditions = HyperliquidConditions(
        InfoClient(Loopback(gateway), RateBudget(clock, rng=Random(1)), clock, rng=Random(1))
    )
    first, last = NOON - NOON % HOUR_MS + HOUR_MS, NOON - NOON % HOUR_MS + 2 * HOUR_MS

    async def story() -> None:
        rates = await conditions.rates("BTC", first, last)
        assert list(rates) == [first, last]
        assert all(abs(rate) < D("0.01") for rate in rates.values())
        assert list(await conditions.rates("BTC", last, last)) == [last]
        prices = await conditions.prices("BTC", first, last)
        assert set(prices) == {first, last}
        assert prices[first] == prices[last] == box.account(ANN).fills[0].price
        assert await conditions.prices("ETH", first, last) == {}
        assert await conditions.taker_rate(ADDRESS) == D("0.00045")
        assert await conditions.capped("") == await conditions.capped("xyz") == frozenset()
        assert (await conditions.book("BTC")).asks
        with pytest.raises(VenueRefused, match="no book of 'NOPE'"):
            await conditions.book("NOPE")

    run_jumping(story(), clock)


def test_a_referral_discount_is_taken_off() -> None:
    """Staking is in the rate already; a rate that is no number is an answer that cannot be read."""
    clock = ManualClock(NOON)
    net = WireNet(clock)
    conditions = HyperliquidConditions(InfoClient(net, RateBudget(clock, rng=Random(1)), clock, rng=Random(1)))
    told = {"userCrossRate": "0.0004", "userAddRate": "0.0001"}
    net.script.append(ok(told | {"activeReferralDiscount": "0.04"}))
    assert run_jumping(conditions.taker_rate(ADDRESS), clock) == D("0.000384")
    net.script.append(ok(told))
    assert run_jumping(conditions.taker_rate(ADDRESS), clock) == D("0.0004")
    net.script.append(ok(told | {"userCrossRate": "much"}))
    with pytest.raises(VenueProtocolError, match="'much'"):
        run_jumping(conditions.taker_rate(ADDRESS), clock)
