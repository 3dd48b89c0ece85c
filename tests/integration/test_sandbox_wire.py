"""What the sandbox says, by shapes of its own, is what we read as Hyperliquid: field by field, nothing dropped."""

import asyncio
from collections import defaultdict
from typing import Any, NamedTuple

import msgspec
import pytest

from fadearena.adapters.hyperliquid import codec, wire
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.model.units import HOUR_MS, MINUTE_MS
from fadearena.sandbox.exchange.exchange import Exchange
from fadearena.sandbox.gateway.gateway import Gateway, Settings
from fadearena.sandbox.gateway.limits import NO_LIMITS
from fadearena.sandbox.loopback import Loopback
from tests.support.wire_forms import CHANNELS, INFO, assert_lossless

LASTS_MS = 6 * MINUTE_MS
START_MS = 498_612 * HOUR_MS - LASTS_MS // 2
"""Funding is paid in the middle of what is heard."""
USERS, COINS, ORDERS = 5, 3, 20
NOT_ASKED = {"delegatorHistory", "perpDexLimits", "perpDexStatus", "userVaultEquities"}
"""Answers that are known from records only."""
IN_PART = {"userFees"}
"""Of which only what counts here has a shape."""
COIN_CHANNELS = ("activeAssetCtx", "bbo", "l2Book", "trades")
USER_CHANNELS = ("orderUpdates", "userFills", "userFundings", "userNonFundingLedgerUpdates", "userTwapSliceFills")


class Said(NamedTuple):
    """Everything that a sandbox said: data of messages by channel, answers by kind."""

    messages: dict[str, list[bytes]]
    answers: dict[str, list[bytes]]


class Listener:
    """Asks a sandbox for everything, and listens to everything."""

    def __init__(self, gateway: Gateway, clock: ManualClock) -> None:
        self._clock = clock
        self._loopback = Loopback(gateway)
        self._users = list(gateway.exchange.truth().accounts)[:USERS]
        self._answers: defaultdict[str, list[bytes]] = defaultdict(list)

    async def run(self) -> Said:
        """Listen for a while, then ask."""
        dexs = [dex.name if dex else "" for dex in await self._ask(tuple[wire.PerpDex | None, ...], type="perpDexs")]
        first: wire.Meta = await self._ask(wire.Meta, type="meta", dex=dexs[0])
        coins = [asset.name for asset in first.universe[:COINS]]
        messages = await self._listen(coins)
        span = {"coin": coins[0], "interval": "1m", "startTime": START_MS, "endTime": self._clock.now_ms()}
        for user in self._users:
            for kind, form in INFO.items():
                if kind not in NOT_ASKED:
                    for dex in dexs:
                        await self._ask(form, type=kind, user=user, dex=dex, oid=1, req=span, **span)
            for state in (await self._ask(INFO["historicalOrders"], type="historicalOrders", user=user))[:ORDERS]:
                await self._ask(wire.OrderStatus, type="orderStatus", user=user, oid=state.order.oid)
        return Said(messages, self._answers)

    async def _ask(self, form: Any, **question: object) -> Any:
        status, body = await self._loopback.post("/info", msgspec.json.encode(question))
        assert status == 200, (question, body)
        self._answers[str(question["type"])].append(body)
        return msgspec.json.decode(body, type=form)

    async def _listen(self, coins: list[str]) -> dict[str, list[bytes]]:
        found: defaultdict[str, list[bytes]] = defaultdict(list)
        socket = await self._loopback.connect()

        async def listen() -> None:
            while (text := await socket.receive()) is not None:
                if text.startswith(b"{"):  # the first text greets
                    frame = msgspec.json.decode(text, type=wire.Frame)
                    found[frame.channel].append(bytes(frame.data))

        listening = asyncio.create_task(listen())
        wanted: list[dict[str, object]] = [{"type": "allDexsAssetCtxs"}]
        wanted += [{"type": kind, "coin": coin} for kind in COIN_CHANNELS for coin in coins]
        wanted += [{"type": kind, "user": user} for kind in USER_CHANNELS for user in self._users]
        for each in wanted:
            await socket.send(msgspec.json.encode({"method": "subscribe", "subscription": each}).decode())
        asked = {"type": "info", "payload": {"type": "l2Book", "coin": coins[0]}}
        await socket.send(msgspec.json.encode({"method": "post", "id": 5, "request": asked}).decode())
        await self._clock.sleep_until(self._clock.now_ms() + LASTS_MS)
        await socket.close()
        await listening
        return found


@pytest.fixture(scope="module")
def said() -> Said:
    """Return what a sandbox said in some minutes of its time."""
    clock = ManualClock(START_MS)

    async def main() -> Said:
        gateway = Gateway(Exchange(clock, 3), clock, Settings(limits=NO_LIMITS), wall=clock)
        ticking = asyncio.create_task(gateway.run())
        found = await Listener(gateway, clock).run()
        ticking.cancel()
        return found

    return run_jumping(main(), clock)


def test_every_answer_is_read_without_loss(said: Said) -> None:
    """Each question that the sandbox answers, for several wallets on all dexs."""
    assert set(said.answers) == set(INFO) - NOT_ASKED
    for kind, answers in said.answers.items():
        for data in set(answers):
            if kind not in IN_PART:
                assert_lossless(data, INFO[kind])


def test_every_message_is_read_without_loss(said: Said) -> None:
    """Each channel that is listened to, at least once; `user` is known from records only."""
    assert set(said.messages) == set(CHANNELS) - {"user"}
    for channel, messages in said.messages.items():
        for data in set(messages):
            assert_lossless(data, CHANNELS[channel])


def test_both_feeds_tell_fills_and_payments_alike(said: Said) -> None:
    """What was pushed is what the questions answer, under the same keys."""
    pushed = {
        (message.user, codec.source_fill(fill, message.user).key)
        for data in said.messages["userFills"]
        for message in [msgspec.json.decode(data, type=wire.UserFills)]
        for fill in message.fills
    }
    assert pushed
    asked = {
        codec.source_fill(fill, "").key
        for kind in ("userFillsByTime", "userFills")
        for data in said.answers[kind]
        for fill in msgspec.json.decode(data, type=INFO[kind])
    }
    assert {key for _, key in pushed} <= asked
    payments = {
        event.key: event
        for data in said.messages["userFundings"]
        for message in [msgspec.json.decode(data, type=wire.UserFundings)]
        for row in message.fundings
        if (event := codec.funding_paid(row, message.user, received=1)) is not None
    }
    assert payments
    assert all(event.oracle > 0 for event in payments.values())
