"""Endpoints that clients are built on: names and shapes, spelled out, of an empty installation and of a full one."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from fadearena.model.event import Marks
from fadearena.model.market import Quote
from fadearena.model.record import BotTrade, EquityPoint, FillKind, MyFill, PartKind, SettingsChange
from fadearena.model.units import DAY_MS, MINUTE_MS, SECOND_MS, Side, day_start
from fadearena.model.wallet import Feed
from fadearena.ports.sightings import FeedState, FeedStatus, Sight, Sighting
from tests.support.api import NOW, ApiRoom, in_room
from tests.support.shown import bot_policy, follow, latch, performance, settings, sleeve

D = Decimal
STATE = {
    "mode": str,
    "killSwitch": bool,
    "tradingState": str,
    "equity": {"total": float, "botsAggregate": float, "fadeArena": float},
    "openPositions": {"count": int, "totalNotional": float},
    "systemStatus": {"hyperliquidConnected": bool, "lastEventTime": int, "lastOrderTime": int, "uptime": int},
    "dailyPnL": {"bots": float, "fadeArena": float},
}
MIRRORED = {"asset": str, "side": str, "size": float, "notional": float, "entryPrice": float, "unrealizedPnl": float}
STATS = {
    "totalTrades": int,
    "winRate": float,
    "totalPnL": float,
    "dailyPnL": float,
    "fees": float,
    "funding": float,
    "trackingError": float,
}
MODEL = {
    "id": str,
    "name": str,
    "walletAddress": str,
    "enabled": bool,
    "direction": str,
    "leverageMultiplier": float,
    "account": str,
    "currentPositions": [MIRRORED | {"leverage": int}],
    "myMirroredPositions": [MIRRORED],
    "stats": STATS,
}
TRADE = {
    "id": str,
    "type": str,
    "botId": str,
    "timestamp": int,
    "asset": str,
    "side": str,
    "size": float,
    "price": float,
    "notional": float,
    "pnl": float,
    "simulated": bool,
}
TRADES = {"trades": [TRADE], "pagination": {"page": int, "limit": int, "total": int, "totalPages": int}}
EQUITY = {
    "series": [{"timestamp": int, "botsAggregate": float, "fadeArena": float, "bots": {"a": float, "b": float}}],
    "interval": str,
    "startTime": int,
    "endTime": int,
}
BOT_SETTINGS = {
    "id": str,
    "name": str,
    "walletAddress": str,
    "enabled": bool,
    "direction": str,
    "sizing": str,
    "leverageMultiplier": float,
    "notionalUsd": float,
    "share": float,
    "exposureCap": float,
    "lossLimit": float,
    "maxLeverage": int,
    "orphanAfterMs": int,
    "startPolicy": str,
    "account": str,
    "coins": {"allow": list, "deny": list},
}
SETTINGS = {
    "mode": str,
    "globalExposureCap": float,
    "dailyLossLimit": float,
    "maxDrawdown": float,
    "maxOrderNotional": float,
    "onBreach": str,
    "maxSignalAgeMs": int,
    "bots": [BOT_SETTINGS],
    "assetExposureCaps": {"BTC": float},
    "slippage": {
        "entryBps": float,
        "reduceBps": float,
        "emergencyBps": float,
        "flattenMaxBps": float,
        "chaseBps": float,
    },
    "repair": str,
    "killSwitch": bool,
    "version": int,
}
HEALTH = {
    "status": str,
    "checks": {
        "database": {"status": str, "latency": int},
        "hyperliquid": {"status": str, "latency": int, "lastSuccessfulCall": int},
        "worker": {"status": str, "lastSeenAt": int, "heartbeatAge": int, "mode": str, "killSwitch": bool},
        "feeds": [{"name": str, "status": str, "lastMessageAge": int}],
    },
    "timestamp": int,
}
SOURCE = {
    "size": float,
    "followed": float,
    "baseline": float,
    "confidence": str,
    "entryPrice": float,
    "leverage": int,
    "unrealizedPnl": float,
}
SLEEVE = {
    "size": float,
    "target": float,
    "gap": float,
    "ratio": float,
    "entryPrice": float,
    "notional": float,
    "unrealizedPnl": float,
    "realised": float,
    "fees": float,
    "funding": float,
}
POSITION = {"botId": str, "asset": str, "mark": float, "markTime": int, "source": SOURCE, "ours": SLEEVE}
LATCH = {"scope": str, "latch": str, "actor": str, "since": int, "reason": str}
LEADER = {
    "id": str,
    "name": str,
    "walletAddress": str,
    "enabled": bool,
    "direction": str,
    "leverageMultiplier": float,
    "account": str,
    "state": str,
    "latches": [LATCH],
    "sighting": {"feed": str, "heard": int, "read": int, "lastTrade": int, "equity": float, "equityTime": int},
    "statistics": {
        "asOf": int,
        "net": float,
        "dayNet": float,
        "roi": float,
        "sourceRoi": float,
        "maxDrawdown": float,
        "sourceMaxDrawdown": float,
        "roundTrips": int,
        "winRate": float,
        "fills": int,
        "botTrades": int,
        "traded": float,
        "reactionMs": int,
        "trackingError": float,
    },
    "costs": {
        "fees": float,
        "funding": float,
        "slippageBps": float,
        "slippage": float,
        "crossingSaved": float,
        "missed": {"bot_exposure": int},
    },
}
FEEDS = {
    "asOf": int,
    "isCurrent": bool,
    "feeds": [
        {
            "name": str,
            "state": str,
            "ageMs": int,
            "connections": int,
            "wanted": int,
            "confirmed": int,
            "refused": list,
            "roundMs": int,
            "counts": {"trades": int},
        }
    ],
    "rate": {
        "perMinute": int,
        "used": int,
        "lanes": [{"lane": str, "used": int, "limit": int, "waiting": int, "refusals": int, "pausedMs": int}],
    },
    "wallets": {"total": int, "read": int, "oldestReadMs": int},
    "idleBots": [{"id": str, "name": str, "quietMs": int}],
    "workers": [{"id": str, "role": str, "lastSeenAt": int}],
}
SHAPES = {
    "/api/state": STATE,
    "/api/models": {"bots": [MODEL]},
    "/api/trades": TRADES,
    "/api/equity": EQUITY,
    "/api/settings": SETTINGS,
    "/api/health": HEALTH,
    "/api/positions": {"asOf": int, "positions": [POSITION]},
    "/api/bots": {"bots": [LEADER]},
    "/api/latches": {"latches": [LATCH]},
    "/api/feeds": FEEDS,
}
BY_NAME = frozenset({".assetExposureCaps", ".series[].bots", ".bots[].costs.missed", ".feeds[].counts"})
NEVER_NULL = frozenset(
    {
        ".mode",
        ".killSwitch",
        ".tradingState",
        ".openPositions.count",
        ".systemStatus.hyperliquidConnected",
        ".systemStatus.uptime",
        ".pagination.total",
        ".trades[].id",
        ".trades[].type",
        ".trades[].notional",
        ".status",
        ".checks.database.status",
        ".timestamp",
        ".version",
        ".isCurrent",
        ".positions[].botId",
        ".positions[].asset",
        ".bots[].id",
        ".bots[].state",
        ".bots[].statistics.botTrades",
        ".workers[].lastSeenAt",
    }
)


def fits(value: Any, shape: Any, path: str = "") -> list[str]:
    """Return where a value is not of a shape: exactly these names, of these kinds; what is not known is null."""
    if value is None:
        return [f"{path} is null"] if path in NEVER_NULL else []
    if isinstance(shape, dict):
        if not isinstance(value, dict) or (value.keys() != shape.keys() and path not in BY_NAME):
            return [f"{path} has {sorted(value)}"]
        return [wrong for name in value for wrong in fits(value[name], shape[name], f"{path}.{name}")]
    if isinstance(shape, list):
        return [wrong for item in value for wrong in fits(item, shape[0], f"{path}[]")]
    kinds = (int, float) if shape is float else (shape,)
    return [] if isinstance(value, kinds) and isinstance(value, bool) is (shape is bool) else [f"{path} is {value!r}"]


def policy() -> SettingsChange:
    """Return settings of two bots and two accounts, with a limit of each kind."""
    given = settings(bot_policy("a", 1), bot_policy("b", 2), accounts=("main", "alt"))
    assert given.policy is not None
    limited = msgspec.structs.replace(
        given.policy, global_exposure_cap=D(5000), max_drawdown=D("0.2"), asset_exposure_caps={"BTC": D(100)}
    )
    return msgspec.structs.replace(given, policy=limited)


def bot_trade(key: str, time: int, side: Side = Side.BUY) -> BotTrade:
    """Return a trade of bot a."""
    return BotTrade(
        bot="a",
        wallet="0x1",
        feed=Feed.TAPE,
        key=key,
        coin="BTC",
        time=time,
        side=side,
        price=D("100000.5"),
        quantity=D("0.5"),
        start_position=None,
        is_followed=True,
    )


def my_fill(key: str, realised: str = "0", side: Side = Side.SELL) -> MyFill:
    """Return a fill of ours, for bot a."""
    return MyFill(
        key=key,
        kind=FillKind.ORDER,
        account="main",
        coin="BTC",
        part=PartKind.SLEEVE,
        bot="a",
        side=side,
        quantity=D("0.025"),
        price=D(99010),
        fee=D("1.1"),
        realised=D(realised),
    )


def points(**usd: str | None) -> list[EquityPoint]:
    """Return points of equity; `bot_a` is the series `bot:a`."""
    return [
        EquityPoint(series=name.replace("_", ":"), usd=None if text is None else D(text)) for name, text in usd.items()
    ]


async def fill(room: ApiRoom) -> None:
    """Let a day and a half happen."""
    midnight = day_start(NOW)
    await room.tell(policy(), at=midnight - DAY_MS)
    await room.tell(
        *points(bot_a="1000", bot_b="50.25", account_main="10000", account_alt="1"), at=midnight - MINUTE_MS
    )
    await room.tell(
        follow("a", position="0.5"), sleeve("a", size="-0.025"), bot_trade("k1", NOW - 9_000), at=NOW - 9_000
    )
    await room.tell(my_fill("f1"), my_fill("f2", "12.5", Side.BUY), at=NOW - 8_000)
    quote = Quote(coin="BTC", mark=D(100_000), mark_time=NOW - 8_000)
    await room.tell(at=NOW - 8_000, event=Marks(time=NOW - 8_000, received=NOW - 8_000, quotes=(quote,)))
    await room.tell(
        *points(bot_a="1010.5", account_main="10012.5", account_alt="1"), performance("a"), at=NOW - 2 * SECOND_MS
    )
    await room.beat(time=NOW - 900)
    feeds = (
        FeedStatus(name="tape", state=FeedState.OK, heard=NOW - 1_000),
        FeedStatus(name="own", state=FeedState.OFF),
    )
    seen = Sighting(wallet=bot_policy("a", 1).wallet, since=0, leverages={"BTC": 10})
    await room.sightings.show(Sight(time=NOW - 500, now=NOW - 500, feeds=feeds), [seen])
    await room.tell(latch("bot:b", "pause", "reducing"))


@pytest.mark.parametrize("path", SHAPES)
def test_an_empty_installation_has_the_shapes_of_the_contract(path: str) -> None:
    """Before there is anything each answer has exactly the names of the contract; what is not known is null."""

    async def story(room: ApiRoom) -> None:
        answer = await room.get(path)
        assert answer.status == (503 if path == "/api/health" else 200)
        assert fits(answer.json, SHAPES[path]) == []

    in_room(story)


@pytest.mark.parametrize("path", SHAPES)
def test_one_at_work_has_the_shapes_of_the_contract(path: str) -> None:
    """With bots, positions and trades the names are the same, and lists hold what they should."""

    async def story(room: ApiRoom) -> None:
        await fill(room)
        answer = await room.get(path)
        assert answer.status == 200, answer.body
        assert fits(answer.json, SHAPES[path]) == []

    in_room(story)


def test_state_tells_what_was_recorded() -> None:
    """Equity is summed over accounts and over bots, positions are at their marks, the day begins at 00:00 UTC."""

    async def story(room: ApiRoom) -> None:
        await fill(room)
        state = (await room.get("/api/state")).json
        assert state["equity"] == {"total": 10013.5, "botsAggregate": 1060.75, "fadeArena": 10013.5}
        assert state["openPositions"] == {"count": 1, "totalNotional": 2500}
        assert state["dailyPnL"] == {"bots": 10.5, "fadeArena": -0.5}
        assert state["systemStatus"]["hyperliquidConnected"] is True
        assert (state["killSwitch"], state["tradingState"]) == (False, "active")
        await room.tell(latch("all", "kill", "halted"))
        killed = (await room.get("/api/state")).json
        assert (killed["killSwitch"], killed["tradingState"]) == (True, "halted")

    in_room(story)


def test_unknown_is_null_and_never_zero() -> None:
    """Where an account's equity, a mark or the day's sum is unknown, totals are null."""

    async def story(room: ApiRoom) -> None:
        await room.tell(policy(), *points(account_main="5"), sleeve("a", "ETH", size="1"), at=NOW - DAY_MS)
        state = (await room.get("/api/state")).json
        assert state["equity"] == {"total": None, "botsAggregate": None, "fadeArena": None}
        assert state["openPositions"] == {"count": 1, "totalNotional": None}
        assert state["dailyPnL"] == {"bots": None, "fadeArena": None}
        bot = (await room.get("/api/models")).json["bots"][0]
        assert set(bot["stats"].values()) == {None}
        assert bot["myMirroredPositions"][0]["unrealizedPnl"] is None

    in_room(story)


def test_models_tell_positions_and_statistics() -> None:
    """Sizes are unsigned beside a side; PnL is at the mark; a bot for which nothing was ever held brought nothing."""

    async def story(room: ApiRoom) -> None:
        await fill(room)
        first, second = (await room.get("/api/models")).json["bots"]
        assert first["currentPositions"] == [
            {
                "asset": "BTC",
                "side": "long",
                "size": 0.5,
                "notional": 50000,
                "entryPrice": 99.5,
                "unrealizedPnl": 49950.25,
                "leverage": 10,
            }
        ]
        assert first["myMirroredPositions"][0]["side"] == "short"
        assert first["stats"] == {
            "totalTrades": 9,
            "winRate": 0.25,
            "totalPnL": 1.5,
            "dailyPnL": -0.5,
            "fees": 0.25,
            "funding": 0,
            "trackingError": 0.001,
        }
        assert second["stats"]["totalPnL"] == 0
        assert second["currentPositions"] == second["myMirroredPositions"] == []

    in_room(story)


def test_trades_tell_both_kinds_with_their_true_count() -> None:
    """The newest first, filtered the same way for both kinds; pnl is null where nothing was closed."""

    async def story(room: ApiRoom) -> None:
        await fill(room)
        page = (await room.get("/api/trades", limit=2)).json
        assert page["pagination"] == {"page": 1, "limit": 2, "total": 3, "totalPages": 2}
        assert [(t["type"], t["side"], t["pnl"], t["simulated"]) for t in page["trades"]] == [
            ("mine", "long", 12.5, True),
            ("mine", "short", None, True),
        ]
        rest = (await room.get("/api/trades", limit=2, page=2)).json["trades"]
        assert [(t["type"], t["side"], t["notional"]) for t in rest] == [("bot", "long", 50000.25)]
        assert (await room.get("/api/trades", type="bot")).json["pagination"]["total"] == 1
        assert (await room.get("/api/trades", botId="b")).json["pagination"]["total"] == 0
        assert (await room.get("/api/trades", limit=2, botId="", asset="")).json == page
        assert (await room.get("/api/trades", asset="BTC", endTime=NOW - 8_500)).json["pagination"]["total"] == 1

    in_room(story)


def test_equity_has_the_last_value_of_each_interval() -> None:
    """Of bots only those with a value in it; the sums take the last known value of each."""

    async def story(room: ApiRoom) -> None:
        await fill(room)
        curve = (await room.get("/api/equity", interval="1h")).json
        assert (curve["endTime"], curve["startTime"], curve["interval"]) == (NOW, NOW - DAY_MS, "1h")
        assert curve["series"] == [
            {
                "timestamp": day_start(NOW) - 60 * MINUTE_MS,
                "botsAggregate": 1050.25,
                "fadeArena": 10001,
                "bots": {"a": 1000, "b": 50.25},
            },
            {
                "timestamp": NOW - NOW % (60 * MINUTE_MS),
                "botsAggregate": 1060.75,
                "fadeArena": 10013.5,
                "bots": {"a": 1010.5},
            },
        ]
        alone = (await room.get("/api/equity", botId="b", startTime=day_start(NOW))).json["series"]
        assert [(point["bots"], point["botsAggregate"]) for point in alone] == [({}, 50.25)]

    in_room(story)


def test_a_long_curve_is_whole() -> None:
    """However many parts it is written in: each minute once, in order, in both forms."""

    async def story(room: ApiRoom) -> None:
        await room.tell(settings(bot_policy("a", 1)))
        first = NOW - NOW % MINUTE_MS - 450 * MINUTE_MS
        for n in range(450):
            await room.tell(EquityPoint(series="bot:a", usd=D(n)), at=first + n * MINUTE_MS)
        for decimals in ("number", "string"):
            curve = (await room.get("/api/equity", interval="1m", decimals=decimals)).json
            assert [point["timestamp"] for point in curve["series"]] == [first + n * MINUTE_MS for n in range(450)]
            assert [int(point["botsAggregate"]) for point in curve["series"]] == list(range(450))

    in_room(story)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"startTime": 0, "endTime": 500_000 * 60_000, "interval": "1m"}, "take interval=1h"),
        ({"startTime": 0, "endTime": 253_402_300_799_999, "interval": "1m"}, "ask for a shorter time"),
        ({"startTime": 5, "endTime": 4}, "lies behind"),
    ],
)
def test_curves_that_cannot_be_are_refused(query: dict[str, object], sentence: str) -> None:
    """The sentence says which interval fits."""

    async def story(room: ApiRoom) -> None:
        answer = await room.get("/api/equity", None, **query)
        assert answer.status == 400
        assert answer.media_type == "application/problem+json"
        assert sentence in answer.json["detail"]

    in_room(story)


def test_curves_of_too_many_are_refused() -> None:
    """A hundred bots in ten thousand points would be more than anybody can draw."""

    async def story(room: ApiRoom) -> None:
        await room.tell(settings(*(bot_policy(f"b{n}", n + 1) for n in range(100))))
        whole = {"startTime": 0, "endTime": 9_999 * MINUTE_MS, "interval": "1m"}
        answer = await room.get("/api/equity", None, **whole)
        assert (answer.status, "take one by botId" in answer.json["detail"]) == (400, True)
        assert (await room.get("/api/equity", None, **whole, botId="b1")).status == 200

    in_room(story)


def test_settings_tell_every_limit() -> None:
    """The policy in force, with the kill switch beside it."""

    async def story(room: ApiRoom) -> None:
        assert (await room.get("/api/settings")).json["version"] == 0
        await fill(room)
        found = (await room.get("/api/settings")).json
        assert (found["version"], found["globalExposureCap"], found["maxDrawdown"]) == (1, 5000, 0.2)
        assert found["assetExposureCaps"] == {"BTC": 100}
        assert [bot["id"] for bot in found["bots"]] == ["a", "b"]
        exact = (await room.get("/api/settings", decimals="string")).json
        assert exact["slippage"]["entryBps"] == "50"

    in_room(story)


def test_health_says_what_is_down() -> None:
    """200 while the worker lives, at its best or not; 503 once it is dead, and without a worker."""

    async def story(room: ApiRoom) -> None:
        assert (await room.get("/api/health")).json["checks"]["worker"]["status"] == "down"
        await fill(room)
        well = await room.get("/api/health")
        assert (well.status, well.json["status"]) == (200, "healthy")
        checks = well.json["checks"]
        assert checks["worker"] == {
            "status": "ok",
            "lastSeenAt": NOW - 900,
            "heartbeatAge": 900,
            "mode": "simulation",
            "killSwitch": False,
        }
        assert checks["feeds"] == [
            {"name": "tape", "status": "ok", "lastMessageAge": 1_000},
            {"name": "own", "status": "off", "lastMessageAge": None},
        ]
        assert checks["hyperliquid"]["lastSuccessfulCall"] == NOW - 1_000
        await room.sightings.show(
            Sight(time=NOW, now=NOW, feeds=(FeedStatus(name="tape", state=FeedState.STALE, heard=1),)), []
        )
        assert (await room.get("/api/health")).json["status"] == "degraded"
        room.clock.move_by(5 * SECOND_MS)
        dead = await room.get("/api/health")
        assert (dead.status, dead.json["status"], dead.json["checks"]["worker"]["status"]) == (503, "unhealthy", "down")

    in_room(story)
