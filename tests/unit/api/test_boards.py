"""`GET /api/positions`, `GET /api/bots` and `GET /api/latches`: everything side by side."""

import msgspec

from fadearena.model.event import Marks
from fadearena.model.market import Quote
from fadearena.model.record import BotTrade, Decision, EquityPoint, Outcome
from fadearena.model.units import MINUTE_MS, Side
from fadearena.model.wallet import Feed
from fadearena.ports.sightings import Sight, Sighting
from tests.support.api import NOW, ApiRoom, in_room
from tests.support.shown import D, bot_policy, follow, latch, performance, settings, sleeve

FIRST, SECOND = bot_policy("b", 7), bot_policy("a", 8)
SKIPPED = Decision(
    bot="b", account="main", coin="BTC", outcome=Outcome.SKIP, reason="age", delta=D(0), target=D(0), sleeve=D(0)
)
TRADE = BotTrade(
    bot="b",
    wallet=FIRST.wallet,
    feed=Feed.TAPE,
    key="k",
    coin="BTC",
    time=NOW - 5,
    side=Side.BUY,
    price=D(90),
    quantity=D(1),
    start_position=None,
    is_followed=True,
)


async def filled(room: ApiRoom) -> None:
    """Let two bots hold something, and us because of one of them."""
    held = msgspec.structs.replace(sleeve("b", size="-2", target="-2.5"), cost=D(-200))
    await room.tell(settings(FIRST, SECOND), at=NOW - 9 * MINUTE_MS)
    quotes = (
        Quote(coin="BTC", mark=D(98), mark_time=NOW - 4_000),
        Quote(coin="DOGE", mark=D(1), mark_time=NOW - 2_000),
    )
    await room.tell(
        follow("b", position="40"),
        follow("a", "ETH", position="-1"),
        follow("a", "SOL"),
        held,
        sleeve("a", "SOL", target="3"),
        sleeve("a", "SUI"),
        event=Marks(time=NOW - 3_000, received=NOW - 3_000, quotes=quotes),
    )
    seen = Sighting(wallet=FIRST.wallet, since=1, heard=NOW - 5, equity=D(1_200), leverages={"BTC": 10})
    await room.sightings.show(Sight(time=NOW, now=NOW), [seen])


def test_all_positions_are_told_and_flat_ones_left_out() -> None:
    """By bot and coin, theirs beside ours with the gap between; what nobody looked at is null."""

    async def story(room: ApiRoom) -> None:
        await filled(room)
        found = (await room.get("/api/positions", decimals="string")).json
        assert found["asOf"] == NOW - 2_000
        assert [(each["botId"], each["asset"]) for each in found["positions"]] == [
            ("a", "ETH"),
            ("a", "SOL"),
            ("b", "BTC"),
        ]
        short, wanted, both = found["positions"]
        assert (short["mark"], short["markTime"], short["ours"]) == (None, None, None)
        assert (short["source"]["size"], short["source"]["unrealizedPnl"], short["source"]["leverage"]) == (
            "-1",
            None,
            None,
        )
        assert (wanted["source"], wanted["ours"]["size"], wanted["ours"]["gap"]) == (None, "0", "3")
        assert (both["mark"], both["markTime"]) == ("98", NOW - 4_000)
        assert (both["source"]["leverage"], both["source"]["unrealizedPnl"]) == (10, "-60")
        ours = both["ours"]
        assert (ours["size"], ours["target"], ours["gap"], ours["notional"], ours["unrealizedPnl"]) == (
            "-2",
            "-2.5",
            "-0.5",
            "196",
            "4",
        )

    in_room(story)


def test_positions_are_those_of_each_bots_own_page() -> None:
    """The same down to the last digit, but for whose they are."""

    async def story(room: ApiRoom) -> None:
        await filled(room)
        for bot in ("a", "b"):
            of_bot = (await room.get(f"/api/bots/{bot}", decimals="string")).json["positions"]
            rows = (await room.get("/api/positions", decimals="string")).json["positions"]
            assert [{**each, "botId": bot} for each in of_bot] == [row for row in rows if row["botId"] == bot]
            assert of_bot

    in_room(story)


def test_all_bots_are_told_side_by_side() -> None:
    """In the order of the settings, each with its statistics, costs and reasons to stop, as its own page has them."""

    async def story(room: ApiRoom) -> None:
        await filled(room)
        await room.tell(EquityPoint(series="bot:b", usd=D(1_000)), SKIPPED, TRADE, at=NOW - 2 * MINUTE_MS)
        await room.tell(
            EquityPoint(series="bot:b", usd=D(1_200)),
            EquityPoint(series="mirror:b", usd=D(25)),
            EquityPoint(series="account:main", usd=D(525)),
            performance("b", net="25"),
            latch("bot:b", "pause", "reducing"),
            latch("account:main", "daily_loss", "reducing"),
            at=NOW - MINUTE_MS,
        )
        first, second = (await room.get("/api/bots")).json["bots"]
        assert (first["id"], first["name"], first["account"]) == ("b", "B", "main")
        assert first["walletAddress"] == FIRST.wallet
        assert (first["enabled"], first["direction"], first["leverageMultiplier"]) == (True, "fade", 0.05)
        assert first["state"] == second["state"] == "reducing"
        assert [each["latch"] for each in first["latches"]] == ["daily_loss", "pause"]
        assert [each["latch"] for each in second["latches"]] == ["daily_loss"]
        assert (first["sighting"]["equity"], second["sighting"]) == (1_200, None)
        statistics = first["statistics"]
        assert (statistics["net"], statistics["roi"], statistics["sourceRoi"], statistics["botTrades"]) == (
            25,
            0.05,
            0.2,
            1,
        )
        assert first["costs"]["missed"] == {"age": 1}
        assert {name for name, value in second["statistics"].items() if value is not None} == {"botTrades"}
        for each in (first, second):
            alone = (await room.get(f"/api/bots/{each['id']}")).json
            shared = ("state", "latches", "sighting", "statistics", "costs")
            assert {name: alone[name] for name in shared} == {name: each[name] for name in shared}

    in_room(story)


def test_everything_that_holds_something_back_is_told() -> None:
    """By scope, with who set it, when and why; what ended is gone."""

    async def story(room: ApiRoom) -> None:
        assert (await room.get("/api/latches")).json == {"latches": []}
        await room.tell(latch("bot:b", "pause", "reducing"), latch("all", "kill", "halted"), at=NOW - 9)
        assert (await room.get("/api/latches")).json["latches"] == [
            {"scope": "all", "latch": "kill", "actor": "ann", "since": NOW - 9, "reason": "so"},
            {"scope": "bot:b", "latch": "pause", "actor": "ann", "since": NOW - 9, "reason": "so"},
        ]
        await room.tell(latch("all", "kill", "active", is_set=False))
        assert [each["scope"] for each in (await room.get("/api/latches")).json["latches"]] == ["bot:b"]

    in_room(story)
