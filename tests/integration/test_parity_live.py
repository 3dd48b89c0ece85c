"""Parity live on a sandbox: simulation pays what live pays, and a market that moved meanwhile shows, with its sign."""

from decimal import Decimal as D
from pathlib import Path

import msgspec
import pytest

from fadearena.bootstrap.parity import parity_of
from fadearena.kit.clock import ManualClock
from fadearena.model.units import SECOND_MS
from fadearena.sandbox.gateway.gateway import Gateway
from fadearena.sandbox.listing import ASSETS
from fadearena.sandbox.loopback import Loopback
from tests.support.live_play import LivePlay, play_live

MOVE = D("0.002")
LATE_MS = 2_500
_COINS = {asset.asset_id: coin for coin, asset in ASSETS.items()}


class Slow(Loopback):
    """A way on which orders are late, and the market is moved against them meanwhile, or for them."""

    def __init__(self, gateway: Gateway, clock: ManualClock, sign: int) -> None:
        super().__init__(gateway)
        self._gateway = gateway
        self._clock = clock
        self._sign = sign

    async def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Send a body; an order is held back."""
        action = msgspec.json.decode(body).get("action", {})
        if action.get("type") == "order":
            (order,) = action["orders"]
            coin, exchange = _COINS[order["a"]], self._gateway.exchange
            await self._clock.sleep_until(self._clock.now_ms() + 1)
            moved = exchange.view.mark(coin) * (1 + self._sign * (1 if order["b"] else -1) * MOVE)
            exchange.push_price(coin, moved, 5 * SECOND_MS)
            await self._clock.sleep_until(self._clock.now_ms() + LATE_MS)
        return await super().post(path, body)


def test_simulation_pays_what_live_pays(tmp_path: Path) -> None:
    """On the same books at the same moment: the same to the basis point for every order, fees included."""
    found = parity_of(play_live(LivePlay(data_dir=tmp_path)))
    assert found.compared >= 10
    assert (found.only_live, found.only_paper) == (0, 0)
    assert found.total_bps.median == 0
    assert all(abs(one.total_bps or D(0)) <= 1 for one in found.worst)
    assert found.orders == found.compared + found.neither + found.unshadowed


@pytest.mark.slow
@pytest.mark.parametrize(("sign"), [pytest.param(1, id="against us"), pytest.param(-1, id="for us")])
def test_a_market_that_moves_before_live_arrives_shows(tmp_path: Path, sign: int) -> None:
    """Orders are late and the market moves meanwhile: live pays about as much more, or less."""
    play = LivePlay(data_dir=tmp_path, wire=lambda gateway, clock: Slow(gateway, clock, sign))
    found = parity_of(play_live(play))
    assert found.compared >= 5
    assert found.total_bps.median is not None
    assert 10 < sign * found.total_bps.median < 30
