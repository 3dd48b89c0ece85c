"""Faults of requests: whom they meet, whether the work is done, and what comes instead of an answer."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.model.error import InvalidInput, OutcomeUnknown
from fadearena.model.units import MINUTE_MS, SECOND_MS
from fadearena.sandbox.clock import BoxClock
from fadearena.sandbox.exchange import Exchange
from fadearena.sandbox.gateway.faults import (
    Answer,
    Clear,
    Delay,
    Fault,
    Garble,
    Hang,
    Late,
    Reject,
    Reset,
    Step,
    Twice,
)
from fadearena.sandbox.gateway.gateway import Gateway
from fadearena.sandbox.loopback import Loopback, LoopSocket
from tests.support.counter import Client, Counter
from tests.support.vectors import K2, TIME

STATUS = json.dumps({"type": "exchangeStatus"}).encode()
PING = '{"method":"ping"}'
PONG = b'{"channel":"pong"}'
CLOID = "0x" + "7" * 32


class Stage:
    """A client with money, and its way to the sandbox."""

    def __init__(self) -> None:
        self.counter = Counter()
        self.client = self.counter.client()
        self.way = Loopback(self.counter.gateway)
        self._socket: LoopSocket | None = None

    def inflict(self, *faults: Fault) -> None:
        """Let things go wrong."""
        for fault in faults:
            self.counter.gateway.inflict(fault)

    def order(self, client: Client | None = None, **changed: Any) -> dict[str, Any]:
        """Return a signed order for one ETH."""
        order = {"a": 1, "b": True, "p": "4200", "s": "1", "r": False, "t": {"limit": {"tif": "Ioc"}}, **changed}
        return (client or self.client).body({"type": "order", "orders": [order], "grouping": "na"})

    async def send(self, body: dict[str, Any]) -> Any:
        """Send an action over HTTP, and return the body of the answer."""
        return json.loads((await self.way.post("/exchange", json.dumps(body).encode()))[1])

    async def say(self, body: dict[str, Any], number: int = 1) -> None:
        """Send an action over the socket."""
        said = {"method": "post", "id": number, "request": {"type": "action", "payload": body}}
        await (await self.socket()).send(json.dumps(said))

    async def hear(self) -> Any:
        """Return the next text of the socket; None once it is closed."""
        return await (await self.socket()).receive()

    async def socket(self) -> LoopSocket:
        """Return the socket, which is opened when it is first used."""
        if self._socket is None:
            self._socket = await self.way.connect()
            assert await self._socket.receive() == b"Websocket connection established."
        return self._socket

    @property
    def size(self) -> str:
        """What the client holds."""
        account = self.counter.exchange.view.account(self.client.address)
        return str(account.size("ETH")) if account is not None else "0"


def tell(story: Callable[[Stage], Awaitable[None]]) -> None:
    """Run a story on time that jumps."""
    stage = Stage()

    async def told() -> None:
        await story(stage)

    run_jumping(told(), stage.counter.clock)


@pytest.mark.parametrize(
    ("fault", "size"),
    [
        (Reset(), "1"),
        (Reset(done=False), "0"),
        (Hang(), "1"),
        (Hang(done=False), "0"),
        (Delay(ms=MINUTE_MS), "1"),
        (Delay(ms=MINUTE_MS, done=False), "0"),
    ],
    ids=["reset after", "reset before", "timeout after", "timeout before", "late answer", "late work"],
)
def test_no_answer_says_nothing_of_the_work(fault: Fault, size: str) -> None:
    """Whether it was done or not, the client hears nothing, over HTTP and over a socket."""

    async def story(stage: Stage) -> None:
        stage.inflict(fault)
        with pytest.raises(OutcomeUnknown):
            await stage.send(stage.order())
        assert stage.size == size
        stage.inflict(Clear(), fault)
        await stage.say(stage.order())
        assert stage.size == str(int(size) * 2)
        if isinstance(fault, Reset):
            assert await stage.hear() is None
        else:
            await (await stage.socket()).send(PING)
            assert await stage.hear() == PONG

    tell(story)


@pytest.mark.parametrize(("done", "size"), [(True, "1"), (False, "0")])
@pytest.mark.parametrize("status", [429, 500, 502])
def test_a_status_says_nothing_of_the_work_either(status: int, size: str, *, done: bool) -> None:
    """Over a socket it is told as an error."""

    async def story(stage: Stage) -> None:
        fault = Answer(status, done=done, path="/exchange")
        stage.inflict(fault)
        assert (await stage.way.post("/info", STATUS))[0] == 200
        got, _ = await stage.way.post("/exchange", json.dumps(stage.order()).encode())
        assert (got, stage.size) == (status, size)
        stage.inflict(fault)
        await stage.say(stage.order())
        told = json.loads(await stage.hear())["data"]["response"]
        assert told["type"] == "error"
        assert told["payload"].startswith(f"{status} ")

    tell(story)


def test_a_garbled_answer_and_one_that_comes_twice() -> None:
    """The work was done in both cases; over HTTP there is one answer only."""

    async def story(stage: Stage) -> None:
        stage.inflict(Garble())
        with pytest.raises(json.JSONDecodeError):
            await stage.send(stage.order())
        stage.inflict(Garble(text="%"))
        await stage.say(stage.order())
        assert await stage.hear() == b"%"
        stage.inflict(Twice(times=2))
        assert (await stage.send(stage.order()))["status"] == "ok"
        await stage.say(stage.order(), 7)
        first, second = await stage.hear(), await stage.hear()
        assert first == second
        assert json.loads(first)["data"]["id"] == 7
        assert stage.size == "4"

    tell(story)


def test_late_work_is_done_late() -> None:
    """An order that was sent in time can be accepted after its sender gave up; one that has expired by then is not."""

    async def story(stage: Stage) -> None:
        clock = stage.counter.clock
        stage.inflict(Delay(ms=20 * SECOND_MS, done=False, times=2))
        stage.counter.exchange.stand_still()
        expiring = stage.client.body({"type": "noop"}, expiresAfter=TIME + 5 * SECOND_MS)
        await stage.say(stage.order(), 1)
        await stage.say(expiring, 2)
        assert stage.size == "0"
        await clock.sleep_until(TIME + 21 * SECOND_MS)
        assert stage.size == "1"
        assert "filled" in str(await stage.hear())
        assert "Action already expired" in str(await stage.hear())

    tell(story)


def test_faults_meet_those_they_are_for() -> None:
    """By path, by the type of the action, by user, so many times."""

    async def story(stage: Stage) -> None:
        other = stage.counter.client(K2)
        stage.inflict(Answer(502, action="order", user=stage.client.address.upper().replace("0X", "0x"), times=2))
        assert (await stage.send(stage.order(other)))["status"] == "ok"
        assert (await stage.send(stage.client.body({"type": "noop"})))["status"] == "ok"
        for status in (502, 502, 200):
            assert (await stage.way.post("/exchange", json.dumps(stage.order()).encode()))[0] == status
        stage.inflict(Answer(500, action="orderStatus", times=None))
        asked = json.dumps({"type": "orderStatus", "user": other.address, "oid": 1}).encode()
        assert [(await stage.way.post("/info", asked))[0] for _ in range(3)] == [500] * 3
        assert (await stage.way.post("/info", b"{"))[0] == 400
        stage.inflict(Clear())
        assert (await stage.way.post("/info", asked))[0] == 200

    tell(story)


def test_chance_follows_from_the_seed() -> None:
    """The same seed strikes the same requests."""

    def struck(seed: int) -> list[bool]:
        statuses: list[bool] = []

        async def story(stage: Stage) -> None:
            stage.inflict(Answer(502, times=None, chance=0.3, seed=seed))
            statuses.extend([(await stage.way.post("/info", STATUS))[0] == 502 for _ in range(40)])

        tell(story)
        return statuses

    assert struck(1) == struck(1) != struck(2)
    assert 4 < sum(struck(1)) < 20


def test_orders_are_refused_with_any_text() -> None:
    """Each by itself or the whole action, all or only reduce-only ones; the nonce is used up."""

    async def story(stage: Stage) -> None:
        stage.inflict(Reject(text="Trading is halted. asset=1", reduce_only=True, times=2))
        body = stage.order(b=False, p="3000", r=True)
        assert (await stage.send(stage.order()))["response"]["data"]["statuses"][0].keys() == {"filled"}
        refused = await stage.send(body)
        assert refused["response"]["data"]["statuses"] == [{"error": "Trading is halted. asset=1"}]
        assert "duplicate nonce" in (await stage.send(body))["response"]
        stage.inflict(Clear(), Reject(text="Not now.", whole=True))
        assert await stage.send(stage.order()) == {"status": "err", "response": "Not now."}
        stage.inflict(Reject(text="Not at all.", action="updateLeverage"))
        leverage = {"type": "updateLeverage", "asset": 1, "isCross": True, "leverage": 3}
        assert (await stage.send(stage.client.body(leverage)))["response"] == "Not at all."
        assert stage.size == "1"

    tell(story)


def test_a_slow_answer_keeps_nobody_else_waiting() -> None:
    """On the same socket what is asked later is answered first."""

    async def story(stage: Stage) -> None:
        stage.inflict(Delay(ms=3 * SECOND_MS, action="order"))
        await stage.say(stage.order(), 1)
        await stage.say(stage.client.body({"type": "noop"}), 2)
        numbers = [json.loads(await stage.hear())["data"]["id"] for _ in range(2)]
        assert numbers == [2, 1]
        stage.inflict(Delay(ms=0, action="order"))
        await stage.say(stage.order(), 3)
        assert json.loads(await stage.hear())["data"]["id"] == 3

    tell(story)


def test_late_fills_and_look_ups() -> None:
    """Positions are there at once; fills and the order's record come later, by stream and when asked."""

    async def story(stage: Stage) -> None:
        counter, user = stage.counter, stage.client.address
        socket = await stage.socket()
        await socket.send(json.dumps({"method": "subscribe", "subscription": {"type": "userFills", "user": user}}))
        for _ in range(2):
            await socket.receive()
        stage.inflict(Late(fills_ms=4_000, lookups_ms=1_000))
        await stage.send(stage.order(c=CLOID))
        assert stage.size == "1"
        for seconds, found, told in ((0, "unknownOid", 0), (2, "order", 0), (5, "order", 1)):
            await counter.clock.sleep_until(TIME + seconds * SECOND_MS)
            counter.gateway.advance()
            look_up = json.dumps({"type": "orderStatus", "user": user, "oid": CLOID}).encode()
            assert json.loads((await stage.way.post("/info", look_up))[1])["status"] == found
            fills = json.dumps({"type": "userFills", "user": user}).encode()
            assert len(json.loads((await stage.way.post("/info", fills))[1]) or ()) >= told
            assert bool(json.loads((await stage.way.post("/info", fills))[1])) is bool(told)
        assert CLOID in str(await asyncio.wait_for(socket.receive(), 1))

    tell(story)


def test_the_clock_is_stepped() -> None:
    """Forward and back: the exchange's time stands until the clock reaches it again; the fault is not cleared away."""
    clock = BoxClock(ManualClock(TIME))
    gateway = Gateway(Exchange(clock, 1, traders=0, history_ms=0), clock)
    gateway.inflict(Step(7_000))
    gateway.advance()
    assert gateway.exchange.now == TIME + 7_000
    gateway.inflict(Step(-9_000))
    gateway.inflict(Clear())
    gateway.advance()
    assert (clock.now_ms(), gateway.exchange.now) == (TIME - 2_000, TIME + 7_000)
    with pytest.raises(InvalidInput, match="BoxClock"):
        Counter().gateway.inflict(Step(1))
