"""What every keeper of what a worker sees does."""

from decimal import Decimal

import msgspec

from fadearena.model.wallet import Feed, SourcePosition
from fadearena.ports.sightings import FeedState, FeedStatus, LaneUse, RateUse, Sight, Sighting
from tests.support.read_stores import Doors, Opener, opener, tell

__all__ = ["opener"]
T0 = 1_760_000_000_000
FEED = FeedStatus(name="tape", state=FeedState.OK, heard=T0, connections=2, wanted=9, confirmed=8, counts={"gaps": 1})
RATE = RateUse(per_minute=1_200, used=42, lanes=(LaneUse(lane="cancel", most=1_200, used=42, paused_until=T0),))
SIGHT = Sight(time=T0 + 5, now=T0, feeds=(FEED, FeedStatus(name="user", state=FeedState.OFF)), rate=RATE)
KNOWN = Sighting(
    wallet="0xb",
    since=T0,
    feed=Feed.USER,
    heard=T0 + 1,
    read=T0 + 2,
    last_trade=T0 + 3,
    quiet_since=T0 + 4,
    equity=Decimal("1234567890.12345678"),
    equity_time=T0 + 5,
    positions=(
        SourcePosition(coin="BTC", size=Decimal("-0.10"), entry=Decimal("100000.5")),
        SourcePosition(coin="xyz:NVDA", size=Decimal("1E+20")),
    ),
    leverages={"BTC": 10, "xyz:NVDA": 3},
)


def many(count: int, heard: int) -> list[Sighting]:
    """Return wallets of which nothing is known but when they were heard."""
    return [Sighting(wallet=f"0x{number:04x}", since=T0, heard=heard) for number in range(count)]


def test_the_last_sight_is_kept_whole(opener: Opener) -> None:
    """A later one replaces the earlier one, also where it knows less; before the first there is none."""
    later = Sight(time=T0 + 5_000, now=T0 + 4_000)

    async def story(doors: Doors) -> None:
        assert await doors.sightings.sight() is None
        await doors.sightings.show(SIGHT, ())
        assert await doors.sightings.sight() == SIGHT
        await doors.sightings.show(later, ())

    tell(opener, story)
    assert tell(opener, lambda doors: doors.sightings.sight()) == later


def test_wallets_come_back_as_they_were_shown(opener: Opener) -> None:
    """Every field, exact, by address; what is not known stays unknown, and is unknown again once it is shown so."""
    unknown = Sighting(wallet="0xa", since=T0)
    less = msgspec.structs.replace(KNOWN, equity=None, equity_time=None, feed=None, positions=(), leverages={})

    async def story(doors: Doors) -> None:
        sightings = doors.sightings
        assert await sightings.wallets() == ()
        await sightings.show(SIGHT, (KNOWN, unknown))
        assert await sightings.wallets() == (unknown, KNOWN)
        assert await sightings.wallets({"0xb", "0xc"}) == (KNOWN,)
        assert await sightings.wallets(()) == ()
        await sightings.show(SIGHT, (less,))
        assert await sightings.wallets() == (unknown, less)

    tell(opener, story)


def test_only_wallets_that_changed_are_replaced(opener: Opener) -> None:
    """However many there are, and however many are asked for: the others stay as they were shown."""
    first, second = many(1_203, T0), many(701, T0 + 1)

    async def story(doors: Doors) -> None:
        sightings = doors.sightings
        await sightings.show(SIGHT, first)
        await sightings.show(SIGHT, second)
        assert await sightings.wallets() == (*second, *first[701:])
        assert await sightings.wallets([one.wallet for one in first[1:]]) == (*second[1:], *first[701:])

    tell(opener, story)


def test_wallets_that_are_out_of_sight_are_forgotten(opener: Opener) -> None:
    """All but those that are kept; one that is kept and was never shown changes nothing."""
    shown = many(1_203, T0)

    async def story(doors: Doors) -> None:
        sightings = doors.sightings
        await sightings.show(SIGHT, shown)
        await sightings.forget(["0x0001", "0x04b2", "0xnever"])
        assert await sightings.wallets() == (shown[1], shown[-1])
        await sightings.forget(())
        assert await sightings.wallets() == ()
        assert await sightings.sight() == SIGHT

    tell(opener, story)


def test_what_is_in_sight_survives_a_rebuild(opener: Opener) -> None:
    """It does not follow from the journal."""

    async def story(doors: Doors) -> None:
        await doors.sightings.show(SIGHT, (KNOWN,))
        await doors.records.clear()
        assert await doors.sightings.sight() == SIGHT
        assert await doors.sightings.wallets() == (KNOWN,)

    tell(opener, story)
