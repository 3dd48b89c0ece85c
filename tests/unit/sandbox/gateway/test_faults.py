"""What goes wrong on request, as clients in the same process see it."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from fadearena.kit.jumping import run_jumping
from fadearena.model.error import OutcomeUnknown, VenueUnavailable
from fadearena.model.units import MINUTE_MS, SECOND_MS
from fadearena.sandbox.gateway.faults import (
    Answer,
    Clear,
    Delay,
    Drop,
    Fault,
    Garbage,
    Refuse,
    Reset,
    Silence,
)
from fadearena.sandbox.loopback import Loopback
from tests.support.counter import Counter
from tests.support.vectors import TIME

Story = Callable[[Counter, Loopback], Awaitable[None]]
STATUS = json.dumps({"type": "exchangeStatus"}).encode()


def tell(story: Story) -> None:
    """Run a story on a sandbox in the same process, on time that jumps."""
    counter = Counter()

    async def told() -> None:
        await story(counter, Loopback(counter.gateway))

    run_jumping(told(), counter.clock)


def test_statuses_without_work() -> None:
    """A path answers the next requests with a status, and then as before."""

    async def story(counter: Counter, way: Loopback) -> None:
        counter.gateway.inflict(Answer(429, times=2, path="/info"))
        counter.gateway.inflict(Answer(502))
        assert await way.post("/info", STATUS) == (429, b"null")
        assert await way.post("/info", STATUS) == (429, b"null")
        status, body = await way.post("/info", STATUS)
        assert (status, body[:6]) == (502, b"<html>")
        assert (await way.post("/info", STATUS))[0] == 200

    tell(story)


def test_a_lost_answer_hides_what_was_done() -> None:
    """The order is executed, and its sender cannot know."""
    counter = Counter()
    client = counter.client()
    order = {"a": 1, "b": True, "p": "4200", "s": "1", "r": False, "t": {"limit": {"tif": "Ioc"}}}
    body = json.dumps(client.body({"type": "order", "orders": [order], "grouping": "na"})).encode()

    async def story() -> None:
        way = Loopback(counter.gateway)
        counter.gateway.inflict(Reset())
        with pytest.raises(OutcomeUnknown):
            await way.post("/exchange", body)
        assert b"duplicate nonce" in (await way.post("/exchange", body))[1]

    run_jumping(story(), counter.clock)
    assert len(counter.ask("userFills", user=client.address)) > 0


def test_slow_answers() -> None:
    """An answer comes late; one that comes too late is none."""

    async def story(counter: Counter, way: Loopback) -> None:
        began = counter.clock.now_ms()
        counter.gateway.inflict(Delay(ms=800))
        await way.post("/info", STATUS)
        assert counter.clock.now_ms() - began == 800
        counter.gateway.inflict(Delay(ms=MINUTE_MS))
        with pytest.raises(OutcomeUnknown):
            await way.post("/info", STATUS)

    tell(story)


def test_refused_connections() -> None:
    """Nothing gets in while connections are refused, and all is well after that."""

    async def story(counter: Counter, way: Loopback) -> None:
        counter.gateway.inflict(Refuse())
        with pytest.raises(VenueUnavailable):
            await way.post("/info", STATUS)
        with pytest.raises(VenueUnavailable):
            await way.connect()
        counter.gateway.inflict(Clear())
        assert (await way.post("/info", STATUS))[0] == 200

    tell(story)


def test_dropped_sockets() -> None:
    """A dropped socket ends for its reader, and takes no more texts."""

    async def story(counter: Counter, way: Loopback) -> None:
        socket = await way.connect()
        assert await socket.receive() == b"Websocket connection established."
        counter.gateway.inflict(Drop())
        assert await socket.receive() is None
        with pytest.raises(VenueUnavailable):
            await socket.send('{"method":"ping"}')
        await socket.close()

    tell(story)


@pytest.mark.parametrize("fault", [Silence(), Garbage()], ids=str)
def test_sockets_that_live_and_make_no_sense(fault: Fault) -> None:
    """Silence lets a socket stand and says nothing; garbage is what cannot be read; both stop when they are told to."""

    async def story(counter: Counter, way: Loopback) -> None:
        socket = await way.connect()
        await socket.receive()
        counter.gateway.inflict(fault)
        await socket.send('{"method":"ping"}')
        if isinstance(fault, Garbage):
            with pytest.raises(json.JSONDecodeError):
                json.loads(await socket.receive() or b"")
        else:
            await counter.clock.sleep_until(counter.clock.now_ms() + 5 * MINUTE_MS)
            counter.gateway.advance()
            counter.gateway.inflict(Clear())
            await socket.send('{"method":"ping"}')
        assert await socket.receive() == b'{"channel":"pong"}'

    tell(story)


def test_it_lives_by_itself() -> None:
    """Once it runs, prices move and are told each second, without anybody asking."""

    async def story(counter: Counter, way: Loopback) -> None:
        living = asyncio.create_task(counter.gateway.run())
        socket = await way.connect()
        await socket.send('{"method":"subscribe","subscription":{"type":"activeAssetCtx","coin":"BTC"}}')
        texts = [await socket.receive() or b"" for _ in range(8)]
        contexts = [json.loads(text)["data"]["ctx"] for text in texts[2:]]
        assert len({one["markPx"] for one in contexts}) > 1
        assert 5 * SECOND_MS <= counter.clock.now_ms() - TIME <= 6 * SECOND_MS
        living.cancel()

    tell(story)


def test_idle_sockets_are_closed() -> None:
    """A socket to which nothing was said for a minute is closed; a ping keeps it."""

    async def story(counter: Counter, way: Loopback) -> None:
        quiet, busy = await way.connect(), await way.connect()
        for socket in (quiet, busy):
            await socket.receive()
        for _ in range(3):
            await counter.clock.sleep_until(counter.clock.now_ms() + 30 * SECOND_MS)
            await busy.send('{"method":"ping"}')
            counter.gateway.advance()
        assert await quiet.receive() is None
        assert await busy.receive() == b'{"channel":"pong"}'

    tell(story)


def test_slow_readers_are_dropped() -> None:
    """Who does not read is dropped before what waits grows without end."""
    counter = Counter()
    peer = counter.connect()
    counter.subscribe(peer, "bbo", coin="ETH")
    answer: dict[str, Any] = {"method": "ping"}
    text = json.dumps(answer)
    told = 0

    async def story() -> None:
        nonlocal told
        while peer.is_open:
            await counter.gateway.receive(peer, text)
            told += 1

    run_jumping(story(), counter.clock)
    assert told < 50_000
    assert peer._waiting == type(peer._waiting)()
