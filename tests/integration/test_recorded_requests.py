"""Our questions beside those that others' clients asked the real exchange, and the answers that it gave to them."""

from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import pytest

from fadearena.adapters.hyperliquid.limits import Lane, RateBudget
from fadearena.adapters.hyperliquid.rest import InfoClient
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from tests.support import recorded
from tests.support.wire_net import Answer, Frame, WireNet

pytestmark = recorded.needs_recorded

LANE = Lane.REST
ASK: dict[str, Callable[[InfoClient, dict[str, Any]], Awaitable[object]]] = {
    "activeAssetData": lambda i, r: i.active_asset(r["user"], r["coin"], lane=LANE),
    "allMids": lambda i, r: i.all_mids(r.get("dex", ""), lane=LANE),
    "clearinghouseState": lambda i, r: i.user_state(r["user"], r.get("dex", ""), lane=LANE),
    "l2Book": lambda i, r: i.book(r["coin"], lane=LANE),
    "meta": lambda i, r: i.meta(r.get("dex", ""), lane=LANE),
    "metaAndAssetCtxs": lambda i, r: i.meta_and_contexts(r.get("dex", ""), lane=LANE),
    "openOrders": lambda i, r: i.open_orders(r["user"], r.get("dex", ""), lane=LANE),
    "orderStatus": lambda i, r: i.order_status(r["user"], r["oid"], lane=LANE),
    "perpDexs": lambda i, r: i.perp_dexs(lane=LANE),
    "spotClearinghouseState": lambda i, r: i.spot_state(r["user"], lane=LANE),
    "userFillsByTime": lambda i, r: i.user_fills_by_time(r["user"], r["startTime"], r["endTime"], lane=LANE),
    "userFunding": lambda i, r: i.funding(r["user"], r["startTime"], lane=LANE),
    "userNonFundingLedgerUpdates": lambda i, r: i.ledger(r["user"], r["startTime"], lane=LANE),
    "userRateLimit": lambda i, r: i.rate_limit(r["user"], lane=LANE),
    "userRole": lambda i, r: i.role(r["user"], lane=LANE),
}
PAGED = ("userFunding", "userNonFundingLedgerUpdates")


@pytest.mark.parametrize("kind", sorted(ASK))
def test_questions_and_answers_are_those_of_the_real_exchange(kind: str) -> None:
    """What each method asks is what others asked, but for what may be left out; what they were told is read."""
    cases = recorded.answers(kind)
    assert cases
    for case in cases:
        clock = ManualClock()
        net = WireNet(clock)
        body = case.response

        def answer(_frame: Frame, body: bytes = body) -> Answer:
            return 200, body

        net.answer = answer
        info = InfoClient(net, RateBudget(clock), clock, rng=Random(1))
        theirs = {name: value for name, value in case.request.items() if value is not None}
        found = run_jumping(_awaited(ASK[kind](info, theirs)), clock)
        ours = {name: value for name, value in net.asked[0][2].items() if name != "dex" or value}
        if kind in PAGED:
            theirs.pop("endTime", None)
            assert isinstance(found, tuple)
            assert [row.time for row in found] == sorted(row.time for row in found)
        assert ours == {name: value for name, value in theirs.items() if name != "dex" or value}


async def _awaited(what: Awaitable[object]) -> object:
    return await what
