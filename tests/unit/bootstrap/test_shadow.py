"""What live accounts pay by their shadows: what the exchange says, else what the settings say."""

from decimal import Decimal as D
from random import Random

from fadearena.bootstrap.shadow import Shadows
from fadearena.bootstrap.way import Plan, Way
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.model.policy import AccountPolicy, Policy
from fadearena.model.units import HOUR_MS
from tests.support.wire_net import WireNet, ok
from tests.unit.adapters.sim.test_shadow import Live

POLICY = Policy(accounts=(AccountPolicy(id="main", address="0xa", signer="0xb", taker_rate=D("0.0003")),))


def test_a_shadow_pays_what_the_exchange_says() -> None:
    """Read once an hour; what cannot be read is what the settings say; an account of nobody pays the base tier."""
    clock = ManualClock(10 * HOUR_MS)
    net = WireNet(clock)
    shadows = Shadows(Way(Plan(shares_time=True), net, clock, Random(1)), Live(clock))

    async def story() -> None:
        assert await shadows._rate("main") == D("0.00045")
        shadows.follow(POLICY)
        net.script.append((400, b"no"))
        assert await shadows._rate("main") == await shadows._rate("main") == D("0.0003")
        clock.move_by(HOUR_MS)
        net.script.append(ok({"userCrossRate": "0.0004", "userAddRate": "0.0001"}))
        assert await shadows._rate("main") == await shadows._rate("main") == D("0.0004")
        assert shadows._instrument("BTC") is None

    run_jumping(story(), clock)
    assert [body["type"] for _, _, body in net.asked] == ["userFees", "userFees"]
