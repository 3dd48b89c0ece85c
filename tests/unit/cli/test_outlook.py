"""What `status` shows of what the worker sees: whole on a narrow terminal, and with ages."""

import json
from io import StringIO

import msgspec
import pytest
from rich.console import Console

from fadearena.bootstrap.outlook import IdleBot, Outlook
from fadearena.cli import outlook
from fadearena.cli.output import show, span
from fadearena.model.units import DAY_MS, HOUR_MS
from fadearena.ports.sightings import FeedState, FeedStatus, LaneUse, RateUse, Sight

T0 = 1_760_000_000_000
FEEDS = (
    FeedStatus(
        name="tape",
        state=FeedState.OK,
        heard=T0 - 180,
        connections=2,
        wanted=231,
        confirmed=231,
        counts={"trades": 1_203_442, "told": 88_123, "gaps": 0},
    ),
    FeedStatus(name="snapshots", state=FeedState.OK, heard=T0 - 900, wanted=1_000, confirmed=420, round_ms=151_000),
    FeedStatus(name="equity", state=FeedState.STARTING),
    FeedStatus(
        name="markets",
        state=FeedState.STALE,
        heard=T0 - 95_000,
        connections=1,
        wanted=4,
        confirmed=3,
        refused=("bbo NOPE",),
    ),
)
RATE = RateUse(
    per_minute=1_200,
    used=640,
    lanes=(
        LaneUse(lane="cancel", most=1_200),
        LaneUse(lane="snapshot", most=840, used=640, waiting=31, refusals=1, paused_until=T0 + 8_000),
    ),
)
SEEN = Outlook(
    sight=Sight(time=T0, now=T0, feeds=FEEDS, rate=RATE),
    age_ms=2_000,
    wallets=1_000,
    read=998,
    oldest_ms=151_000,
    idle=(IdleBot(bot="grok-4", wallet="0x1", quiet_ms=8 * DAY_MS),),
    unknown=3,
)


def lines(seen: Outlook, columns: int, *, is_running: bool = True) -> list[str]:
    """Return what a terminal of so many columns shows."""
    file = StringIO()
    show(*outlook.shown(seen, is_running=is_running), console=Console(width=columns, file=file))
    return [line.rstrip() for line in file.getvalue().splitlines() if line.strip()]


@pytest.mark.parametrize("columns", [80, 110])
def test_feeds_lanes_and_idle_bots_are_shown(columns: int) -> None:
    """Tables stay tables on a narrow terminal; what is not known is empty, and nothing counted is zero."""
    shown = lines(SEEN, columns)
    table = [line for line in shown if line.startswith("  ")]
    assert max(map(len, table)) <= 80
    assert shown[0] == "wallets: 1000 in sight, 2 of them never read, the others within the last 151 s"
    assert [line.split() for line in table[:5]] == [
        ["feed", "state", "age", "sockets", "confirmed", "refused", "round"],
        ["tape", "ok", "2.2", "s", "2", "231", "of", "231"],
        ["snapshots", "ok", "2.9", "s", "420", "of", "1000", "151", "s"],
        ["equity", "starting"],
        ["markets", "stale", "97", "s", "1", "3", "of", "4", "1"],
    ]
    assert [line.split() for line in table[5:]] == [
        ["lane", "used", "up", "to", "wait", "refused", "paused", "for"],
        ["cancel", "0", "1200"],
        ["snapshot", "640", "840", "31", "1", "8", "s"],
    ]
    assert "markets, refused: bbo NOPE" in shown
    assert "tape, since the start: trades 1203442, told 88123" in shown
    assert "rate limit: 640 of 1200 in the last minute (53 %), 31 requests wait" in shown
    assert shown[-2].startswith("no trade for a week or longer: grok-4; `fadearena bots discover`")
    assert shown[-1] == "whether 3 of the followed bots trade is not known yet"


def test_what_is_old_says_so() -> None:
    """A worker that is gone left what it saw last; before the first one there is nothing to show."""
    assert lines(msgspec.structs.replace(SEEN, age_ms=600_000), 80)[0] == "what follows was seen 10 min ago"
    assert lines(Outlook(), 80) == []


def test_without_a_worker_no_feed_looks_well() -> None:
    """What it saw in its last moment says nothing of now, however short ago that was."""
    shown = lines(SEEN, 80, is_running=False)
    assert shown[0] == "nothing is followed: what follows is what a worker saw last, 2.0 s ago"
    report = outlook.report_of(SEEN, is_running=False)
    assert report is not None
    assert {feed.state for feed in report.feeds} == {"stale"}
    assert not any(" ok " in line for line in shown)


def test_a_long_list_of_idle_bots_is_cut() -> None:
    """Ten are named, the others counted."""
    idle = tuple(IdleBot(bot=f"b{number}", wallet="0x1", quiet_ms=8 * DAY_MS) for number in range(12))
    assert "b8, b9 and 2 more; " in outlook.idle_line(idle)


def test_the_report_bears_ages_instead_of_times() -> None:
    """Whoever reads it needs no clock."""
    report = json.loads(msgspec.json.encode(outlook.report_of(SEEN)))
    assert [feed["ageMs"] for feed in report["feeds"]] == [180, 900, None, 95_000]
    assert report["rate"]["lanes"][1] == {
        "lane": "snapshot",
        "most": 840,
        "used": 640,
        "waiting": 31,
        "refusals": 1,
        "pausedMs": 8_000,
    }
    assert (report["wallets"], report["read"], report["neverRead"], report["oldestReadMs"]) == (1_000, 998, 2, 151_000)
    assert report["unknown"] == 3
    assert report["idle"] == [{"bot": "grok-4", "walletAddress": "0x1", "quietMs": 8 * DAY_MS, "lastTrade": None}]
    assert outlook.report_of(Outlook()) is None


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0, "0.0 s"),
        (4_949, "4.9 s"),
        (5_000, "5 s"),
        (299_999, "299 s"),
        (300_000, "5 min"),
        (2 * HOUR_MS - 1, "119 min"),
        (2 * HOUR_MS, "2 h"),
        (2 * DAY_MS - 1, "47 h"),
        (2 * DAY_MS, "2 d"),
    ],
)
def test_lengths_of_time_are_short(ms: int, text: str) -> None:
    """One unit, in which the number is small and says enough."""
    assert span(ms) == text
