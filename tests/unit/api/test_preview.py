"""What a wallet is and holds, as the worker reads it before it is followed."""

import asyncio
from decimal import Decimal as D

from fadearena.model.record import SettingsChange
from fadearena.model.wallet import SourcePosition, WalletRole
from fadearena.ports.inquiries import WalletLook
from tests.support.api import Answer, ApiRoom, in_room
from tests.support.api_worker import with_worker
from tests.support.room import Room
from tests.support.world import WALLET, settings

PATH = "/api/bots/preview"
OTHER = "0x" + "e" * 40


async def preview(room: ApiRoom, wallet: str = OTHER) -> Answer:
    """Ask for a wallet."""
    return await room.send("POST", PATH, {"walletAddress": wallet}, query={"decimals": "string"})


async def told(room: ApiRoom, look: WalletLook, after_ms: int = 500) -> Answer:
    """Ask, and let a worker answer so late."""

    async def answer() -> None:
        await room.beat()
        await room.clock.sleep_until(room.clock.now_ms() + after_ms)
        await room.beat()
        ((number, _),) = await room.doors.inquiries.take(room.clock.now_ms())
        await room.doors.inquiries.answer(number, look)

    await room.beat()
    found, _ = await asyncio.gather(preview(room, look.wallet), answer())
    return found


def test_the_worker_reads_a_wallet() -> None:
    """A whole worker reads it through its feed: nothing is journaled, nothing followed."""

    async def story(api: ApiRoom, room: Room) -> None:
        room.wallets.trade("ETH", "-2", OTHER)
        before = len(room.entries)
        answer = await preview(api)
        assert answer.status == 200
        assert {**answer.json, "time": 0} == {
            "walletAddress": OTHER,
            "time": 0,
            "role": "user",
            "mayBeFollowed": True,
            "botId": None,
            "equity": "1",
            "positions": [{"asset": "ETH", "side": "short", "size": "2", "entryPrice": None}],
            "dexsLeftOut": [],
        }
        assert not any(OTHER in repr(entry.event) for entry in room.entries[before + 1 :])
        assert (await room.control.entries(None, 9)) == ()

    with_worker(story)


def test_what_is_not_known_is_null() -> None:
    """Of a wallet that a bot has already its id is named; one that only signs may not be followed."""

    async def story(room: ApiRoom) -> None:
        await room.tell(SettingsChange(version=1, actor="test", policy=settings()))
        held = (SourcePosition(coin="xyz:TSLA", size=D("0.5"), entry=D(310)),)
        look = WalletLook(wallet=WALLET, time=5, role=WalletRole.AGENT, positions=held, dexs_left_out=("flx",))
        answer = (await told(room, look)).json
        assert (answer["botId"], answer["mayBeFollowed"], answer["equity"]) == ("bot", False, None)
        assert answer["positions"] == [{"asset": "xyz:TSLA", "side": "long", "size": "0.5", "entryPrice": "310"}]
        assert answer["dexsLeftOut"] == ["flx"]
        unknown = (await told(room, WalletLook(wallet=OTHER, time=5))).json
        assert (unknown["role"], unknown["mayBeFollowed"]) == (None, None)

    in_room(story)


def test_who_cannot_be_told_hears_why() -> None:
    """No worker, a worker that does not answer, an exchange that does not, a mistyped wallet, too many questions."""

    async def story(room: ApiRoom) -> None:
        began = room.clock.now_ms()
        assert ((await preview(room)).status, room.clock.now_ms() - began) == (503, 0)
        failed = await told(room, WalletLook(wallet=OTHER, time=0, error="no connection"))
        assert (failed.status, "no connection" in failed.json["detail"]) == (503, True)
        assert (await preview(room, "0x" + "eF" * 20)).status == 400
        await room.beat()
        slow = await preview(room)
        assert (slow.status, "did not answer in time" in slow.json["detail"]) == (504, True)
        await room.beat()
        while await room.doors.inquiries.ask(OTHER, room.clock.now_ms()):
            pass
        busy = await preview(room)
        assert (busy.status, busy.headers["retry-after"]) == (429, "60")

    in_room(story)
