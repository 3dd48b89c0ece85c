"""Bots that come, change, stop and go over HTTP, with a whole worker behind it."""

from fadearena.model.event import Kill, Pause, Reanchor, Rejoin, Release, Resume
from tests.support.api import ApiRoom, in_room
from tests.support.api_worker import with_worker
from tests.support.room import Room
from tests.support.world import MAIN

NEW = {"id": "new", "walletAddress": "0x" + "f" * 40, "direction": "copy", "leverageMultiplier": "0.10"}
BOT = "/api/bots/bot"


async def actions(room: Room) -> list[object]:
    """Return what was ordered, the oldest first."""
    return [entry.action for entry in reversed(await room.control.entries(None, 50))]


def test_a_bot_comes_changes_and_goes() -> None:
    """Each answer is the bot as the settings have it then, at once in all that is read."""

    async def story(api: ApiRoom, room: Room) -> None:
        made = await api.send("POST", "/api/bots", NEW, query={"decimals": "string"})
        bot = made.json["bot"]
        assert (made.status, bot["name"], bot["direction"], bot["leverageMultiplier"], bot["account"]) == (
            201,
            "new",
            "copy",
            "0.1",
            "main",
        )
        assert [each["id"] for each in (await api.get("/api/models")).json["bots"]] == ["bot", "new"]
        changed = await api.send("PATCH", "/api/bots/new", {"enabled": False, "coins": {"allow": ["BTC"]}})
        assert (changed.status, changed.json["bot"]["enabled"], changed.json["bot"]["coins"]) == (
            200,
            False,
            {"allow": ["BTC"], "deny": []},
        )
        assert changed.json["version"] == made.json["version"] + 1
        same = await api.send("PATCH", "/api/bots/new", {"enabled": False})
        assert same.json == changed.json
        gone = await api.send("DELETE", "/api/bots/new")
        assert gone.json == {"success": True, "id": "new", "version": made.json["version"] + 2}
        assert list(room.state.bot_policies) == ["bot"]

    with_worker(story)


def test_what_does_not_fit_is_said() -> None:
    """A wallet that is mistyped, ours or taken, an id that is there already, fields that are wrong."""

    async def story(api: ApiRoom, room: Room) -> None:
        taken = room.policy.bots[0].wallet
        for content, status, words in (
            ({**NEW, "id": "bot"}, 409, "PATCH /api/bots/bot"),
            ({**NEW, "id": "No"}, 400, "'No' is not an id"),
            ({**NEW, "walletAddress": taken}, 400, "belongs to another bot"),
            ({**NEW, "walletAddress": MAIN}, 400, "is an account or signer of our own"),
            ({**NEW, "walletAddress": "0x" + "fF" * 20}, 400, "is mistyped"),
            ({**NEW, "leverageMultiplier": 11}, 400, "leverageMultiplier must be > 0 and <= 10"),
            ({**NEW, "account": "other"}, 400, "account other does not exist"),
            ({"id": "new"}, 422, "walletAddress: Field required"),
            ({**NEW, "stats": {}}, 422, "stats: Extra inputs"),
            ({**NEW, "leverageMultiplier": None}, 422, "leverageMultiplier"),
        ):
            answer = await api.send("POST", "/api/bots", content)
            assert (answer.status, words in answer.json["detail"]) == (status, True), answer.body
        assert (await api.send("PATCH", BOT, {"exposureCap": -1})).json["reasons"] == [
            "exposureCap must be positive or null"
        ]
        assert (await api.send("PATCH", BOT, {"id": "other"})).status == 422
        assert await actions(room) == []

    with_worker(story)


def test_a_bot_that_we_hold_something_of_does_not_go() -> None:
    """The refusal says how it is closed; then it goes."""

    async def story(api: ApiRoom, room: Room) -> None:
        room.wallets.trade("BTC", "1")
        await room.wait(3_000)
        refused = await api.send("DELETE", BOT)
        assert (refused.status, "POST /api/bots/bot/flatten" in refused.json["detail"]) == (409, True)
        moved = await api.send("PATCH", BOT, {"walletAddress": "0x" + "e" * 40})
        assert (moved.status, "holds positions" in moved.json["reasons"][0]) == (409, True)
        assert (await api.send("POST", f"{BOT}/flatten")).json["state"] == "flattening"
        await room.wait(6_000)
        assert (await api.send("DELETE", BOT)).status == 200

    with_worker(story)


def test_a_bot_stops_and_goes_on() -> None:
    """Whatever stops it is ended by `active`, with one command for each kind of stop."""

    async def story(api: ApiRoom, room: Room) -> None:
        async def brought(**content: object) -> object:
            answer = await api.send("POST", f"{BOT}/state", content)
            assert answer.status == 200
            return answer.json["state"]

        assert await brought(state="active") == "active"
        assert await brought(state="reducing") == "reducing"
        assert await brought(state="halted") == "halted"
        assert await brought(state="active", rejoin=True) == "active"
        assert await actions(room) == [
            Pause(bot="bot"),
            Kill(bot="bot"),
            Release(bot="bot", rejoin=True),
            Resume(bot="bot"),
        ]
        await api.send("PATCH", BOT, {"enabled": False})
        assert await brought(state="active") == "reducing"

    with_worker(story)


def test_positions_are_sized_anew_and_taken_up() -> None:
    """Of all coins without a body, or of one; a coin in which it was never seen is refused."""

    async def story(api: ApiRoom, room: Room) -> None:
        room.wallets.trade("BTC", "1")
        await room.wait(3_000)
        assert (await api.send("POST", f"{BOT}/reanchor")).json["success"] is True
        assert (await api.send("POST", f"{BOT}/rejoin", {"asset": "BTC"})).json["success"] is True
        refused = await api.send("POST", f"{BOT}/rejoin", {"asset": "SOL"})
        assert (refused.status, refused.json["reasons"]) == (409, ["bot was never seen in SOL"])
        assert await actions(room) == [
            Reanchor(bot="bot"),
            Rejoin(bot="bot", coin="BTC"),
            Rejoin(bot="bot", coin="SOL"),
        ]

    with_worker(story)


def test_an_unknown_bot_is_not_found() -> None:
    """Wherever it is named; nothing is ordered."""

    async def story(api: ApiRoom, room: Room) -> None:
        for method, path, content in (
            ("PATCH", "", {}),
            ("DELETE", "", None),
            ("POST", "/state", {"state": "active"}),
            ("POST", "/flatten", None),
            ("POST", "/reanchor", None),
            ("POST", "/rejoin", {}),
        ):
            answer = await api.send(method, f"/api/bots/nobody{path}", content)
            assert (answer.status, "no bot nobody" in answer.json["detail"]) == (404, True)
        assert await actions(room) == []

    with_worker(story)


def test_before_there_are_settings_no_bot_comes() -> None:
    """A worker makes the first ones."""

    async def story(room: ApiRoom) -> None:
        answer = await room.send("POST", "/api/bots", NEW)
        assert (answer.status, "no settings yet" in answer.json["detail"]) == (409, True)

    in_room(story)
