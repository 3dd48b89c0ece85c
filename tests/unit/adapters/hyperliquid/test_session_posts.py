"""Requests over the socket: each is answered once, or nobody knows."""

import asyncio
from collections.abc import Callable

import msgspec
import pytest

from fadearena.adapters.hyperliquid.limits import SocketLimits
from fadearena.adapters.hyperliquid.session import Connected
from fadearena.kit.clock import ManualClock
from fadearena.model.error import OutcomeUnknown, VenueProtocolError, VenueRefused, VenueUnavailable
from tests.support.session_line import Line
from tests.support.wire_net import Frame, WireSocket


def answering(response: object) -> Callable[[WireSocket, Frame], None]:
    """Return an exchange that answers every request with the same."""

    def hear(socket: WireSocket, frame: Frame) -> None:
        if frame["method"] == "post":
            socket.say({"channel": "post", "data": {"id": frame["id"], "response": response}})

    return hear


def test_requests_over_the_socket_are_answered() -> None:
    """Of a question the data comes back, of an action the reply; the number tells which is which."""
    line = Line()

    async def story() -> None:
        socket = await line.net.socket()
        await line.until(Connected)
        line.net.hear = answering({"type": "info", "payload": {"type": "l2Book", "data": {"coin": "ETH"}}})
        assert bytes(await line.session.post("info", {"type": "l2Book", "coin": "ETH"})) == b'{"coin": "ETH"}'
        line.net.hear = answering({"type": "action", "payload": {"status": "ok"}})
        assert bytes(await line.session.post("action", msgspec.Raw(b'{"nonce":1}'))) == b'{"status": "ok"}'
        assert socket.asked("post") == [
            {"type": "info", "payload": {"type": "l2Book", "coin": "ETH"}},
            {"type": "action", "payload": {"nonce": 1}},
        ]
        socket.say({"channel": "post", "data": {"id": 7, "response": {"type": "info", "payload": {}}}})
        await asyncio.sleep(1)
        assert len(line.net.sockets) == 1

    line.run(story)


@pytest.mark.parametrize(
    ("response", "error"),
    [
        ({"type": "error", "payload": "422 Failed to deserialize the JSON body"}, VenueRefused),
        ({"type": "error", "payload": "429 Too many"}, OutcomeUnknown),
        ({"type": "error", "payload": "500 null"}, OutcomeUnknown),
        ({"type": "info", "payload": {}}, VenueProtocolError),
        ({"type": "action", "payload": {}}, VenueProtocolError),
    ],
)
def test_what_goes_wrong_with_a_request_is_an_error_of_its_kind(response: object, error: type[Exception]) -> None:
    """A request that was not understood is refused; of a failure the outcome is unknown."""
    line = Line()
    line.net.hear = answering(response)

    async def story() -> None:
        await line.until(Connected)
        with pytest.raises(error):
            await line.session.post("info", {"type": "meta"})

    line.run(story)


def test_a_request_that_is_not_answered_has_an_unknown_outcome() -> None:
    """Whether it times out, the socket is lost, breaks, or the exchange calls it one too many: nobody knows."""
    line = Line()
    line.net.hear = lambda socket, frame: None

    async def story() -> None:
        await line.until(Connected)
        socket = await line.net.socket()
        with pytest.raises(OutcomeUnknown, match="within 500 ms"):
            await line.session.post("action", {}, timeout_ms=500)
        waiting = asyncio.create_task(line.session.post("action", {}))
        await asyncio.sleep(1)
        socket.say({"channel": "error", "data": "too many pending post requests id=2"})
        with pytest.raises(OutcomeUnknown, match="too many pending"):
            await waiting
        waiting = asyncio.create_task(line.session.post("action", {}))
        await asyncio.sleep(1)
        socket.drop()
        with pytest.raises(OutcomeUnknown, match="the socket was lost"):
            await waiting
        await line.until(Connected, count=2)
        (await line.net.socket()).breaks = OutcomeUnknown("it broke")
        with pytest.raises(OutcomeUnknown, match="it broke"):
            await line.session.post("action", {})

    line.run(story)


def test_a_request_that_cannot_leave_did_not() -> None:
    """Without a connection, with too many in flight, or beyond the minute's messages, nothing is sent."""
    limits = SocketLimits(ManualClock(1_000_000), messages=102)
    line = Line(limits=limits)
    line.net.hear = lambda socket, frame: None

    async def story() -> None:
        with pytest.raises(VenueUnavailable, match="no connection"):
            await line.session.post("action", {})
        await line.until(Connected)
        async with asyncio.TaskGroup() as tasks:
            waiting = [tasks.create_task(line.session.post("info", {}, timeout_ms=20_000)) for _ in range(100)]
            await asyncio.sleep(1)
            with pytest.raises(VenueUnavailable, match="in flight"):
                await line.session.post("info", {})
            for each in waiting:
                each.cancel()
        for _ in range(2):
            with pytest.raises(OutcomeUnknown):
                await line.session.post("info", {}, timeout_ms=1)
        with pytest.raises(VenueUnavailable, match="too many messages"):
            await line.session.post("info", {})
        assert len((await line.net.socket()).asked("post")) == 102

    line.run(story)
