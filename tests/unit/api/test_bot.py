"""`GET /api/bots/{botId}` and `GET /api/accounts`: everything about one bot, and about our accounts."""

from typing import Any

import msgspec

from fadearena.adapters.memory.sightings import MemorySightings
from fadearena.model.event import Marks
from fadearena.model.finding import Finding, Level
from fadearena.model.market import Quote
from fadearena.model.record import Decision, Drift, EquityPoint, FillKind, MyFill, Outcome, PartKind
from fadearena.model.units import MINUTE_MS, EpochMs, Side
from fadearena.model.wallet import Feed
from fadearena.ports.modes import PreflightSeen
from fadearena.ports.sightings import Sight, Sighting
from tests.support.api import NOW, ApiRoom, api_room, in_room
from tests.support.shown import D, bot_policy, follow, latch, performance, settings, sleeve

BOT = bot_policy("a", 7)


def mark(coin: str, price: str, time: EpochMs) -> Marks:
    """Return that a price was heard."""
    return Marks(time=time, received=time, quotes=(Quote(coin=coin, mark=D(price), mark_time=time),))


async def filled(room: ApiRoom) -> None:
    """Let a bot hold something, and us because of it."""
    held = msgspec.structs.replace(sleeve("a", size="-2", target="-2.5"), cost=D(-200), realised=D("12.5"))
    brought = msgspec.structs.replace(performance("a", net="25"), slippage_bps=D(2), traded_usd=D(5_000))
    skipped: dict[str, Any] = {"outcome": Outcome.SKIP, "delta": D(0), "target": D(0), "sleeve": D(0)}
    missed = Decision(bot="a", account="main", coin="BTC", reason="bot_exposure", **skipped)
    await room.tell(settings(BOT, bot_policy("b", 8)), at=NOW - 9 * MINUTE_MS)
    await room.tell(EquityPoint(series="bot:a", usd=D(1_000)), missed, missed, at=NOW - 8 * MINUTE_MS)
    await room.tell(
        follow("a", position="40"),
        held,
        brought,
        latch("bot:a", "pause", "reducing"),
        latch("bot:b", "kill", "halted"),
        EquityPoint(series="bot:a", usd=D(1_200)),
        EquityPoint(series="mirror:a", usd=D(25)),
        EquityPoint(series="account:main", usd=D(525)),
        at=NOW - MINUTE_MS,
        event=mark("BTC", "98", NOW - MINUTE_MS),
    )


def test_a_bot_is_told_in_full() -> None:
    """Settings, reasons to stop, statistics, costs, what it and we hold with the gap between, and both curves."""

    async def story(room: ApiRoom) -> None:
        await filled(room)
        seen = Sighting(wallet=BOT.wallet, since=1, feed=Feed.TAPE, heard=NOW - 5, read=NOW - 9, equity=D(1_200))
        assert isinstance(room.sightings, MemorySightings)
        await room.sightings.show(Sight(time=NOW, now=NOW), [seen])
        found = (await room.get("/api/bots/a", interval="1m")).json
        assert found["settings"]["walletAddress"] == BOT.wallet
        assert (found["state"], [each["latch"] for each in found["latches"]]) == ("reducing", ["pause"])
        assert (found["sighting"]["heard"], found["sighting"]["feed"]) == (NOW - 5, "tape")
        statistics, costs = found["statistics"], found["costs"]
        assert (statistics["net"], statistics["roi"], statistics["sourceRoi"]) == (25, 0.05, 0.2)
        assert (statistics["roundTrips"], statistics["winRate"], statistics["asOf"]) == (3, 0.25, NOW - MINUTE_MS)
        assert (costs["slippageBps"], costs["slippage"], costs["missed"]) == (2, 1, {"bot_exposure": 2})
        (position,) = found["positions"]
        assert (position["asset"], position["mark"]) == ("BTC", 98)
        assert (position["source"]["size"], position["source"]["unrealizedPnl"]) == (40, -60)
        ours = position["ours"]
        assert (ours["size"], ours["target"], ours["gap"], ours["entryPrice"]) == (-2, -2.5, -0.5, 100)
        assert (ours["notional"], ours["unrealizedPnl"], ours["realised"]) == (196, 4, 12.5)
        points = [(point["source"], point["mirror"]) for point in found["curve"]["series"]]
        assert points == [(1_000, None), (1_200, 25)]

    in_room(story)


def test_a_bot_of_which_nothing_is_known_is_told_all_the_same() -> None:
    """What never happened is null, not 0; a bot that is not there is 404."""

    async def story(room: ApiRoom) -> None:
        await room.tell(settings(BOT))
        found = (await room.get("/api/bots/a")).json
        assert found["sighting"] is None
        assert (found["positions"], found["curve"]["series"], found["latches"]) == ([], [], [])
        unknown = {name for name, value in found["statistics"].items() if value is None}
        assert unknown == set(found["statistics"]) - {"botTrades"}
        assert (await room.get("/api/bots/z")).status == 404
        assert (await room.get("/api/bots/a", startTime=2, endTime=1)).status == 400

    in_room(story)


def fill(part: PartKind, side: Side, quantity: str) -> MyFill:
    """Return that something moved which is no sleeve's."""
    numbers: dict[str, Any] = {"quantity": D(quantity), "price": D(100), "fee": D(0), "realised": D(0)}
    return MyFill(
        key="k", kind=FillKind.OPERATOR, account="main", coin="BTC", part=part, bot=None, side=side, **numbers
    )


def test_an_account_is_told_with_its_books() -> None:
    """Positions are sleeves, residue and external together; drift, margin and state stand beside them."""

    async def story(room: ApiRoom) -> None:
        await filled(room)
        drift = Drift(account="main", coin="BTC", ours=D("-1.5"), theirs=D(-1), is_open=True)
        await room.tell(
            fill(PartKind.EXTERNAL, Side.BUY, "0.7"), fill(PartKind.RESIDUE, Side.SELL, "0.2"), drift, at=NOW - 7
        )
        found = (await room.get("/api/accounts")).json
        assert found["preflight"] is None
        (account,) = found["accounts"]
        assert (account["id"], account["equity"], account["bots"]) == ("main", 525, ["a", "b"])
        assert account["state"] == "active"
        (position,) = account["positions"]
        assert (position["size"], position["residue"], position["external"]) == (-1.5, -0.2, 0.7)
        assert position["sleeves"] == [{"botId": "a", "size": -2, "target": -2.5}]
        assert (position["notional"], position["drift"]) == (147, {"ours": -1.5, "theirs": -1, "since": NOW - 7})
        margin = account["margin"]
        assert (margin["notional"], margin["required"], margin["leverage"], margin["maxLeverage"]) == (
            147,
            29.4,
            0.28,
            5,
        )

    in_room(story)


def test_margin_is_unknown_without_a_mark() -> None:
    """No price, no sum; an account that was never heard of has no equity."""

    async def story(room: ApiRoom) -> None:
        await room.tell(settings(BOT), sleeve("a", size="1", target="1"))
        (account,) = (await room.get("/api/accounts")).json["accounts"]
        margin = account["margin"]
        assert (account["equity"], margin["notional"], margin["required"], margin["leverage"]) == (None,) * 4

    in_room(story)


class Looked:
    """Somebody looked whether live trading may begin."""

    def last_preflight(self) -> PreflightSeen:
        """Return what was found."""
        failed = Finding(check="margin", level=Level.FAIL, text="no money", advice="deposit some")
        return PreflightSeen(time=NOW - 1, checks=(Finding(check="clock", level=Level.OK, text="fits"), failed))


def test_the_last_preflight_is_told() -> None:
    """What was found when live trading was asked for, without looking again."""

    async def story(room: ApiRoom) -> None:
        found = (await room.get("/api/accounts")).json["preflight"]
        assert (found["timestamp"], found["passed"]) == (NOW - 1, False)
        assert [(each["check"], each["level"]) for each in found["checks"]] == [("clock", "ok"), ("margin", "fail")]

    in_room(story, api_room(modes=Looked()))  # type: ignore[arg-type]  # it is asked for nothing else
