"""Lists that grow: their shapes, their filters, and pages that neither repeat nor hide anything."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from fadearena.model.event import Kill, Pause, SetPolicy
from fadearena.model.order import OrderStatus
from fadearena.model.policy import Policy
from fadearena.model.record import (
    Alert,
    BotsChange,
    Check,
    Decision,
    Effect,
    Outcome,
    Record,
)
from fadearena.ports.access import AccessEntry
from fadearena.ports.outbox import Delivery
from tests.support.api import NOW, ApiRoom, in_room
from tests.support.shown import D, bot_policy, one_of_each, order, settings, shadow

CHECK = Check("bot_exposure", passed=False, value="5 USD", limit="4 USD", effect=Effect.SKIP)


def decision(bot: str = "a", coin: str = "BTC", outcome: Outcome = Outcome.SKIP, cloid: str | None = None) -> Decision:
    """Return a decision with a check that did not pass."""
    sizes = {"delta": D("-0.5"), "target": D("-0.5"), "sleeve": D(0)}
    return Decision(
        bot=bot, account="main", coin=coin, outcome=outcome, reason="r", checks=(CHECK,), cloid=cloid, **sizes
    )


def test_a_decision_is_told_with_its_checks() -> None:
    """Every field of the ledger is there, and every check with value, limit and effect."""

    async def story(room: ApiRoom) -> None:
        await room.tell(decision())
        answer = await room.get("/api/decisions")
        assert answer.json == {
            "decisions": [
                {
                    "seq": 1,
                    "timestamp": NOW,
                    "botId": "a",
                    "account": "main",
                    "asset": "BTC",
                    "outcome": "skip",
                    "reason": "r",
                    "delta": -0.5,
                    "target": -0.5,
                    "sleeve": 0,
                    "size": None,
                    "limitPrice": None,
                    "cloid": None,
                    "checks": [
                        {
                            "name": "bot_exposure",
                            "passed": False,
                            "value": "5 USD",
                            "limit": "4 USD",
                            "effect": "skip",
                        }
                    ],
                }
            ],
            "nextCursor": None,
        }
        exact = await room.get("/api/decisions", decimals="string")
        assert exact.json["decisions"][0]["delta"] == "-0.5"

    in_room(story)


def test_decisions_are_narrowed_down() -> None:
    """By bot, asset and outcome, alone and together."""

    async def story(room: ApiRoom) -> None:
        await room.tell(decision(), decision("b"), decision(coin="ETH"), decision(outcome=Outcome.EXECUTE))
        asked: tuple[tuple[dict[str, Any], list[int]], ...] = (
            ({}, [4, 3, 2, 1]),
            ({"botId": "b"}, [2]),
            ({"asset": "ETH"}, [3]),
            ({"outcome": "execute"}, [4]),
            ({"botId": "a", "asset": "BTC", "outcome": "skip"}, [1]),
            ({"botId": "nobody"}, []),
        )
        for query, found in asked:
            answer = await room.get("/api/decisions", **query)
            assert [each["seq"] for each in answer.json["decisions"]] == found, query

    in_room(story)


def test_decisions_are_narrowed_down_by_time() -> None:
    """From and until are inclusive, together with every other filter; the span has to hold something."""

    async def story(room: ApiRoom) -> None:
        for n in range(4):
            await room.tell(decision("ab"[n % 2]), at=NOW - 10 + n)
        asked: tuple[tuple[dict[str, Any], list[int]], ...] = (
            ({"startTime": NOW - 9, "endTime": NOW - 8}, [3, 2]),
            ({"startTime": NOW - 9}, [4, 3, 2]),
            ({"endTime": NOW - 9, "botId": "b"}, [2]),
            ({"startTime": NOW}, []),
        )
        for query, found in asked:
            answer = await room.get("/api/decisions", **query)
            assert [each["seq"] for each in answer.json["decisions"]] == found, query
        assert (await room.get("/api/decisions", startTime=2, endTime=1)).status == 400

    in_room(story)


async def pages(room: ApiRoom, path: str, name: str, more: Callable[[], Any]) -> list[Any]:
    """Walk through all pages of two, while something new comes before each."""
    found: list[Any] = []
    cursor: str | None = None
    for _ in range(20):
        given: dict[str, Any] = {} if cursor is None else {"cursor": cursor}
        page = (await room.get(path, limit=2, **given)).json
        assert len(page[name]) <= 2
        found += page[name]
        cursor = page["nextCursor"]
        if cursor is None:
            return found
        await more()
    raise AssertionError("the list has no end")


@pytest.mark.parametrize(
    ("path", "name", "made"),
    [
        ("/api/decisions", "decisions", lambda n: decision()),
        ("/api/orders", "orders", lambda n: order(f"0x{n}")),
        ("/api/fills", "fills", lambda n: one_of_each()[4]),
        ("/api/settings/history", "history", lambda n: settings(bot_policy("a"), version=n)),
        ("/api/alerts", "alerts", lambda n: Alert(level="info", category="c", subject=str(n), text="t")),
    ],
)
def test_pages_neither_repeat_nor_hide(path: str, name: str, made: Callable[[int], Record]) -> None:
    """What was there when the first page was asked for is on one page each, whatever comes meanwhile."""

    async def story(room: ApiRoom) -> None:
        count = 5
        await room.tell(*(made(n) for n in range(1, count + 1)))

        async def more() -> None:
            nonlocal count
            count += 1
            await room.tell(made(count))

        found = await pages(room, path, name, more)
        key = "id" if name == "alerts" else "seq"
        assert [each[key] for each in found] == [5, 4, 3, 2, 1]
        assert (await room.get(path, cursor="bm9uc2Vuc2U=")).status == 400
        assert (await room.get(path, limit=0)).status == 422

    in_room(story)


def test_an_order_is_told_from_its_decision_to_its_fills() -> None:
    """The story of one order: its decision, every transition with its time, what it moved, and its shadow."""

    async def story(room: ApiRoom) -> None:
        fill = msgspec.structs.replace(one_of_each()[4], cloid="0xa1", bot="a")
        await room.tell(decision(outcome=Outcome.EXECUTE, cloid="0xa1"), order("0xa1"), at=NOW - 2)
        await room.tell(fill, order("0xa1", OrderStatus.FILLED, "0.5"), shadow("0xa1"), at=NOW - 1)
        found = (await room.get("/api/orders/0xA1", decimals="string")).json
        assert set(found) == {"order", "decision", "transitions", "fills", "shadow"}
        assert (found["order"]["status"], found["order"]["created"], found["order"]["changed"]) == (
            "filled",
            NOW - 2,
            NOW - 1,
        )
        assert (found["order"]["filled"], found["order"]["averagePrice"]) == ("0.5", "100.25")
        assert found["decision"]["checks"][0]["name"] == "bot_exposure"
        assert [(step["status"], step["timestamp"]) for step in found["transitions"]] == [
            ("pending", NOW - 2),
            ("filled", NOW - 1),
        ]
        assert [each["cloid"] for each in found["fills"]] == ["0xa1"]
        assert found["shadow"] == {"size": "0.5", "price": "100.2", "fee": "0.0225", "reason": ""}
        assert (await room.get("/api/orders/0xb2")).status == 404
        listed = (await room.get("/api/orders", status="filled", account="main", botId="a")).json["orders"]
        assert [each["cloid"] for each in listed] == ["0xa1"]
        assert (await room.get("/api/orders", status="rejected")).json["orders"] == []

    in_room(story)


def test_fills_are_narrowed_down() -> None:
    """By account, asset, bot and time; the span has to hold something."""

    async def story(room: ApiRoom) -> None:
        await room.tell(one_of_each()[4], at=NOW - 5)
        (fill,) = (await room.get("/api/fills", account="main", asset="BTC", decimals="string")).json["fills"]
        assert (fill["part"], fill["kind"], fill["side"], fill["fee"]) == ("residue", "cross", "buy", "-0.01")
        for query in ({"account": "alt"}, {"asset": "ETH"}, {"botId": "a"}, {"startTime": NOW}, {"endTime": NOW - 9}):
            assert (await room.get("/api/fills", **query)).json["fills"] == [], query
        assert (await room.get("/api/fills", startTime=2, endTime=1)).status == 400

    in_room(story)


def test_events_are_asked_for_by_what_was_seen_last() -> None:
    """The log comes ascending, after `since`; what follows is asked for by `nextSince`; level and category narrow."""

    async def story(room: ApiRoom) -> None:
        await room.tell(*one_of_each())
        first = (await room.get("/api/events", limit=4)).json
        assert [event["seq"] for event in first["events"]] == [1, 2, 3, 4]
        rest = (await room.get("/api/events", since=first["nextSince"], limit=200)).json
        assert [event["seq"] for event in rest["events"]] == [*range(5, len(one_of_each()) + 1)]
        assert (await room.get("/api/events", since=rest["nextSince"])).json == {
            "events": [],
            "nextSince": rest["nextSince"],
        }
        (alert,) = (await room.get("/api/events", level="critical", category="drift")).json["events"]
        assert (alert["type"], alert["level"], alert["category"]) == ("alert", "critical", "drift")
        assert alert["data"] == {"level": "critical", "category": "drift", "subject": "main", "text": "look"}
        assert (await room.get("/api/events", since=-1)).status == 422

    in_room(story)


def test_alerts_tell_whether_they_were_delivered() -> None:
    """Each row of the outbox is told with its state, and can be asked for by it."""

    async def story(room: ApiRoom) -> None:
        await room.tell(Alert(level="critical", category="drift", subject="main", text="look"))
        (waiting,) = (await room.get("/api/alerts", state="queued")).json["alerts"]
        assert (waiting["seq"], waiting["state"], waiting["attempts"], waiting["changed"]) == (1, "queued", 0, None)
        (row,) = await room.doors.outbox.queued(1)
        sent = {"state": Delivery.SENT, "attempts": 1, "changed_ms": NOW, "reached": ("ntfy",)}
        await room.doors.outbox.save([msgspec.structs.replace(row, **sent)])
        (told,) = (await room.get("/api/alerts", state="sent")).json["alerts"]
        assert (told["changed"], told["reached"], told["nextAttempt"]) == (NOW, ["ntfy"], None)
        assert (await room.get("/api/alerts", state="failed")).json["alerts"] == []

    in_room(story)


def test_the_history_of_settings_names_each_field() -> None:
    """Whole settings and bots alone are compared with what was before; of the first nothing was before."""

    async def story(room: ApiRoom) -> None:
        bot = bot_policy("a")
        await room.tell(settings(bot), at=NOW - 3)
        louder = msgspec.structs.replace(bot, leverage_multiplier=D("0.1"))
        await room.tell(BotsChange(version=2, actor="bob", put=(louder, bot_policy("b", 2))), at=NOW - 2)
        await room.tell(BotsChange(version=3, actor="bob", dropped=("b",)), at=NOW - 1)
        history = (await room.get("/api/settings/history")).json["history"]
        assert [(step["version"], step["actor"], step["timestamp"]) for step in history] == [
            (3, "bob", NOW - 1),
            (2, "bob", NOW - 2),
            (1, "ann", NOW - 3),
        ]
        gone, changed, first = (step["changes"] for step in history)
        assert first is None
        assert {"field": "bots.a.leverageMultiplier", "before": "0.05", "after": "0.1"} in changed
        assert {"field": "bots.b.id", "before": None, "after": "b"} in changed
        assert {"field": "bots.b.id", "before": "b", "after": None} in gone
        assert all(change["field"].startswith("bots.b.") for change in gone)
        (newest,) = (await room.get("/api/settings/history", limit=1)).json["history"]
        assert newest == history[0]

    in_room(story)


def test_bots_without_settings_are_not_compared() -> None:
    """Where it is not known what the settings were, nobody says what changed."""

    async def story(room: ApiRoom) -> None:
        await room.tell(BotsChange(version=2, actor="bob", put=(bot_policy("b"),)))
        (step,) = (await room.get("/api/settings/history")).json["history"]
        assert step["changes"] is None

    in_room(story)


def test_the_audit_holds_requests_and_commands() -> None:
    """Who did what, the newest first, over both kinds, page by page; whole settings are not repeated in it."""

    async def story(room: ApiRoom) -> None:
        entry = AccessEntry(time=0, actor="api:x", address="::1", what="POST /api/kill-switch", status=200)
        for n in range(5):
            await room.doors.access.note(at_time(entry, NOW + 2 * n))
            await room.doors.control.put(f"cli:{n}", Pause(), now=NOW + 2 * n + 1)
        await room.doors.control.put("cli:z", SetPolicy(policy=Policy(), expected_version=3), now=NOW + 99)

        async def more() -> None:
            await room.doors.control.put("cli:late", Kill(), now=NOW + 1_000)
            await room.doors.access.note(at_time(entry, NOW + 1_000))

        found = await pages(room, "/api/audit", "entries", more)
        assert [each["timestamp"] - NOW for each in found] == [99, *range(9, -1, -1)]
        command, request = found[1], found[2]
        assert (command["kind"], command["what"], command["actor"], command["state"]) == (
            "command",
            "pause",
            "cli:4",
            "queued",
        )
        assert (request["kind"], request["status"], request["address"]) == ("request", 200, "::1")
        assert found[0]["detail"] == '{"expected_version":3}'
        for cursor in ("bm9uc2Vuc2U=", "YQ==", "YTEuMi4z", "YXgueQ=="):
            assert (await room.get("/api/audit", cursor=cursor)).status == 400

    in_room(story)


def at_time(entry: AccessEntry, time: int) -> AccessEntry:
    """Return the same entry at another time."""
    return msgspec.structs.replace(entry, time=time)
