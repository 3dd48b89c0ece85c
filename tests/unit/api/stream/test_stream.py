"""The WebSocket to the letter of its contract: what clients hear, in which order, and what becomes of odd ones."""

from itertools import pairwise

import pytest

from fadearena.api.stream import MESSAGE_BYTES
from fadearena.model.record import SettingsChange, TradingStateChange
from tests.support.stream import FILL, TRADE, StreamRoom

GRACE = 510
ROUND = 30


def latch(number: int) -> TradingStateChange:
    """Return a record of a kind that is not an alert."""
    return TradingStateChange(scope="all", state="halted", latch=str(number), is_set=True, actor="a", reason="r")


def test_a_client_hears_hello_first_and_then_every_record() -> None:
    """Each record once, in order, without a gap between what was there and what comes."""

    async def story(room: StreamRoom) -> None:
        await room.alerts(3)
        await room.wait(ROUND)
        line = room.line()
        await room.wait(100)
        await room.alerts(2)
        await room.wait(GRACE)
        await room.alerts(2)
        await room.wait(ROUND)
        hello = line.heard[0]
        assert (hello["type"], hello["seq"]) == ("hello", 3)
        assert hello["data"]["state"] == room.state
        assert hello["data"]["settingsVersion"] == 0
        assert line.seqs == [4, 5, 6, 7]
        assert line.of("alert")[0] == {
            "type": "alert",
            "seq": 4,
            "timestamp": hello["timestamp"] + 100,
            "data": {"level": "info", "category": "c", "subject": "s", "text": "t"},
        }

    StreamRoom().run(story)


def test_trades_have_the_shapes_of_the_contract() -> None:
    """Its names and no others, at every depth."""

    async def story(room: StreamRoom) -> None:
        line = room.line("since=0")
        await room.tell(TRADE, FILL)
        await room.wait(ROUND)
        theirs, ours = line.of("bot-trade")[0]["data"], line.of("my-trade")[0]["data"]
        assert set(theirs) == {"botId", "walletAddress", "event"}
        assert " ".join(ours) == "id timestamp botId asset side size price notional pnl simulated orderId reason"
        assert (ours["id"], ours["side"], ours["notional"], ours["simulated"]) == ("2", "short", 1050, True)

    StreamRoom().run(story)


def test_decimals_are_texts_for_those_who_ask_for_it() -> None:
    """The same records, digit by digit."""

    async def story(room: StreamRoom) -> None:
        numbers, texts = room.line("since=0"), room.line("since=0&decimals=string")
        await room.tell(FILL)
        await room.wait(ROUND)
        assert numbers.of("my-trade")[0]["data"]["price"] == 10.5
        assert texts.of("my-trade")[0]["data"]["price"] == "10.5"

    StreamRoom().run(story)


def test_since_replays_what_was_missed() -> None:
    """In the first message or in the address, with no gap and no repeat where live records begin."""

    async def story(room: StreamRoom) -> None:
        await room.alerts(5)
        await room.wait(ROUND)
        told, addressed = room.line(), room.line("since=2")
        told.say({"type": "subscribe", "since": 2})
        await room.alerts(2)
        await room.wait(ROUND)
        await room.alerts(1)
        await room.wait(GRACE)
        assert told.seqs == addressed.seqs == [3, 4, 5, 6, 7, 8]

    StreamRoom().run(story)


def test_long_replay_is_read_in_pages_while_others_go_on() -> None:
    """More than is kept in memory comes from the log; the last message says how far it went."""

    async def story(room: StreamRoom) -> None:
        await room.alerts(1_700)
        await room.wait(ROUND)
        other, line = room.line("channels=alert"), room.line("since=0")
        await room.wait(GRACE)
        await room.alerts(3)
        await room.wait(ROUND)
        assert other.seqs == [1_701, 1_702, 1_703]
        assert line.seqs == list(range(1, 1_704))
        assert line.of("heartbeat")[0]["seq"] == 1_700

    StreamRoom().run(story)


def test_channels_narrow_what_comes() -> None:
    """The first that are named stand in place of all, later ones add, and they can be taken away."""

    async def story(room: StreamRoom) -> None:
        line = room.line()
        line.say({"type": "subscribe", "channels": ["trading-state"]})
        await room.wait(ROUND)
        await room.tell(latch(1))
        await room.alerts(1)
        await room.wait(ROUND)
        assert line.seqs == [1]
        line.say({"type": "subscribe", "channels": ["alert"]})
        await room.wait(ROUND)
        await room.tell(latch(2))
        await room.alerts(1)
        await room.wait(ROUND)
        assert line.seqs == [1, 3, 4]
        line.say({"type": "unsubscribe", "channels": ["alert"]})
        await room.wait(ROUND)
        await room.alerts(1)
        await room.tell(latch(3))
        await room.wait(ROUND)
        line.say({"type": "unsubscribe"})
        await room.wait(ROUND)
        await room.alerts(1)
        await room.wait(ROUND)
        assert line.seqs == [1, 3, 4, 6]

    StreamRoom().run(story)


def test_replay_of_some_channels_leaves_the_others_out() -> None:
    """Numbers are skipped, and what is rare is found however far back it is."""

    async def story(room: StreamRoom) -> None:
        await room.tell(latch(1))
        await room.alerts(1_500)
        await room.tell(latch(2))
        await room.wait(ROUND)
        line = room.line("since=0&channels=trading-state")
        await room.wait(ROUND)
        assert line.seqs == [1, 1_502]
        assert [each["seq"] for each in line.of("heartbeat")] == [1_502]

    StreamRoom().run(story)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("nonsense", "malformed"),
        (b"\xff\xfe", "malformed"),
        ("[]", "malformed"),
        ({"type": "shout"}, "malformed"),
        ({"type": "subscribe", "since": -1}, "malformed"),
        ({"type": "subscribe", "since": "7"}, "malformed"),
        ({"type": "subscribe", "color": "red"}, "malformed"),
        ({"type": "subscribe", "channels": "alert"}, "malformed"),
        ("x" * (MESSAGE_BYTES + 1), "malformed"),
        ({"type": "subscribe", "channels": ["alert", "gossip"]}, "unknown_channel"),
        ({"type": "unsubscribe", "channels": ["gossip"]}, "unknown_channel"),
        ({"type": "subscribe", "since": 99}, "reload"),
        ({"type": "subscribe", "since": 1, "timestamp": 5}, "reload"),
    ],
)
def test_what_cannot_be_followed_is_an_error_and_the_connection_stays(said: object, code: str) -> None:
    """It says what is wrong, and everything that is new comes all the same."""

    async def story(room: StreamRoom) -> None:
        await room.alerts(2)
        await room.wait(ROUND)
        line = room.line()
        line.say(said)
        await room.wait(GRACE)
        await room.alerts(1)
        await room.wait(ROUND)
        assert line.errors == [code]
        assert set(line.of("error")[0]["data"]) == {"message", "code", "timestamp"}
        assert line.seqs == [3]

    StreamRoom().run(story)


def test_since_with_the_right_time_is_followed() -> None:
    """The time of the message proves that both mean the same log, in memory and in the database."""

    async def story(room: StreamRoom) -> None:
        await room.alerts(1_200)
        await room.wait(ROUND)
        time = room.clock.now_ms() - ROUND
        lines = [room.line(f"since={since}&timestamp={time}") for since in (5, 1_199)]
        await room.wait(ROUND)
        assert [line.seqs for line in lines] == [list(range(6, 1_201)), [1_200]]

    StreamRoom().run(story)


def test_what_is_not_kept_is_an_error() -> None:
    """A log that begins later than what was asked for: everything has to be read again."""

    async def story(room: StreamRoom) -> None:
        await room.begin_after(7)
        await room.wait(ROUND)
        await room.alerts(2)
        await room.wait(ROUND)
        late, right = room.line("since=3"), room.line("since=7")
        await room.wait(ROUND)
        await room.alerts(1)
        await room.wait(ROUND)
        assert (late.errors, late.seqs) == (["reload"], [10])
        assert (right.errors, right.seqs) == ([], [8, 9, 10])

    StreamRoom().run(story)


def test_heartbeats_come_every_15_seconds() -> None:
    """They carry the last number, so that a client that hears nothing else knows where it stands."""

    async def story(room: StreamRoom) -> None:
        line = room.line("channels=trading-state")
        await room.alerts(4)
        await room.wait(45_500)
        beats = [(beat["seq"], beat["timestamp"]) for beat in line.of("heartbeat")][1:]
        assert [seq for seq, _ in beats] == [4, 4, 4]
        assert {later - before for (_, before), (_, later) in pairwise(beats)} == {15_000}

    StreamRoom().run(story)


def test_a_state_that_changed_is_told_within_a_second() -> None:
    """Only the members that changed, at most twice a second; that time passes is no change."""

    async def story(room: StreamRoom) -> None:
        line = room.line("since=0")
        await room.wait(3_000)
        room.state = {"killSwitch": True, "systemStatus": {"uptime": 4}}
        await room.wait(1_000)
        room.state = {"killSwitch": True, "systemStatus": {"uptime": 5}}
        await room.wait(3_000)
        assert [update["data"] for update in line.of("state-update")] == [{"killSwitch": True}]

    StreamRoom().run(story)


def test_a_state_that_changed_during_a_replay_is_told_after_it() -> None:
    """`hello` and what follows always add up to the present state."""

    async def story(room: StreamRoom) -> None:
        await room.alerts(3)
        await room.wait(ROUND)
        line = room.line("since=0")
        line.stop_reading(after=2)
        await room.wait(500)
        room.state = {"killSwitch": True, "systemStatus": {"uptime": 9}}
        await room.wait(2_000)
        line.go_on_reading()
        await room.wait(ROUND)
        assert [message["type"] for message in line.heard] == ["hello", *["alert"] * 3, "state-update", "heartbeat"]
        assert line.of("state-update")[0]["data"] == room.state

    StreamRoom().run(story)


def test_new_settings_are_told_as_a_whole() -> None:
    """In the form of GET /api/settings, under one channel whichever record changed them."""

    async def story(room: StreamRoom) -> None:
        line = room.line("since=0")
        room.settings = {"version": 2, "bots": []}
        await room.tell(SettingsChange(version=2, actor="a"))
        await room.wait(ROUND)
        assert [(each["seq"], each["data"]) for each in line.of("settings-update")] == [(1, room.settings)]

    StreamRoom().run(story)


def test_since_while_live_begins_there_again() -> None:
    """Everything after it comes again, what waited does not come twice."""

    async def story(room: StreamRoom) -> None:
        line = room.line("since=0")
        await room.alerts(3)
        await room.wait(ROUND)
        line.say({"type": "subscribe", "since": 1})
        await room.alerts(1)
        await room.wait(ROUND)
        await room.alerts(1)
        await room.wait(ROUND)
        assert line.seqs == [1, 2, 3, 2, 3, 4, 5]

    StreamRoom().run(story)


def test_a_client_may_know_more_than_this_server() -> None:
    """It heard from another one of records that were not read here yet: it hears what follows them."""

    async def story(room: StreamRoom) -> None:
        await room.alerts(5)
        await room.wait(ROUND)
        await room.commit(5)
        line = room.line("since=8")
        await room.wait(ROUND)
        assert (line.errors, line.seqs) == ([], [9, 10])
        assert min(beat["seq"] for beat in line.of("heartbeat")) == 8

    StreamRoom().run(story)


def test_what_a_replay_finds_too_early_comes_once() -> None:
    """The database may hold records that were not followed yet: they come when they are."""

    async def story(room: StreamRoom) -> None:
        await room.tell(latch(1))
        await room.alerts(1_500)
        await room.wait(ROUND)
        await room.commit(1, latch(2))
        line = room.line("since=0&channels=trading-state")
        await room.wait(2 * ROUND)
        assert line.seqs == [1, 1_502]

    StreamRoom().run(story)
