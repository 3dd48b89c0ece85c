"""What goes wrong with feeds on request: connections, frames, first messages, subscriptions."""

import json
from collections import Counter as Count
from typing import Any

import msgspec
import pytest

from fadearena.kit.jumping import run_jumping
from fadearena.model.units import SECOND_MS
from fadearena.sandbox.gateway.faults import (
    Answer,
    AnswerClock,
    Clear,
    Delay,
    Drop,
    Fault,
    Frames,
    Garble,
    HalfOpen,
    RefuseSubscriptions,
    ShortSnapshots,
    Truncate,
)
from fadearena.sandbox.gateway.limits import NO_LIMITS, Limits
from fadearena.sandbox.gateway.peer import Peer
from tests.support.counter import NOBODY, Counter, heard
from tests.support.vectors import TIME

USER = "0x" + "ab" * 20


@pytest.fixture
def counter() -> Counter:
    """A gateway with nobody but its clients."""
    return Counter()


def contexts(counter: Counter, peer: Peer, seconds: int) -> list[int]:
    """Return the times of the bbo messages that come in some seconds, in the order in which they come."""
    told: list[Any] = []
    for _ in range(seconds):
        counter.pass_ms(SECOND_MS)
        told += heard(peer)
    return [one["data"]["time"] for one in told if one["channel"] == "bbo"]


def test_some_sockets_are_dropped(counter: Counter) -> None:
    """Those that listen to the channel; of several some, as the seed has it, and always the same ones."""
    tape, prices, silent = counter.connect(), counter.connect(), counter.connect()
    counter.subscribe(tape, "trades", coin="ETH")
    counter.subscribe(prices, "bbo", coin="ETH")
    counter.gateway.inflict(Drop(("trades",)))
    assert (tape.is_open, prices.is_open, silent.is_open) == (False, True, True)
    fates = []
    for _ in range(2):
        peers = [counter.connect() for _ in range(6)]
        for peer in peers:
            counter.subscribe(peer, "userEvents", user=USER)
        counter.gateway.inflict(Drop(("user",), chance=0.5, seed=3))
        fates.append([peer.is_open for peer in peers])
        for peer in peers:
            counter.gateway.close(peer)
    assert fates[0] == fates[1]
    assert set(fates[0]) == {True, False}


def test_half_open_until_it_is_closed(counter: Counter) -> None:
    """It answers and confirms, nothing of the channel comes; other channels do, and so does all on a new connection."""
    peer = counter.connect()
    counter.subscribe(peer, "bbo", coin="ETH")
    counter.gateway.inflict(HalfOpen(("bbo",)))
    assert counter.say(peer, {"method": "ping"}) == [{"channel": "pong"}]
    assert counter.subscribe(peer, "bbo", coin="BTC") == []
    counter.subscribe(peer, "activeAssetCtx", coin="ETH")
    counter.pass_ms(SECOND_MS)
    assert {one["channel"] for one in heard(peer)} == {"activeAssetCtx"}
    new = counter.connect()
    assert counter.subscribe(new, "bbo", coin="ETH")
    counter.pass_ms(SECOND_MS)
    assert heard(new)
    heard(peer)
    counter.gateway.inflict(HalfOpen())
    counter.pass_ms(SECOND_MS)
    assert heard(new) == heard(peer) == []


@pytest.mark.parametrize("end", [HalfOpen(on=False), Clear()], ids=str)
def test_half_open_for_all_until_it_is_switched_off(counter: Counter, end: Fault) -> None:
    """New connections are as deaf, and the old ones hear again in the end."""
    peer = counter.connect()
    counter.subscribe(peer, "bbo", coin="ETH")
    counter.gateway.inflict(HalfOpen(("bbo",)))
    counter.gateway.inflict(HalfOpen(("bbo",), lasting=True))
    new = counter.connect()
    assert counter.subscribe(new, "bbo", coin="ETH") == []
    assert contexts(counter, new, 2) == []
    counter.gateway.inflict(end)
    assert len(contexts(counter, new, 2)) == 2
    assert [one["channel"] for one in heard(peer)] == ["bbo", "bbo"]


def test_frames_that_come_twice(counter: Counter) -> None:
    """Each, or some of them, one right after the other."""
    peer = counter.connect()
    counter.subscribe(peer, "bbo", coin="ETH")
    counter.gateway.inflict(Frames(("bbo",), twice=1))
    times = contexts(counter, peer, 3)
    assert times == [TIME + n * SECOND_MS for n in (1, 1, 2, 2, 3, 3)]
    counter.gateway.inflict(Frames(("bbo",), twice=0.5, seed=4))
    assert {1, 2} == set(Count(contexts(counter, peer, 20)).values())
    counter.gateway.inflict(Frames())
    assert len(contexts(counter, peer, 3)) == 3


def test_frames_that_change_places(counter: Counter) -> None:
    """Nothing is lost, and the order is another; one that nothing follows comes a step later."""
    peer = counter.connect()
    counter.subscribe(peer, "bbo", coin="ETH")
    counter.subscribe(peer, "bbo", coin="BTC")
    counter.gateway.inflict(Frames(("bbo",), swap=0.5, seed=1))
    times = contexts(counter, peer, 20)
    assert times != sorted(times)
    counter.gateway.inflict(Clear())
    times += [one["data"]["time"] for one in heard(peer)]
    assert Count(times) == {TIME + n * SECOND_MS: 2 for n in range(1, 21)}
    counter.gateway.inflict(Frames(("bbo",), swap=1))
    counter.subscribe(peer, "bbo", coin="SOL")
    assert heard(peer) == []
    counter.gateway.advance()
    counter.gateway.advance()
    assert heard(peer)[0]["data"]["coin"] == "SOL"


def test_frames_that_are_late(counter: Counter) -> None:
    """Up to so much later, others before them; what was held back comes when everything goes right again."""
    peer = counter.connect()
    counter.subscribe(peer, "bbo", coin="ETH")
    counter.gateway.inflict(Frames(("bbo",), late=0.6, late_ms=5_000, seed=2))
    times = contexts(counter, peer, 30)
    assert times != sorted(times)
    assert len(times) < 30
    counter.gateway.inflict(Clear())
    times += [one["data"]["time"] for one in heard(peer)]
    assert sorted(times) == [TIME + n * SECOND_MS for n in range(1, 31)]


def test_frames_of_a_closed_socket_are_nobodys(counter: Counter) -> None:
    """What was held back for it is not sent to anybody."""
    peer, other = counter.connect(), counter.connect()
    counter.subscribe(peer, "bbo", coin="ETH")
    counter.gateway.inflict(Frames(late=1, late_ms=2_000))
    counter.pass_ms(SECOND_MS)
    counter.gateway.close(peer)
    counter.pass_ms(5 * SECOND_MS)
    assert heard(other) == []


def traded(count: int) -> tuple[Counter, str]:
    """Return a gateway where somebody has traded, with its address."""
    counter = Counter()
    client = counter.client()
    for _ in range(count):
        client.order(s="0.01")
    return counter, client.address


def test_snapshots_are_cut_short_or_missing() -> None:
    """So many times, the newest rows are kept; then they are whole again. Messages after the first one always come."""
    counter, user = traded(6)
    peer = counter.connect()
    counter.gateway.inflict(ShortSnapshots(keep=2, times=2))
    (tape,) = counter.subscribe(peer, "trades", coin="ETH")
    (fills,) = counter.subscribe(peer, "userFills", user=user)
    assert len(tape["data"]) == len(fills["data"]["fills"]) == 2
    newest = counter.ask("userFills", user=user)
    assert fills["data"]["fills"] == newest[1::-1]
    assert fills["data"]["isSnapshot"]
    counter.gateway.inflict(ShortSnapshots(("userFills",), times=1))
    again = counter.connect()
    assert counter.subscribe(again, "userFills", user=user) == []
    assert len(counter.subscribe(again, "trades", coin="ETH")[0]["data"]) >= 6
    third = counter.connect()
    assert len(counter.subscribe(third, "userFills", user=user)[0]["data"]["fills"]) >= 6
    counter.gateway.inflict(ShortSnapshots(keep=0))
    assert counter.subscribe(counter.connect(), "trades", coin="ETH")[0]["data"] == []
    assert counter.subscribe(third, "bbo", coin="ETH")


def test_subscriptions_are_refused() -> None:
    """In the words of the limits, with the sandbox's own numbers, or in others; so many times; nothing else is hit."""
    counter = Counter(limits=Limits().times(2))
    peer = counter.connect()

    def told(kind: str, **fields: str) -> Any:
        return counter.say(peer, {"method": "subscribe", "subscription": {"type": kind, **fields}})[0]["data"]

    counter.gateway.inflict(RefuseSubscriptions(times=2))
    assert told("trades", coin="ETH") == "Cannot subscribe to more than 2000 channels."
    assert told("userFills", user=USER) == "Cannot track more than 20 total users."
    assert told("trades", coin="ETH")["method"] == "subscribe"
    counter.gateway.inflict(RefuseSubscriptions(("bbo",), text="Not now."))
    assert told("userFills", user=USER)["method"] == "subscribe"
    assert told("bbo", coin="ETH") == "Not now."
    assert told("bbo", coin="ETH")["method"] == "subscribe"
    unlimited = Counter(limits=NO_LIMITS)
    unlimited.gateway.inflict(RefuseSubscriptions())
    asked = {"method": "subscribe", "subscription": {"type": "userFills", "user": USER}}
    assert unlimited.say(unlimited.connect(), asked)[0]["data"] == "Cannot track more than 10 total users."


def test_one_dex_is_missing(counter: Counter) -> None:
    """Questions about it fail, come back empty or cut short; those about other dexs do not."""

    def ask(dex: str | None) -> tuple[int, bytes]:
        body = {"type": "clearinghouseState", "user": NOBODY} | ({} if dex is None else {"dex": dex})
        return counter.post("/info", body)

    whole = ask("xyz")[1]
    counter.gateway.inflict(Answer(500, action="clearinghouseState", dex="xyz"))
    assert [ask(dex)[0] for dex in ("", None, "xyz", "xyz")] == [200, 200, 500, 200]
    counter.gateway.inflict(Garble(text="", dex=""))
    assert [ask(dex)[1] for dex in ("xyz", None)] == [whole, b""]
    counter.gateway.inflict(Truncate(dex="xyz", seed=1))
    status, cut = ask("xyz")
    assert status == 200
    assert whole.startswith(cut)
    with pytest.raises(json.JSONDecodeError):
        json.loads(cut)
    counter.gateway.inflict(Truncate(dex="xyz"))
    assert counter.ask("orderStatus", user=NOBODY, oid=1) == {"status": "unknownOid"}


def test_a_truncated_post_is_no_message(counter: Counter) -> None:
    """Over a socket what comes cannot be read."""
    peer = counter.connect()
    counter.gateway.inflict(Truncate(seed=1))
    payload = {"type": "clearinghouseState", "user": NOBODY}
    with pytest.raises(json.JSONDecodeError):
        counter.say(peer, {"method": "post", "id": 1, "request": {"type": "info", "payload": payload}})


def test_the_clock_of_answers_is_off(counter: Counter) -> None:
    """What is told of the present is off; fills are not, and orders are not judged by it."""
    client, peer = counter.client(), counter.connect()
    counter.subscribe(peer, "bbo", coin="ETH")
    counter.gateway.inflict(AnswerClock(-30_000))
    assert "totalSz" in client.order()["filled"]
    assert counter.ask("exchangeStatus")["time"] == TIME - 30_000
    assert counter.ask("clearinghouseState", user=NOBODY)["time"] == TIME - 30_000
    assert counter.ask("l2Book", coin="ETH")["time"] == TIME - 30_000
    assert counter.ask("userFills", user=client.address)[0]["time"] == TIME
    assert contexts(counter, peer, 1)[-1] == TIME - 29_000
    counter.gateway.inflict(AnswerClock())
    assert counter.ask("exchangeStatus")["time"] == TIME + SECOND_MS


def test_messages_have_a_limit() -> None:
    """What is said beyond it in a minute is not carried out."""
    counter = Counter(limits=Limits(messages_a_minute=3))
    peer = counter.connect()
    for _ in range(3):
        assert counter.say(peer, {"method": "ping"}) == [{"channel": "pong"}]
    assert counter.say(peer, {"method": "ping"}) == [{"channel": "error", "data": "Too many websocket messages."}]
    counter.clock.move_by(60 * SECOND_MS)
    assert counter.say(peer, {"method": "ping"}) == [{"channel": "pong"}]


def test_posts_in_flight_have_a_limit() -> None:
    """One more than may wait for their answers is refused in the exchange's words."""
    counter = Counter(limits=Limits(posts_in_flight=2))
    heard_last: list[Any] = []

    async def story() -> None:
        peer = counter.gateway.connect()
        assert peer is not None
        counter.gateway.inflict(Delay(ms=1_000))
        for number in range(3):
            request = {"type": "info", "payload": {"type": "exchangeStatus"}}
            await counter.gateway.receive(peer, json.dumps({"method": "post", "id": number, "request": request}))
        heard_last.extend(heard(peer)[1:])
        await counter.clock.sleep_until(TIME + 2_000)
        heard_last.extend(heard(peer))

    run_jumping(story(), counter.clock)
    assert heard_last[0] == {"channel": "error", "data": "too many pending post requests id=2"}
    assert [one["data"]["id"] for one in heard_last[1:]] == [0, 1]


@pytest.mark.parametrize(
    "text",
    ['{"kind":"frames","late":1.5}', '{"kind":"drop","chance":0}', '{"kind":"shortSnapshots","keep":-1}'],
)
def test_what_is_no_fault_is_refused(text: str) -> None:
    """Chances and numbers have bounds."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(text, type=Fault)
