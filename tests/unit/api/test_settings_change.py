"""`POST /api/settings` with a whole worker behind it: what is taken, what is refused, and in which words."""

from decimal import Decimal as D

from fadearena.model.event import SetPolicy
from fadearena.model.record import SettingsChange
from tests.support.api import ApiRoom, api_room, in_room
from tests.support.api_worker import with_worker
from tests.support.room import Room
from tests.support.world import settings

PATH = "/api/settings"
SETTINGS = SettingsChange(version=1, actor="test", policy=settings())


def test_some_fields_change_and_the_rest_stays() -> None:
    """Parts, coins' caps and bots are merged; the answer is the settings in force, exact to the digit."""

    async def story(api: ApiRoom, room: Room) -> None:
        before = (await api.get(PATH)).json
        name = before["bots"][0]["id"]
        change = {
            "dailyLossLimit": "250.10",
            "slippage": {"entryBps": 60},
            "assetExposureCaps": {"BTC": 5000, "ETH": 7},
            "bots": [{"id": name, "leverageMultiplier": 0.1, "coins": {"deny": ["SOL"]}}],
            "version": before["version"],
        }
        answer = await api.send("POST", PATH, change, query={"decimals": "string"})
        now = answer.json["settings"]
        assert (answer.status, answer.json["success"]) == (200, True)
        assert (now["dailyLossLimit"], now["slippage"]["entryBps"]) == ("250.1", "60")
        assert now["slippage"]["reduceBps"] == "100"
        assert (now["bots"][0]["leverageMultiplier"], now["bots"][0]["coins"]) == (
            "0.1",
            {"allow": None, "deny": ["SOL"]},
        )
        assert (await api.get(PATH, decimals="string")).json == now
        assert now["version"] == before["version"] + 1
        await api.send("POST", PATH, {"assetExposureCaps": {"BTC": None}})
        assert (await api.get(PATH)).json["assetExposureCaps"] == {"ETH": 7}
        assert room.state.policy.daily_loss_limit == D("250.1")
        entry = (await room.control.entries(None, 10))[-1]
        assert (entry.actor, isinstance(entry.action, SetPolicy)) == ("api:test", True)

    with_worker(story)


def test_nothing_changes_where_all_is_as_asked_for() -> None:
    """No command is made, and the version stays."""

    async def story(api: ApiRoom, room: Room) -> None:
        before = (await api.get(PATH)).json
        whole = {name: value for name, value in before.items() if name != "killSwitch"}
        assert (await api.send("POST", PATH, whole)).json == {"success": True, "settings": before}
        assert await room.control.entries(None, 10) == ()

    with_worker(story)


def test_what_is_wrong_is_said_by_field_and_nothing_changes() -> None:
    """One sentence for each field, in the numbering of who asks; a good field beside it is not taken either."""

    async def story(api: ApiRoom, room: Room) -> None:
        before = (await api.get(PATH)).json
        name = before["bots"][-1]["id"]
        for change, errors in (
            (
                {"globalExposureCap": -1, "onBreach": "flatten", "bots": [{"id": name, "leverageMultiplier": 50}]},
                ["bots[0].leverageMultiplier must be > 0 and <= 10", "globalExposureCap must be positive or null"],
            ),
            ({"killSwitch": True}, ["killSwitch is turned by POST /api/kill-switch"]),
            ({"tuning": {}}, ["tuning: Extra inputs are not permitted"]),
            ({"bots": [{"id": "nobody"}]}, ["bots[0].id nobody is not known: POST /api/bots adds bots"]),
            ({"bots": [{"id": name}, {"id": name}]}, [f"bots[1].id {name} is given twice"]),
            ({"maxDrawdown": "1"}, ["maxDrawdown must be > 0 and < 1"]),
            ({"maxSignalAgeMs": "5"}, ["maxSignalAgeMs: Input should be a valid integer"]),
            ({"dailyLossLimit": "much"}, ["dailyLossLimit: Input should be a valid decimal"]),
            ({"dailyLossLimit": "1e100"}, ["dailyLossLimit: number is out of range"]),
            (b'{"dailyLossLimit": 1e30}', ["the body: is no JSON: '1e30' is out of range"]),
            (b'{"dailyLossLimit"', ["the body: is no JSON: Expecting ':' delimiter"]),
        ):
            answer = await api.send("POST", PATH, change)
            assert (answer.status, answer.json) == (400, {"success": False, "errors": errors})
        assert (await api.get(PATH)).json == before
        assert await room.control.entries(None, 10) == ()

    with_worker(story)


def test_a_cap_on_a_coin_that_is_not_listed_is_refused() -> None:
    """It would bind nothing; the worker knows what is listed, and its reason is told."""

    async def story(api: ApiRoom, _room: Room) -> None:
        answer = await api.send("POST", PATH, {"assetExposureCaps": {"btc": 5000}})
        reason = "assetExposureCaps.btc must be listed by the exchange: there is no btc, but BTC"
        assert (answer.status, answer.json["reasons"]) == (409, [reason])

    with_worker(story)


def test_another_version_is_refused() -> None:
    """Who read older settings is told so, and what the worker says against a change is told, too."""

    async def story(api: ApiRoom, room: Room) -> None:
        version = (await api.get(PATH)).json["version"]
        stale = await api.send("POST", PATH, {"maxDrawdown": 0.2, "version": version - 1})
        assert (stale.status, stale.media_type) == (409, "application/problem+json")
        assert stale.json["detail"] == f"The settings are at version {version}, not {version - 1}: read them again"

    with_worker(story)


def test_without_a_worker_nothing_is_changed() -> None:
    """After two seconds the change is withdrawn: no worker finds it later. Without settings there is none to change."""

    async def story(room: ApiRoom) -> None:
        assert (await room.send("POST", PATH, {"maxDrawdown": 0.2})).status == 409
        await room.tell(SETTINGS)
        began = room.clock.now_ms()
        answer = await room.send("POST", PATH, {"maxDrawdown": 0.2})
        assert answer.status == 503
        assert "No worker is running" in answer.json["error"]
        assert 2_000 <= room.clock.now_ms() - began < 2_100
        assert await room.control.take() == ()

    in_room(story, api_room())
