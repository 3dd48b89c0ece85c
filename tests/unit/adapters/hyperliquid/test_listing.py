"""The lists of markets: ids by place, exact names, what cannot be read stays."""

import asyncio
from decimal import Decimal

import pytest

from fadearena.adapters.hyperliquid.listing import AGAIN_MS, REFRESH_MS
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.kit.tasks import cancelled
from fadearena.model.error import InvalidInput, VenueUnavailable
from fadearena.model.event import Event, Instruments, Notice
from tests.support.hyperliquid import BROKEN, NOW, Desk, meta

XYZ = {"name": "xyz", "deployerFeeScale": "0.5"}
METAS = {"": meta("BTC", "MATIC", "ETH"), "xyz": meta("xyz:TSLA", "xyz:NVDA"), "flx": meta("flx:GOLD")}


def desk_of_three(clock: ManualClock) -> Desk:
    """Return an exchange with its own dex and two builder-deployed ones."""
    return Desk(clock, perpDexs=[None, XYZ, {"name": "flx"}], meta=lambda frame: METAS[frame["dex"]])


def test_ids_follow_from_the_places_of_dex_and_market() -> None:
    """Delisted markets keep their index, and the first builder-deployed dex begins at 110000."""
    desk = desk_of_three(ManualClock(NOW))
    listing = desk.line().listing

    async def story() -> None:
        await listing.refresh()

    run_jumping(story(), desk.clock)
    coins = ("BTC", "ETH", "xyz:TSLA", "xyz:NVDA", "flx:GOLD")
    assert [listing.asset_id(coin) for coin in coins] == [0, 2, 110000, 110001, 120000]
    assert listing.dexs == ("", "xyz", "flx")
    scales = {instrument.coin: instrument.deployer_fee_scale for instrument in listing.instruments}
    assert (scales["BTC"], scales["xyz:NVDA"], scales["flx:GOLD"]) == (None, Decimal("0.5"), Decimal(1))


@pytest.mark.parametrize("coin", ["btc", "NVDA", "xyz:nvda", "BTC ", "@107"])
def test_a_name_that_is_not_exact_is_an_error(coin: str) -> None:
    """Nothing is guessed from a name that is merely similar."""
    desk = desk_of_three(ManualClock(NOW))
    listing = desk.line().listing
    run_jumping(listing.refresh(), desk.clock)
    with pytest.raises(InvalidInput, match="not listed"):
        listing.asset_id(coin)


def test_nothing_is_known_before_the_first_reading() -> None:
    """The dexs are not known to be none: asking for them is an error."""
    listing = Desk(ManualClock(NOW)).line().listing
    assert listing.instruments == ()
    with pytest.raises(VenueUnavailable):
        _ = listing.dexs


def test_only_what_changed_is_told() -> None:
    """A second reading tells the market that was added, a third nothing at all."""
    desk = Desk(ManualClock(NOW), meta=meta("BTC"))
    listing = desk.line().listing

    async def story() -> list[tuple[Event, ...]]:
        readings = [await listing.refresh()]
        desk.answers["meta"] = meta("BTC", "NEW")
        return [*readings, await listing.refresh(), await listing.refresh()]

    first, second, third = run_jumping(story(), desk.clock)
    assert isinstance(first[0], Instruments)
    assert isinstance(second[0], Instruments)
    assert [instrument.coin for instrument in second[0].instruments] == ["NEW"]
    assert third == ()


def test_a_dex_that_cannot_be_read_stays_as_it_was_and_is_reported() -> None:
    """Its markets keep their ids, the others are read, and a notice names the dex."""
    desk = desk_of_three(ManualClock(NOW))
    listing = desk.line().listing

    async def story() -> tuple[Event, ...]:
        await listing.refresh()
        desk.answers["meta"] = lambda frame: BROKEN if frame["dex"] == "xyz" else METAS[frame["dex"]]
        return await listing.refresh()

    (notice,) = run_jumping(story(), desk.clock)
    assert isinstance(notice, Notice)
    assert "dex xyz" in notice.text
    assert listing.asset_id("xyz:NVDA") == 110001


def test_names_of_another_dex_are_not_taken() -> None:
    """A dex whose markets do not bear its name cannot be read."""
    desk = Desk(ManualClock(NOW), perpDexs=[None, XYZ], meta=lambda f: meta("NVDA") if f["dex"] else meta("BTC"))
    listing = desk.line().listing
    *_, notice = run_jumping(listing.refresh(), desk.clock)
    assert isinstance(notice, Notice)
    assert "'NVDA'" in notice.text
    assert [instrument.coin for instrument in listing.instruments] == ["BTC"]


def test_another_id_for_a_known_coin_is_critical() -> None:
    """Lists are only appended to; where an id moves, people are told, and the exchange is believed."""
    desk = Desk(ManualClock(NOW), meta=meta("BTC", "ETH"))
    listing = desk.line().listing

    async def story() -> tuple[Event, ...]:
        await listing.refresh()
        desk.answers["meta"] = meta("ETH", "BTC")
        return await listing.refresh()

    _, *notices = run_jumping(story(), desk.clock)
    assert [notice.level for notice in notices if isinstance(notice, Notice)] == ["critical", "critical"]
    assert listing.asset_id("ETH") == 0


def test_an_unknown_coin_has_the_lists_read_again_once() -> None:
    """Early, but a minute after the last reading; and no more for the same coin until the next regular one."""
    desk = Desk(ManualClock(NOW))
    listing = desk.line().listing

    async def story() -> list[int]:
        async def tell(_: Event) -> None:
            """Nobody listens."""

        watching = asyncio.create_task(listing.watch(tell))
        await desk.clock.sleep_until(NOW + 5_000)
        for second in (5, 70, 130):
            await desk.clock.sleep_until(NOW + second * 1_000)
            listing.see(("NEW", "@107"))
        await desk.clock.sleep_until(NOW + REFRESH_MS + AGAIN_MS + 1_000)
        await cancelled(watching)
        return [at - NOW for at, _, frame in desk.net.asked if frame["type"] == "perpDexs"]

    assert run_jumping(story(), desk.clock) == [0, AGAIN_MS, AGAIN_MS + REFRESH_MS]


def test_lists_that_cannot_be_read_are_told_once_and_tried_again() -> None:
    """There is one notice for a whole outage, and the markets come as soon as they can be read."""
    desk = Desk(ManualClock(NOW), perpDexs=BROKEN)
    listing = desk.line().listing
    told: list[Event] = []

    async def story() -> None:
        async def tell(event: Event) -> None:
            told.append(event)

        watching = asyncio.create_task(listing.watch(tell))
        await desk.clock.sleep_until(NOW + 60_000)
        desk.answers["perpDexs"] = [None]
        await desk.clock.sleep_until(NOW + 120_000)
        await cancelled(watching)

    run_jumping(story(), desk.clock)
    assert [type(event) for event in told] == [Notice, Instruments]


def test_the_clock_offset_is_ours_minus_theirs() -> None:
    """A clock that runs ahead has a positive offset; half the round trip is what it may be off."""
    clock = ManualClock(NOW)

    def answer(_: object) -> dict[str, object]:
        clock.move_by(40)
        time = clock.now_ms() - 700
        clock.move_by(40)
        return {"time": time, "specialStatuses": None}

    desk = Desk(clock, exchangeStatus=answer)
    assert run_jumping(desk.line().listing.clock_offset(), clock) == (700, 40)


def test_of_slow_answers_on_the_time_the_quickest_counts() -> None:
    """Three are asked for; half the time that an answer took is what the offset may be off."""
    clock, waits = ManualClock(NOW), [3_000, 900, 2_000]

    def answer(_: object) -> dict[str, object]:
        clock.move_by(waits.pop(0))
        return {"time": clock.now_ms(), "specialStatuses": None}

    desk = Desk(clock, exchangeStatus=answer)
    assert run_jumping(desk.line().listing.clock_offset(), clock) == (-450, 450)
    assert not waits
