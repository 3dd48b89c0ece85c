"""One socket, kept up: what it tells, what it asks for again, and when it gives a connection up."""

import asyncio
from itertools import pairwise
from random import Random

import msgspec
import pytest

from fadearena.adapters.hyperliquid import session as sessions
from fadearena.adapters.hyperliquid.limits import Purpose, SocketLimits
from fadearena.adapters.hyperliquid.session import Connected, Failed, Lost, Message, Session, Subscribed
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.kit.tasks import cancelled
from tests.support.session_line import Line
from tests.support.wire_net import GREETING, Frame, WireNet, WireSocket, polite

BTC = {"type": "trades", "coin": "BTC"}
ETH = {"type": "trades", "coin": "ETH"}
WALLET = "0x" + "Ab" * 20
FILLS = {"type": "userFills", "user": WALLET}
FULL = "Cannot track more than 10 total users."


def only(coin: str, frame: Frame) -> bool:
    """Tell whether a frame is a subscription to one coin."""
    return frame["method"] == "subscribe" and bool(frame["subscription"].get("coin") == coin)


def test_it_connects_subscribes_and_passes_on_what_comes() -> None:
    """Subscriptions are asked for in order, confirmed by what the exchange echoes, and messages come undecoded."""
    line = Line()
    line.session.subscribe(BTC)
    line.session.subscribe(FILLS)
    line.session.subscribe(dict(BTC))

    async def story() -> None:
        assert line.session.heard == 0
        assert not line.session.is_connected
        await line.until(Subscribed, count=2)
        socket = await line.net.socket()
        assert socket.asked() == [BTC, FILLS]
        socket.say(GREETING)
        socket.say(b'{"channel":"trades","data":[{"px":"1.50"}]}')
        await line.until(Message)
        line.session.subscribe(ETH)
        await line.until(Subscribed, count=3)
        line.session.unsubscribe(BTC)
        await asyncio.sleep(1)
        assert socket.asked("unsubscribe") == [BTC]
        assert line.session.unconfirmed == ()
        assert line.session.is_connected

    line.run(story)
    assert line.told == [
        Connected(1_000_000),
        Subscribed(BTC),
        Subscribed(FILLS),
        Message("trades", msgspec.Raw(b'[{"px":"1.50"}]'), 1_000_000),
        Subscribed(ETH),
    ]


def test_confirmations_are_known_by_what_the_exchange_keeps() -> None:
    """Users in lower case, an absent dex and fields that were never asked for are the same subscription."""
    line = Line()
    line.session.subscribe({"type": "openOrders", "user": WALLET, "dex": ""})

    def hear(socket: WireSocket, frame: Frame) -> None:
        echo = {"type": "openOrders", "user": WALLET.lower(), "dex": None, "fast": False}
        socket.say({"channel": "subscriptionResponse", "data": {"method": "subscribe", "subscription": echo}})
        socket.say({"channel": "subscriptionResponse", "data": {"method": "subscribe", "subscription": echo}})
        socket.say({"channel": "subscriptionResponse", "data": {"method": "subscribe", "subscription": BTC}})

    line.net.hear = hear

    async def story() -> None:
        await line.until(Subscribed)
        await asyncio.sleep(1)

    line.run(story)
    assert [news for news in line.told if isinstance(news, Subscribed)] == [
        Subscribed({"type": "openOrders", "user": WALLET, "dex": ""})
    ]


def test_silence_ends_a_connection_and_pongs_are_no_silence() -> None:
    """A quiet socket that answers pings lives on for an hour; one that hears nothing for 45 s is made anew."""
    line = Line()
    line.session.subscribe(BTC)

    async def story() -> None:
        socket = await line.net.socket()
        await asyncio.sleep(3_600)
        assert len(line.net.sockets) == 1
        assert len([at for at, frame in socket.sent if frame == {"method": "ping"}]) == 180
        socket.is_deaf = True
        lost = (await line.until(Lost))[0]
        assert isinstance(lost, Lost)
        assert lost.reason == "nothing was heard for 45 s"
        assert lost.at - line.session.heard == 45_000
        await line.until(Subscribed, count=2)
        assert (await line.net.socket(1)).asked() == [BTC]

    line.run(story)


def test_a_lost_connection_comes_back_with_all_subscriptions() -> None:
    """After each loss the session tells it, waits a little, connects and asks for everything again, in order."""
    line = Line()
    for coin in ("BTC", "ETH", "SOL"):
        line.session.subscribe({"type": "bbo", "coin": coin})

    async def story() -> None:
        for n in range(5):
            await line.until(Subscribed, count=3 * (n + 1))
            (await line.net.socket(n)).drop()
            await line.until(Lost, count=n + 1)
        await line.until(Subscribed, count=18)

    line.run(story)
    for socket in line.net.sockets:
        assert [each["coin"] for each in socket.asked()] == ["BTC", "ETH", "SOL"]
    kinds = [type(news) for news in line.told]
    assert kinds == [Connected, Subscribed, Subscribed, Subscribed, Lost] * 5 + [Connected] + [Subscribed] * 3


def test_a_refused_connection_is_tried_again_ever_more_slowly() -> None:
    """Waiting times double with jitter, from half a second up to half a minute; each refusal is told."""
    line = Line()
    line.net.refusals = 12

    async def story() -> None:
        await line.until(Connected)

    line.run(story)
    gaps = [after - before for before, after in pairwise(line.net.connects)]
    most = [1_000, 2_000, 4_000, 8_000, 16_000, *([30_000] * 7)]
    assert all(limit // 2 <= gap <= limit for gap, limit in zip(gaps, most, strict=True))
    assert len(set(gaps)) == len(gaps)
    assert [news for news in line.told if isinstance(news, Failed)] == [Failed("no socket: refused")] * 12


def test_a_connection_that_held_is_followed_by_the_next_at_once() -> None:
    """Where a connection lived for half a minute, the next try comes within half a second."""
    line = Line()
    line.net.refusals = 5

    async def story() -> None:
        socket = await line.net.socket()
        await asyncio.sleep(31)
        socket.drop()
        await line.net.socket(1)

    line.run(story)
    assert 31_000 + 250 <= line.net.connects[-1] - line.net.connects[-2] <= 31_000 + 500


class SlammingNet(WireNet):
    """An exchange that closes every socket as soon as it is open."""

    async def connect(self) -> WireSocket:
        """Open a socket and close it."""
        socket = await super().connect()
        socket.drop()
        return socket


def test_never_more_than_thirty_connections_a_minute() -> None:
    """Forty sessions whose sockets close as soon as they open share the limit of their IP address."""
    clock = ManualClock()
    net, limits = SlammingNet(clock), SocketLimits(clock)

    async def main() -> None:
        all_of_them = [Session(net, clock, name=f"{n}", rng=Random(n), limits=limits) for n in range(40)]
        running = [asyncio.create_task(session.run()) for session in all_of_them]
        await asyncio.sleep(600)
        await cancelled(*running)

    run_jumping(main(), clock)
    assert len(net.connects) >= 290
    for at in net.connects:
        assert sum(at <= other < at + 60_000 for other in net.connects) <= 30


@pytest.mark.parametrize("garbage", ["<html>", b"\xff\xfe", '{"data":1}', '{"channel":"error","data":5}', "[]"])
def test_an_unreadable_message_ends_the_connection(garbage: str | bytes) -> None:
    """Something may have been missed with it: it is told, then the connection is lost and made anew."""
    line = Line()
    line.session.subscribe(BTC)

    async def story() -> None:
        await line.until(Subscribed)
        (await line.net.socket()).say(garbage)
        await line.until(Subscribed, count=2)

    line.run(story)
    failed, lost = line.told[2:4]
    assert isinstance(failed, Failed)
    assert failed.text.startswith("unreadable message: ")
    assert isinstance(lost, Lost)
    assert lost.reason == "a message could not be read"


def test_a_subscription_that_is_not_confirmed_is_asked_for_again() -> None:
    """It is told after 10 s and asked for again ever more slowly, up to 5 minutes; others are not touched."""
    line = Line()
    line.session.subscribe(BTC)
    line.session.subscribe(ETH)
    line.net.hear = lambda socket, frame: None if only("BTC", frame) else polite(socket, frame)

    async def story() -> None:
        await line.until(Failed, count=7)
        assert line.session.unconfirmed == (BTC,)
        line.net.hear = polite
        await line.until(Subscribed, count=2)

    line.run(story)
    socket = line.net.sockets[0]
    asked = [at for at, frame in socket.sent if only("BTC", frame)]
    gaps = [(after - before) // 10_000 * 10 for before, after in pairwise(asked)]
    assert gaps == [20, 30, 50, 90, 170, 310, 310]
    assert len([frame for _, frame in socket.sent if only("ETH", frame)]) == 1
    assert {news for news in map(str, line.told) if news.startswith("Failed")} == {
        str(Failed("not confirmed within 10 s", BTC))
    }


def test_errors_of_the_exchange_are_told_with_the_subscription_that_they_name() -> None:
    """`Already subscribed` confirms; `Invalid subscription` names one that failed; other texts name none."""
    line = Line()
    for coin in ("BTC", "ETH"):
        line.session.subscribe({"type": "trades", "coin": coin})

    def hear(socket: WireSocket, frame: Frame) -> None:
        if only("BTC", frame):
            socket.say({"channel": "error", "data": 'Already subscribed: {"type":"trades","coin":"BTC"}'})
        if only("ETH", frame):
            socket.say({"channel": "error", "data": 'Invalid subscription {"type":"trades","coin":"ETH"}'})
            socket.say({"channel": "error", "data": "Cannot track more than 10 total users."})
            socket.say({"channel": "error", "data": "Invalid subscription {broken"})

    line.net.hear = hear

    async def story() -> None:
        await line.until(Failed, count=3)
        line.session.unsubscribe(ETH)
        await asyncio.sleep(30)

    line.run(story)
    assert line.told[1:] == [
        Subscribed(BTC),
        Failed('Invalid subscription {"type":"trades","coin":"ETH"}', ETH),
        Failed("Cannot track more than 10 total users."),
        Failed("Invalid subscription {broken"),
    ]


def test_what_is_refused_for_a_limit_is_what_was_asked_for_first() -> None:
    """Such a refusal has no name; it is put off and named, the others go on, and it is confirmed once there is room."""
    line, limits = Line(), {"trades": "Cannot subscribe to more than 2 channels.", "userFills": FULL}
    for each in (FILLS, BTC, ETH):
        line.session.subscribe(each)

    def hear(socket: WireSocket, frame: Frame) -> None:
        kind = frame["subscription"]["type"] if frame["method"] == "subscribe" else ""
        if kind in limits and not only("BTC", frame):
            socket.say({"channel": "error", "data": limits[kind]})
        else:
            polite(socket, frame)

    line.net.hear = hear

    async def story() -> None:
        await line.until(Failed, count=2)
        await line.until(Subscribed)
        assert line.session.refused == (FILLS, ETH)
        limits.clear()
        await line.until(Subscribed, count=3)
        assert not line.session.refused

    line.run(story)
    assert [each for each in line.told if isinstance(each, Failed)] == [
        Failed(FULL, FILLS),
        Failed("Cannot subscribe to more than 2 channels.", ETH),
    ]


def test_a_connection_that_is_given_up_is_made_anew() -> None:
    """It is lost like any other; where there is none, nothing changes."""
    line = Line()
    line.session.subscribe(BTC)
    line.session.renew("too early")

    async def story() -> None:
        await line.until(Subscribed)
        line.session.renew("it told nothing")
        await line.until(Subscribed, count=2)
        await asyncio.sleep(60)

    line.run(story)
    assert [each.reason for each in line.told if isinstance(each, Lost)] == ["it told nothing"]


def test_a_session_is_counted_as_long_as_it_runs() -> None:
    """With its subscriptions and users, for the purpose that it has; the exchange's own numbers are taken over."""
    limits = SocketLimits(ManualClock())
    line = Line(limits=limits, purpose=Purpose.OWN)
    line.session.subscribe(FILLS)
    line.session.subscribe(BTC)

    async def story() -> None:
        socket = await line.net.socket()
        assert (limits.rooms.connections, limits.rooms.subscriptions, limits.rooms.wallets()) == (1, 2, 9)
        socket.say({"channel": "error", "data": FULL.replace("10", "15")})
        await line.until(Failed)
        assert limits.rooms.wallets() == 14

    line.run(story)
    assert (limits.rooms.connections, limits.rooms.wallets()) == (0, 15)


def test_only_so_many_subscriptions_are_unconfirmed_at_a_time() -> None:
    """Of 200 at most 50 are on their way; those behind are asked for as the first are confirmed."""
    line = Line()
    for n in range(200):
        line.session.subscribe({"type": "bbo", "coin": f"C{n}"})
    line.net.hear = lambda socket, frame: None

    async def story() -> None:
        socket = await line.net.socket()
        await asyncio.sleep(1)
        assert len(socket.asked()) == 50
        line.net.hear = polite
        polite(socket, {"method": "subscribe", "subscription": {"type": "bbo", "coin": "C0"}})
        await line.until(Subscribed, count=151)

    line.run(story)


def test_messages_to_the_exchange_keep_its_limit() -> None:
    """However many subscriptions there are, of no minute are more than 2,000 messages sent; nothing is left out."""
    line = Line()
    for n in range(2_500):
        line.session.subscribe({"type": "bbo", "coin": f"C{n}"})

    async def story() -> None:
        await line.until(Subscribed, count=2_500)

    line.run(story)
    sent = [at for at, _ in line.net.sockets[0].sent]
    assert sum(at < sent[0] + 60_000 for at in sent) == 2_000


def test_what_nobody_takes_ends_the_connection() -> None:
    """With the queue full the session stops reading, and after 45 s it lets go; what waits is not lost."""
    line = Line()

    async def story() -> None:
        socket = await line.net.socket()
        for n in range(sessions.QUEUE_MAX + 10):
            socket.say({"channel": "trades", "data": n})
        await asyncio.sleep(60)
        assert socket.is_closed
        listening = asyncio.create_task(line._listen())
        lost = (await line.until(Lost))[0]
        assert isinstance(lost, Lost)
        assert lost.reason == "nobody took what came for 45 s"
        assert len(line.told) >= sessions.QUEUE_MAX + 1
        await cancelled(listening)

    async def main() -> None:
        running = asyncio.create_task(line.session.run())
        await story()
        await cancelled(running)

    run_jumping(main(), line.clock)


def test_much_that_came_at_once_leaves_others_their_turn() -> None:
    """While 1,000 messages that wait are read and taken, somebody else runs after every few of them."""
    line = Line()
    seen: list[int] = []

    async def story() -> None:
        socket = await line.net.socket()
        for number in range(1_000):
            socket.say({"channel": "trades", "data": [number]})
        while sum(isinstance(each, Message) for each in line.told) < 1_000:
            seen.append(len(line.told))
            await asyncio.sleep(0)

    line.run(story)
    assert max(later - earlier for earlier, later in pairwise(seen)) <= 32
