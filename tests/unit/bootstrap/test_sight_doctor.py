"""What the doctor finds in what a worker sees."""

import msgspec

from fadearena.bootstrap.outlook import IdleBot, Outlook
from fadearena.bootstrap.sight_doctor import examine_sight
from fadearena.model.finding import Finding, Level
from fadearena.model.units import DAY_MS
from fadearena.ports.sightings import FeedState, FeedStatus, LaneUse, RateUse, Sight

T0 = 1_760_000_000_000
TAPE = FeedStatus(name="tape", state=FeedState.OK, heard=T0, wanted=9, confirmed=9)
SNAPSHOTS = FeedStatus(name="snapshots", state=FeedState.OK, heard=T0, round_ms=1_000)


def found(*feeds: FeedStatus, rate: RateUse | None = None, **more: object) -> dict[str, Finding]:
    """Return what is found, by check."""
    sight = Sight(time=T0, now=T0, feeds=feeds, rate=rate)
    outlook = Outlook(sight=sight, **more)  # type: ignore[arg-type]  # whatever a test says
    return {each.check: each for each in examine_sight(outlook)}


def test_all_is_well() -> None:
    """Fresh feeds, room in the budget, bots that trade: nothing to do."""
    checks = found(TAPE, SNAPSHOTS, rate=RateUse(per_minute=1_200, used=800), wallets=3, read=3)
    assert {check.level for check in checks.values()} == {Level.OK}
    assert checks["feeds"].text == "tape ok, snapshots ok"
    assert checks["wallets"].text == "3 in sight, 0 of them never read"
    assert not any(check.advice for check in checks.values())


def test_a_worker_that_shows_nothing_is_told() -> None:
    """What is old says nothing of now."""
    never = examine_sight(Outlook())
    old = examine_sight(Outlook(sight=Sight(time=T0, now=T0, feeds=(TAPE,)), age_ms=60_000))
    assert [(each.check, each.level) for each in (*never, *old)] == [("feeds", Level.WARN)] * 2
    assert old[0].text == "they were seen 60 s ago"


def test_stale_and_refused_feeds_are_named() -> None:
    """With the age of their newest data, and what was refused."""
    stale = FeedStatus(name="tape", state=FeedState.STALE, heard=T0 - 90_000, wanted=9, confirmed=5)
    never = FeedStatus(name="own", state=FeedState.STALE, wanted=4)
    refused = FeedStatus(name="markets", state=FeedState.OK, heard=T0, refused=("bbo NOPE",))
    check = found(stale, never, refused)["feeds"]
    both = found(msgspec.structs.replace(stale, refused=("trades BTC",)))["feeds"]
    assert both.text == "tape is stale, heard last 90 s ago (5 of 9 confirmed), refused: trades BTC"
    assert check.level is Level.WARN
    assert check.text == (
        "tape is stale, heard last 90 s ago (5 of 9 confirmed); own was never heard (0 of 4 confirmed); "
        "of markets was refused: bbo NOPE"
    )
    assert "worker's log" in check.advice


def test_wallets_that_no_round_could_read_are_told() -> None:
    """Before the first round is over there is nothing to tell."""
    assert found(TAPE, wallets=3, read=1)["wallets"].level is Level.OK
    assert found(SNAPSHOTS, wallets=3, read=1)["wallets"].level is Level.WARN


def test_a_budget_without_room_is_told() -> None:
    """Paused lanes are named; a pause that is over is none."""
    lanes = (
        LaneUse(lane="own", most=1_152, paused_until=T0 - 1),
        LaneUse(lane="rest", most=600, refusals=1, paused_until=T0 + 1),
    )
    paused = found(TAPE, rate=RateUse(per_minute=1_200, used=0, lanes=lanes))["rate budget"]
    full = found(TAPE, rate=RateUse(per_minute=1_200, used=1_140))["rate budget"]
    assert [paused.level, full.level] == [Level.WARN, Level.WARN]
    assert "refused: rest" in paused.text
    assert "FADEARENA_WEIGHT_PER_MINUTE" in paused.advice


def test_idle_bots_are_named_with_the_next_step() -> None:
    """Ten of them, and how many more there are; one of which nothing is known yet is counted."""
    idle = tuple(IdleBot(bot=f"bot-{number}", wallet=f"0x{number}", quiet_ms=8 * DAY_MS) for number in range(12))
    check = found(TAPE, idle=idle)["idle bots"]
    assert check.level is Level.WARN
    assert check.text.endswith("bot-8, bot-9 and 2 more")
    assert "fadearena bots discover" in check.advice
    assert "2 not known yet" in found(TAPE, unknown=2)["idle bots"].text
