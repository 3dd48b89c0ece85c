"""Questions to the exchange: what is asked, asked again, and what it costs."""

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import pytest

from fadearena.adapters.hyperliquid.limits import Lane, RateBudget
from fadearena.adapters.hyperliquid.rest import InfoClient
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.model.error import OutcomeUnknown, VenueProtocolError, VenueRefused, VenueUnavailable
from tests.support.wire_net import Answer, Frame, WireNet, ok

USER = "0x" + "a" * 40
LANE = Lane.REST
HTML = (502, b"<html><body>Bad gateway</body></html>")

Ask = Callable[[InfoClient], Awaitable[object]]


class Desk:
    """A client on an exchange's wire in memory, on made-up time."""

    def __init__(
        self,
        *script: Answer,
        answer: Callable[[Frame], Answer] | None = None,
        full_page: int = 500,
        **settings: Any,
    ) -> None:
        self.clock = ManualClock(1_000_000)
        self.net = WireNet(self.clock)
        self.net.script.extend(script)
        if answer is not None:
            self.net.answer = answer
        self.budget = RateBudget(self.clock, rng=Random(1), **settings)
        self.info = InfoClient(self.net, self.budget, self.clock, rng=Random(1), full_page=full_page)

    def ask(self, question: Ask) -> Any:
        """Ask something."""

        async def main() -> object:
            return await question(self.info)

        return run_jumping(main(), self.clock)

    @property
    def asked(self) -> list[Frame]:
        """The requests that went out."""
        return [frame for _, _, frame in self.net.asked]

    @property
    def gaps(self) -> list[int]:
        """The waiting times between them."""
        return [after[0] - before[0] for before, after in itertools.pairwise(self.net.asked)]


@pytest.mark.parametrize(
    ("question", "request_sent", "answer"),
    [
        (lambda i: i.perp_dexs(lane=LANE), {"type": "perpDexs"}, [None, {"name": "xyz"}]),
        (lambda i: i.meta(lane=LANE), {"type": "meta", "dex": ""}, {"universe": []}),
        (
            lambda i: i.meta_and_contexts("xyz", lane=LANE),
            {"type": "metaAndAssetCtxs", "dex": "xyz"},
            [{"universe": []}, []],
        ),
        (lambda i: i.all_mids("xyz", lane=LANE), {"type": "allMids", "dex": "xyz"}, {"xyz:NVDA": "180.5"}),
        (lambda i: i.book("NOPE", lane=LANE), {"type": "l2Book", "coin": "NOPE"}, None),
        (lambda i: i.exchange_status(lane=LANE), {"type": "exchangeStatus"}, {"time": 5}),
        (
            lambda i: i.user_state(USER, "xyz", lane=LANE),
            {"type": "clearinghouseState", "user": USER, "dex": "xyz"},
            {"marginSummary": {"accountValue": "0.0"}, "assetPositions": [], "time": 5},
        ),
        (lambda i: i.spot_state(USER, lane=LANE), {"type": "spotClearinghouseState", "user": USER}, {"balances": []}),
        (lambda i: i.abstraction(USER, lane=LANE), {"type": "userAbstraction", "user": USER}, "unifiedAccount"),
        (lambda i: i.role(USER, lane=LANE), {"type": "userRole", "user": USER}, {"role": "missing"}),
        (
            lambda i: i.extra_agents(USER, lane=LANE),
            {"type": "extraAgents", "user": USER},
            [{"name": "fade-1", "address": USER, "validUntil": None}],
        ),
        (
            lambda i: i.vault(USER, lane=LANE),
            {"type": "vaultDetails", "vaultAddress": USER},
            {"name": "V", "vaultAddress": USER, "leader": USER},
        ),
        (lambda i: i.vault(USER, lane=LANE), {"type": "vaultDetails", "vaultAddress": USER}, None),
        (
            lambda i: i.sub_accounts(USER, lane=LANE),
            {"type": "subAccounts", "user": USER},
            [{"name": "s", "subAccountUser": USER, "master": USER}],
        ),
        (
            lambda i: i.rate_limit(USER, lane=LANE),
            {"type": "userRateLimit", "user": USER},
            {"cumVlm": "1.0", "nRequestsUsed": 1, "nRequestsCap": 10_001},
        ),
        (
            lambda i: i.fees(USER, lane=LANE),
            {"type": "userFees", "user": USER},
            {"userCrossRate": "0.00045", "userAddRate": "0.00015"},
        ),
        (
            lambda i: i.active_asset(USER, "BTC", lane=LANE),
            {"type": "activeAssetData", "user": USER, "coin": "BTC"},
            {"user": USER, "coin": "BTC", "leverage": {"type": "cross", "value": 20}},
        ),
        (lambda i: i.open_orders(USER, lane=LANE), {"type": "openOrders", "user": USER, "dex": ""}, []),
        (
            lambda i: i.order_status(USER, "0xc1", lane=LANE),
            {"type": "orderStatus", "user": USER, "oid": "0xc1"},
            {"status": "unknownOid"},
        ),
        (lambda i: i.user_fills(USER, lane=LANE), {"type": "userFills", "user": USER}, []),
        (
            lambda i: i.user_fills_by_time(USER, 5, 6, lane=LANE),
            {"type": "userFillsByTime", "user": USER, "startTime": 5, "endTime": 6},
            [],
        ),
        (
            lambda i: i.twap_fills_by_time(USER, 5, lane=LANE),
            {"type": "userTwapSliceFillsByTime", "user": USER, "startTime": 5},
            [],
        ),
        (lambda i: i.funding(USER, 5, lane=LANE), {"type": "userFunding", "user": USER, "startTime": 5}, []),
        (
            lambda i: i.ledger(USER, 5, lane=LANE),
            {"type": "userNonFundingLedgerUpdates", "user": USER, "startTime": 5},
            [],
        ),
    ],
)
def test_each_method_asks_its_question(question: Ask, request_sent: Frame, answer: object) -> None:
    """One request to `/info` with the exchange's own names; its answer comes back decoded."""
    desk = Desk(ok(answer))
    desk.ask(question)
    assert desk.net.asked == [(1_000_000, "/info", request_sent)]


def test_asset_ids_come_from_the_place_in_each_dex() -> None:
    """The first dex counts from 0, builder-deployed ones from 110,000 on; delisted coins keep their place."""
    coins: dict[str, list[dict[str, Any]]] = {
        "": [{"name": "BTC", "szDecimals": 5, "maxLeverage": 40}, {"name": "MATIC", "isDelisted": True}],
        "xyz": [{"name": "xyz:NVDA"}],
        "flx": [{"name": "flx:OIL"}, {"name": "flx:GAS"}],
    }

    def answer(frame: Frame) -> Answer:
        if frame["type"] == "perpDexs":
            return ok([None, {"name": "xyz"}, {"name": "flx"}])
        return ok({"universe": [{"szDecimals": 1, "maxLeverage": 3} | each for each in coins[frame["dex"]]]})

    found = Desk(answer=answer).ask(lambda info: info.asset_index(lane=LANE))
    assert found == {"BTC": 0, "MATIC": 1, "xyz:NVDA": 110_000, "flx:OIL": 120_000, "flx:GAS": 120_001}


@pytest.mark.parametrize(
    "failure", [VenueUnavailable("refused"), OutcomeUnknown("timeout"), HTML, (500, b"null"), (503, b"")]
)
def test_a_read_that_got_no_answer_is_asked_again(failure: Answer) -> None:
    """Three failures in a row cost waiting, which grows at random up to 0.5, 1 and 2 s; then the answer comes."""
    desk = Desk(failure, failure, failure, ok({"BTC": "1.0"}))
    assert desk.ask(lambda info: info.all_mids(lane=LANE)) == {"BTC": "1.0"}
    assert all(0 <= gap <= most for gap, most in zip(desk.gaps, [500, 1_000, 2_000], strict=True))
    assert len(set(desk.gaps)) == 3


def test_after_the_last_attempt_the_failure_is_the_callers() -> None:
    """Four attempts and no more; what the last one met is raised."""
    desk = Desk(HTML, HTML, OutcomeUnknown("timeout"), VenueUnavailable("refused"), ok({}))
    with pytest.raises(VenueUnavailable, match="refused"):
        desk.ask(lambda info: info.all_mids(lane=LANE))
    assert len(desk.asked) == 4
    desk = Desk(HTML, HTML, HTML, HTML)
    with pytest.raises(OutcomeUnknown, match="/info answered 502: <html>"):
        desk.ask(lambda info: info.all_mids(lane=LANE))


@pytest.mark.parametrize(
    ("answer", "error", "text"),
    [
        ((422, b"Failed to deserialize the JSON body"), VenueRefused, "bad-request: /info answered 422: Failed to"),
        ((400, b"null"), VenueRefused, "no detail"),
        ((302, b"elsewhere"), VenueProtocolError, "302"),
        ((200, b"<html>"), VenueProtocolError, "the answer to allMids cannot be read"),
        ((200, b"\xff\xfe"), VenueProtocolError, "cannot be read"),
        ((200, b'{"BTC": 1.5}'), VenueProtocolError, "cannot be read"),
        ((200, b"null"), VenueProtocolError, "cannot be read"),
    ],
)
def test_what_asking_again_cannot_mend_is_raised_at_once(answer: Answer, error: type[Exception], text: str) -> None:
    """A request that is not understood, and an answer that cannot be read: one attempt."""
    desk = Desk(answer, ok({}))
    with pytest.raises(error, match=text):
        desk.ask(lambda info: info.all_mids(lane=LANE))
    assert len(desk.asked) == 1


def test_a_429_pauses_the_lane_and_is_asked_again_after() -> None:
    """The next attempt waits for the pause of 10 s; a higher lane meanwhile does not."""
    desk = Desk((429, b"null"), ok({"BTC": "1.0"}), ok({"BTC": "1.0"}))

    async def both(info: InfoClient) -> None:
        first = asyncio.create_task(info.all_mids(lane=Lane.SNAPSHOT))
        await asyncio.sleep(1)
        await info.all_mids(lane=Lane.OWN)
        await first

    desk.ask(both)
    times = [at - 1_000_000 for at, _, _ in desk.net.asked]
    assert times[:2] == [0, 1_000]
    assert 10_000 <= times[2] < 12_500


def test_rows_of_answers_are_paid_for() -> None:
    """A page of 2,000 fills costs 20 for asking and 100 for its rows; a state costs 2, a role 60."""
    desk = Desk(answer=lambda frame: ok([fill(n) for n in range(2_000)] if frame["type"] == "userFills" else None))
    desk.ask(lambda info: info.user_fills(USER, lane=LANE))
    assert desk.budget.use().used == 120
    desk.ask(lambda info: info.book("BTC", lane=LANE))
    assert desk.budget.use().used == 122


# --- pages


def fill(number: int, time: int | None = None, *, side: str = "B") -> dict[str, Any]:
    """Return one row of `userFills`."""
    return {
        "coin": "ETH",
        "px": "4000.0",
        "sz": "0.1",
        "side": side,
        "time": 10_000 + number if time is None else time,
        "startPosition": f"{number}.0",
        "dir": "Open Long",
        "closedPnl": "0.0",
        "hash": "0x0",
        "oid": number,
        "crossed": True,
        "fee": "0.1",
        "tid": 7_000_000 - number,
        "feeToken": "USDC",
    }


class Archive:
    """An exchange that gives fills in pages of `size`, oldest first or newest first, and TWAP slices beside."""

    def __init__(self, rows: list[dict[str, Any]], size: int, *, is_newest_first: bool = False) -> None:
        self.rows = rows
        self.slices: list[dict[str, Any]] = []
        self.size = size
        self.is_newest_first = is_newest_first

    def __call__(self, frame: Frame) -> Answer:
        """Answer a request for a page."""
        is_twap = frame["type"] == "userTwapSliceFillsByTime"
        start, end = frame["startTime"], frame.get("endTime", 10**15)
        rows = [row for row in (self.slices if is_twap else self.rows) if start <= row["time"] <= end]
        page = rows[: -self.size - 1 : -1] if self.is_newest_first else rows[: self.size]
        return ok([{"fill": row, "twapId": 5} for row in page] if is_twap else page)


def fetched(archive: Archive, since: int = 0) -> tuple[list[int], Desk]:
    """Fetch all fills from a time on; return their numbers, and the desk."""
    desk = Desk(answer=archive, per_minute=100_000, full_page=min(archive.size, 500))
    found = desk.ask(lambda info: info.all_fills(USER, since, lane=LANE))
    return [row.oid for row in found], desk


@pytest.mark.parametrize("is_newest_first", [False, True])
@pytest.mark.parametrize("seed", range(10))
def test_all_fills_come_once_and_in_order_whatever_the_pages(seed: int, is_newest_first: bool) -> None:
    """Pages of any size, either way round, many fills in one millisecond, tids that fall: the order of the exchange."""
    random = Random(seed)
    count, time = random.randrange(200), 1
    rows = []
    for number in range(count):
        time += random.choice([0, 0, 0, 1, 50])
        rows.append(fill(number, time))
    widest = max((sum(row["time"] == other["time"] for other in rows) for row in rows), default=1)
    archive = Archive(rows, widest + random.randrange(1, 30), is_newest_first=is_newest_first)
    assert fetched(archive)[0] == list(range(count))
    since = rows[count // 2]["time"] if rows else 1
    assert fetched(archive, since)[0] == [row["oid"] for row in rows if row["time"] >= since]


def test_nothing_new_costs_one_request_of_each_kind() -> None:
    """From the last known fill on there is that fill alone, or a few: the page is not full, none other is asked for."""
    numbers, desk = fetched(Archive([fill(1), fill(2), fill(3)], 2_000), since=10_002)
    assert numbers == [2, 3]
    assert [frame["type"] for frame in desk.asked] == ["userFillsByTime", "userTwapSliceFillsByTime"]


@pytest.mark.parametrize("is_newest_first", [False, True])
def test_a_page_full_of_one_millisecond_does_not_stand_still(is_newest_first: bool) -> None:
    """Where more happened in a millisecond than fits on a page, the rest of it is lost, and what comes after is not."""
    rows = [fill(n, 5_000) for n in range(700)] + [fill(n, 6_000 + n) for n in range(700, 900)]
    if is_newest_first:
        rows = [fill(n, n) for n in range(100)] + [fill(n, 5_000) for n in range(100, 900)]
        rows += [fill(n, 6_000 + n) for n in range(900, 950)]
    numbers, _ = fetched(Archive(rows, 600, is_newest_first=is_newest_first))
    expected = [*range(600), *range(700, 900)]
    if is_newest_first:
        expected = [*range(100), *range(300, 950)]
    assert numbers == expected


def test_slices_of_twap_orders_are_among_all_fills_once() -> None:
    """They come from a request of their own; one that stands in both answers counts once."""
    archive = Archive([fill(1, 1_000), fill(2, 3_000)], 2_000)
    archive.slices = [fill(3, 2_000), fill(2, 3_000)]
    assert fetched(archive)[0] == [1, 3, 2]
    desk = Desk(answer=archive)
    assert [row.twapId for row in desk.ask(lambda info: info.twap_fills_by_time(USER, 0, lane=LANE))] == [5, 5]


def test_a_row_that_cannot_be_read_does_not_stop_the_others() -> None:
    """Who takes what cannot be read gets it once, and all else; otherwise, and where nothing can be, it is an error."""
    odd = {**fill(4), "side": "C"}
    archive = Archive([fill(1), fill(2), odd, fill(5), fill(6)], 3)
    rejected: list[bytes] = []

    async def tolerant(info: InfoClient) -> object:
        return await info.all_fills(USER, 0, lane=LANE, reject=lambda raw: rejected.append(bytes(raw)))

    assert [row.oid for row in Desk(answer=archive, full_page=2).ask(tolerant)] == [1, 2, 5, 6]
    assert [json.loads(raw) for raw in rejected] == [odd]
    with pytest.raises(VenueProtocolError, match="userFillsByTime cannot be read"):
        fetched(archive)
    with pytest.raises(VenueProtocolError, match="cannot be read"):
        Desk(answer=Archive([odd], 3)).ask(tolerant)


def test_both_sides_of_a_trade_with_oneself_stay() -> None:
    """They bear the same tid and time and differ in side; rows of 2023 without tid are told apart by all they say."""
    twins = [fill(1, 1_000), fill(1, 1_000, side="A")]
    assert fetched(Archive(twins, 2_000))[0] == [1, 1]
    old = [{name: value for name, value in fill(n, 1_000).items() if name != "tid"} for n in (1, 2)]
    assert fetched(Archive(old, 2_000))[0] == [1, 2]


def test_other_rows_are_paged_too() -> None:
    """Payments of funding beyond one page of 500 all come, oldest first."""
    rows = [
        {"time": hour, "hash": "0x0", "delta": {"coin": "ETH", "usdc": "-0.1", "szi": "1.0", "fundingRate": "0.1"}}
        for hour in range(1_200)
    ]

    def answer(frame: Frame) -> Answer:
        return ok([row for row in rows if row["time"] >= frame["startTime"]][:500])

    desk = Desk(answer=answer)
    assert [row.time for row in desk.ask(lambda info: info.funding(USER, 0, lane=LANE))] == list(range(1_200))
