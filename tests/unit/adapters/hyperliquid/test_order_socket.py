"""Signed actions over the socket of orders: which way they leave, once, and what is told of orders besides."""

import asyncio
from collections.abc import Callable
from decimal import Decimal

import pytest

from fadearena.model.command import PlaceStop
from fadearena.model.error import OutcomeUnknown, VenueProtocolError, VenueUnavailable
from fadearena.model.event import InputRejected
from fadearena.model.order import Filled, Found, Refused, RejectCode, Resting
from fadearena.model.units import Side
from tests.support.hyperliquid import NOW
from tests.support.hyperliquid_venue import CLOID, SIGNER
from tests.support.order_stage import ANSWER, Stage, order, reply, update
from tests.support.wire_net import Frame, WireSocket


def test_an_order_leaves_over_the_socket_that_was_heard_just_now() -> None:
    """The same body as over HTTP, signed the same; nothing goes over HTTP."""
    over_socket, over_http = Stage(), Stage("http")
    answers = [stage.play(stage.place) for stage in (over_socket, over_http)]
    assert answers[0].answer == answers[1].answer
    assert isinstance(answers[0].answer, Filled)
    assert over_socket.posted == over_http.sent
    assert (over_socket.sent, over_http.posted) == ([], [])
    assert over_socket.exchange.carried == {"socket": 1, "http": 0, "fallback": 0}
    assert over_http.exchange.carried == {"socket": 0, "http": 1, "fallback": 0}


def test_a_socket_that_was_not_heard_for_seconds_is_passed_over() -> None:
    """Pings every two seconds are answered no more: after five an order goes over HTTP, though it still is open."""
    stage = Stage()

    async def story() -> None:
        stage.socket.is_deaf = True
        await stage.listener.wait(2_000)
        with pytest.raises(OutcomeUnknown):
            await stage.place()
        assert isinstance((await stage.place()).answer, Filled)

    stage.play(story)
    assert (len(stage.posted), len(stage.sent)) == (1, 1)


def test_without_a_socket_orders_go_over_http_and_come_back_to_it() -> None:
    """Before the venue is listened to, while the socket is away, and once it is back."""
    stage = Stage()

    async def story() -> list[dict[str, int]]:
        counts = []
        stage.desk.net.refusals = 3
        stage.socket.drop()
        await stage.listener.wait(100)
        for pause in (20_000, 0):
            await stage.place()
            counts.append(dict(stage.exchange.carried))
            await stage.listener.wait(pause)
        return counts

    assert stage.play(story) == [
        {"socket": 0, "http": 1, "fallback": 0},
        {"socket": 1, "http": 1, "fallback": 0},
    ]


@pytest.mark.parametrize(
    ("obstacle", "error", "over_http"),
    [
        (VenueUnavailable("the socket is closed"), None, 1),
        (OutcomeUnknown("it broke"), OutcomeUnknown, 0),
    ],
)
def test_only_what_certainly_did_not_leave_falls_back(
    obstacle: Exception, error: type[Exception] | None, over_http: int
) -> None:
    """A socket found closed before the write took nothing; one that broke meanwhile may have."""
    stage = Stage()

    async def story() -> None:
        stage.socket.breaks = obstacle
        if error is None:
            assert isinstance((await stage.place()).answer, Filled)
        else:
            with pytest.raises(error):
                await stage.place()

    stage.play(story)
    assert len(stage.sent) == over_http
    assert stage.exchange.carried["fallback"] == over_http


@pytest.mark.parametrize(
    "hear",
    [
        lambda socket, frame: None,
        lambda socket, frame: socket.drop(),
        lambda socket, frame: socket.say('{"channel":"post","data":{"id":1,"resp'),
        lambda socket, frame: socket.say({"channel": "error", "data": "too many pending post requests id=1"}),
        lambda socket, frame: socket.say(posted(frame, "error", "502 Bad gateway")),
        lambda socket, frame: socket.say(posted(frame, "error", "429 Too many requests")),
        lambda socket, frame: socket.say(posted(frame, "action", {"status": "ok"})),
        lambda socket, frame: socket.say(posted(frame, "action", {"status": "ok", "response": "done"})),
        lambda socket, frame: socket.say(posted(frame, "action", {"status": "err", "response": {"type": "order"}})),
        lambda socket, frame: socket.say(posted(frame, "action", reply())),
        lambda socket, frame: socket.say(posted(frame, "action", reply(ANSWER, ANSWER))),
        lambda socket, frame: socket.say(posted(frame, "action", reply("waitingForTrigger"))),
    ],
    ids=["silence", "lost", "garbled", "pending", "502", "429", "empty", "ok-text", "err-object", "none", "two", "odd"],
)
def test_what_was_handed_to_the_socket_is_never_sent_again(hear: Callable[[WireSocket, Frame], None]) -> None:
    """Whatever comes back instead of an answer: the outcome is unknown, and HTTP is not tried."""
    stage = Stage()

    async def story() -> None:
        polite = stage.desk.net.hear
        stage.desk.net.hear = lambda socket, frame: (hear if frame["method"] == "post" else polite)(socket, frame)
        with pytest.raises((OutcomeUnknown, VenueProtocolError)):
            await stage.place()
        await stage.listener.wait(60_000)

    stage.play(story)
    assert (len(stage.posted), stage.sent) == (1, [])


def posted(frame: Frame, kind: str, payload: object) -> dict[str, object]:
    """Return an answer to what was posted."""
    return {"channel": "post", "data": {"id": frame["id"], "response": {"type": kind, "payload": payload}}}


def test_a_429_over_the_socket_pauses_the_lane() -> None:
    """As one over HTTP does: the next increase waits, which may not be sent before."""
    stage = Stage(order=lambda _: (429, b"null"))

    async def story() -> int:
        with pytest.raises(OutcomeUnknown):
            await stage.place()
        stage.desk.answers["order"] = reply(ANSWER)
        began = stage.clock.now_ms()
        await stage.place(order("0x" + "cd" * 16))
        return stage.clock.now_ms() - began

    assert stage.play(story) >= 10_000


def test_an_order_that_was_not_understood_is_refused() -> None:
    """A 422 comes before anything is done, over the socket as over HTTP."""
    stage = Stage(order=lambda _: (422, b"Failed to deserialize"))
    told = stage.play(stage.place)
    assert told.answer == Refused(code=RejectCode.OTHER, text="422 Failed to deserialize")
    assert stage.sent == []


def test_an_answer_that_comes_twice_counts_once() -> None:
    """The second is nobody's, and the connection goes on."""
    stage = Stage()

    async def story() -> None:
        polite = stage.desk.net.hear

        def hear(socket: WireSocket, frame: Frame) -> None:
            for _ in range(1 + (frame["method"] == "post")):
                polite(socket, frame)

        stage.desk.net.hear = hear
        for cloid in ("0x" + "01" * 16, "0x" + "02" * 16):
            assert isinstance((await stage.place(order(cloid))).answer, Filled)

    stage.play(story)
    assert len(stage.posted) == 2


def test_of_an_answered_order_nothing_else_is_told() -> None:
    """Its fills and its answer say it all, whether the update comes before the answer or after it."""
    stage = Stage()

    async def story() -> None:
        polite = stage.desk.net.hear

        def hear(socket: WireSocket, frame: Frame) -> None:
            if frame["method"] == "post":
                stage.say(update("open"))
            polite(socket, frame)

        stage.desk.net.hear = hear
        await stage.place()
        stage.say(update("filled"))
        await stage.listener.wait(1_000)

    stage.play(story)
    assert stage.found() == []


@pytest.mark.parametrize(
    ("status", "left", "reduce_only", "found", "quantity"),
    [
        ("filled", "0.0", False, Found.FILLED, Decimal("0.5")),
        ("filled", "0.0", True, Found.FILLED, None),
        ("canceled", "0.3", False, Found.CANCELLED, None),
        ("iocCancelRejected", "0.5", False, Found.REJECTED, Decimal(0)),
        ("open", "0.5", False, Found.OPEN, None),
    ],
)
def test_what_was_heard_of_an_order_is_told_once_its_answer_is_missing(
    status: str, left: str, *, reduce_only: bool, found: Found, quantity: Decimal | None
) -> None:
    """Behind the news that its outcome is unknown; how much was executed only where that is certain."""
    stage = Stage()

    async def story() -> list[int]:
        stage.desk.net.hear = lambda socket, frame: None
        waiting = asyncio.create_task(stage.place(order(reduce_only=reduce_only)))
        await stage.listener.wait(1_000)
        stage.say(update(status, left=left))
        await stage.listener.wait(1_000)
        before = len(stage.found())
        with pytest.raises(OutcomeUnknown):
            await waiting
        await stage.listener.wait(1)
        return [before, len(stage.found())]

    assert stage.play(story) == [0, 1]
    (told,) = stage.found()
    assert (told.cloid, told.found, told.quantity, told.order_id) == (CLOID, found, quantity, 5)


@pytest.mark.parametrize("answer", [{"resting": {"oid": 5}}, {"error": "Invalid nonce: duplicate nonce 7"}])
def test_an_answer_that_leaves_it_open_lets_updates_through(answer: dict[str, object]) -> None:
    """An order that rests although it should not, and one whose nonce was used: their end is told."""
    stage = Stage(order=reply(answer))

    async def story() -> None:
        assert isinstance((await stage.place()).answer, Resting | Refused)
        stage.say(update("canceled", left="0.5"))
        await stage.listener.wait(1_000)

    stage.play(story)
    assert [told.found for told in stage.found()] == [Found.CANCELLED]


def test_orders_from_before_the_start_are_told_of_and_those_without_a_cloid_are_not() -> None:
    """Nobody here knows how far they are; what has no cloid is none of ours. What cannot be read is told as such."""
    stage = Stage()

    async def story() -> None:
        other = "0x" + "EF" * 16
        stage.say(update("filled", other), update("filled", None), update("levitating", other), {"order": 3})
        stage.socket.say({"channel": "orderUpdates", "data": {"no": "list"}})
        await stage.listener.wait(1_000)

    stage.play(story)
    assert [(told.cloid, told.found, told.quantity) for told in stage.found()] == [
        ("0x" + "ef" * 16, Found.FILLED, None)
    ]
    assert len(stage.listener.of(InputRejected)) == 3


def test_of_a_stop_only_its_end_is_told() -> None:
    """That it rests is what it is for."""
    stage = Stage(order=reply({"resting": {"oid": 5}}))
    stop = PlaceStop(
        account="main",
        signer=SIGNER.address,
        coin="BTC",
        asset_id=0,
        side=Side.SELL,
        quantity=Decimal("0.5"),
        trigger=Decimal(90),
        limit=Decimal(81),
        cloid=CLOID,
        label="stop",
        nonce=NOW + 1,
        expires_after=NOW + 60_000,
    )

    async def story() -> None:
        await stage.venue.execute(stop)
        stage.say(update("open", left="0.5"), update("triggered", left="0.5"))
        await stage.listener.wait(1_000)
        assert stage.found() == []
        stage.say(update("filled"))
        await stage.listener.wait(1_000)

    stage.play(story)
    assert [told.found for told in stage.found()] == [Found.FILLED]
    assert stage.posted[0]["action"]["orders"] == [
        {
            "a": 0,
            "b": False,
            "p": "81",
            "s": "0.5",
            "r": True,
            "t": {"trigger": {"isMarket": True, "triggerPx": "90", "tpsl": "sl"}},
            "c": CLOID,
        }
    ]
