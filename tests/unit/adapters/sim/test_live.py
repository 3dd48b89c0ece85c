"""The arena in running time: true at each moment, bounded, the same after a restart; paper accounts in it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import TypeVar

from fadearena.adapters.sim import live
from fadearena.adapters.sim.arena import START_MS, Arena
from fadearena.adapters.sim.live import LiveArena, LiveStreet
from fadearena.adapters.sim.paper import PaperAccount
from fadearena.adapters.sim.venue import PaperVenue
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.model.account import AccountMode
from fadearena.model.command import ReadAccount, ReadBook, ReadRole, ReadSource
from fadearena.model.event import (
    AccountRead,
    Event,
    FundingPaid,
    Marks,
    OrderAnswered,
    OwnFills,
    QuoteUnreadable,
    RepairStage,
    RoleRead,
    SourceFills,
    SourceRepair,
    SourceSnapshot,
)
from fadearena.model.ids import Address
from fadearena.model.market import FundingRate, Quote
from fadearena.model.order import Filled
from fadearena.model.units import HOUR_MS, MINUTE_MS, SECOND_MS, Side
from fadearena.model.wallet import Feed, WalletRole
from fadearena.ports.journal import KEPT_KINDS
from tests.support.paper import order_at

T = TypeVar("T")
WALLET = "0x" + "ab" * 20


def arena_at(clock: ManualClock, seed: int = 1, latency_ms: int = 0) -> LiveArena:
    """Return an arena in which one bot has a wallet that is known."""
    return LiveArena(clock, seed=seed, wallets={"grok-4": WALLET}, latency_ms=latency_ms)


async def until(stream: AsyncIterator[T], clock: ManualClock, end_ms: int) -> list[tuple[int, T]]:
    """Return what a door tells up to a time, each with the time at which it was told."""
    told: list[tuple[int, T]] = []

    async def listen() -> None:
        async for thing in stream:
            told.append((clock.now_ms(), thing))  # noqa: PERF401 - what was told before the end counts

    listening = asyncio.create_task(listen())
    await clock.sleep_until(end_ms)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    return told


def heard(clock: ManualClock, end_ms: int, seed: int = 1) -> list[tuple[int, Event]]:
    """Return what the wallets' feed of a new arena tells up to a time."""

    async def main() -> list[tuple[int, Event]]:
        return await until(aiter(arena_at(clock, seed).wallets), clock, end_ms)

    return run_jumping(main(), clock)


def fills_of(events: Sequence[tuple[int, Event]], wallet: Address) -> set[str]:
    """Return the keys of a wallet's fills."""
    found = (event for _, event in events if isinstance(event, SourceFills) and event.wallet == wallet)
    return {fill.key for event in found for fill in event.fills}


def test_wallets_tell_each_event_when_it_arrives() -> None:
    """It is the arena's own story, told at its `received`, with the wallets that were given."""
    events = heard(ManualClock(START_MS), START_MS + 5 * MINUTE_MS)
    assert len(events) > 150
    assert all(at == event.received for at, event in events)
    told = Arena(1, ManualClock(START_MS), seconds=300, wallets={"grok-4": WALLET})
    story = [event for event in iter(told.deliver, None) if not isinstance(event, Marks)]
    assert [event for _, event in events] == story[: len(events)]
    assert fills_of(events, WALLET)


def test_prices_come_every_second_and_rates_every_hour() -> None:
    """Each second tells every coin once, at the price of that second; a new hour tells funding rates."""
    clock = ManualClock(START_MS + 59 * MINUTE_MS)

    async def main() -> list[tuple[int, object]]:
        return await until(aiter(arena_at(clock).markets), clock, START_MS + 61 * MINUTE_MS)

    told = run_jumping(main(), clock)
    quotes = [(at, news) for at, news in told if isinstance(news, Quote)]
    assert len(quotes) == 6 * 120
    assert all(quote.touch_time == at for at, quote in quotes)
    rates = [at for at, news in told if isinstance(news, FundingRate)]
    assert rates == [START_MS + 59 * MINUTE_MS] * 6 + [START_MS + HOUR_MS] * 6


def test_reads_are_true_at_the_moment_at_which_they_arrive() -> None:
    """A question takes its time, and is answered as things stand then, whether or not anybody listens."""
    clock = ManualClock(START_MS)

    async def main() -> None:
        arena = arena_at(clock, latency_ms=150)
        await clock.sleep_until(START_MS + MINUTE_MS)
        (snapshot,) = await arena.wallets.read(ReadSource(wallet=WALLET, dex=""))
        assert isinstance(snapshot, SourceSnapshot)
        assert snapshot.time == clock.now_ms() == START_MS + MINUTE_MS + 150
        (role,) = await arena.wallets.read(ReadRole(wallet=WALLET))
        assert isinstance(role, RoleRead)
        assert role.role is WalletRole.USER
        (marks,) = await arena.markets.read(ReadBook(coin="BTC"))
        assert isinstance(marks, Marks)
        assert marks.quotes[0].touch_time == START_MS + MINUTE_MS
        (unknown,) = await arena.markets.read(ReadBook(coin="NOPE"))
        assert isinstance(unknown, QuoteUnreadable)

    run_jumping(main(), clock)


def test_a_restarted_arena_goes_on_as_if_it_had_never_stopped() -> None:
    """A second after a restart it tells what one that ran all the time tells."""
    restart, end = START_MS + 20 * MINUTE_MS, START_MS + 25 * MINUTE_MS
    whole, again, other = (
        [item for item in heard(ManualClock(start), end, seed) if item[0] > restart + SECOND_MS]
        for start, seed in ((START_MS, 1), (restart, 1), (restart, 2))
    )
    assert len(again) > 150
    assert again == whole
    assert other != whole


def test_what_a_slow_listener_missed_is_fetched_again() -> None:
    """A listener that was away finds few events waiting, each wallet's fills among them, and its repair done."""
    clock = ManualClock(START_MS)

    async def main() -> list[tuple[int, Event]]:
        stream = aiter(arena_at(clock).wallets)
        first = await anext(stream)
        await clock.sleep_until(START_MS + HOUR_MS)
        return [(first.received, first), *await until(stream, clock, START_MS + HOUR_MS + 1)]

    events = run_jumping(main(), clock)
    assert len(events) < 20
    assert [type(event) for _, event in events].count(SourceRepair) == 6
    assert all(event.stage is RepairStage.DONE for _, event in events if isinstance(event, SourceRepair))
    missed = heard(ManualClock(START_MS), START_MS + HOUR_MS)
    assert fills_of(missed, WALLET) <= fills_of(events, WALLET)


def test_events_that_wait_are_limited() -> None:
    """Who asks for prices for hours while nobody listens to the wallets piles up no more than the limit."""
    clock = ManualClock(START_MS)
    arena = arena_at(clock)
    for _ in range(5 * 6):
        clock.move_by(live.AWAY_MS)
        arena.quotes()
    assert 0 < len(arena._heard) <= live.QUEUE_MAX
    assert arena._missed_from is not None


ACCOUNT = PaperAccount(id="main", start_usd=Decimal(10_000))


def test_orders_fill_at_the_prices_of_the_moment_at_which_they_arrive() -> None:
    """An order takes its time to arrive; its fills come before its answer, and take from the book until it moves."""
    clock = ManualClock(START_MS + 900)

    async def main() -> None:
        arena = arena_at(clock, latency_ms=150)
        paper = PaperVenue(LiveStreet(arena), [ACCOUNT])
        fills, answer = await paper.execute(order_at(arena.instruments[0], "0.01", "200000", clock.now_ms()))
        assert isinstance(fills, OwnFills)
        assert isinstance(answer, OrderAnswered)
        assert isinstance(answer.answer, Filled)
        assert fills.time == clock.now_ms() == START_MS + 1_050
        best = arena.quotes()[0].touch(Side.BUY)
        assert fills.fills[0].price == best
        again, _ = await paper.execute(order_at(arena.instruments[0], "0.6", "200000", clock.now_ms()))
        assert isinstance(again, OwnFills)
        assert again.fills[0].quantity < Decimal("0.6")

    run_jumping(main(), clock)


def test_paper_tells_funding_at_the_full_hour_and_is_rebuilt_from_what_it_told() -> None:
    """Holders pay or receive at each full hour; a new venue that is shown what is kept of the journal is the same."""
    clock = ManualClock(START_MS + HOUR_MS - 10 * SECOND_MS)

    async def main() -> None:
        arena = arena_at(clock)
        paper = PaperVenue(LiveStreet(arena), [ACCOUNT])
        events = list(await paper.execute(order_at(arena.instruments[1], "0.5", "9000", clock.now_ms())))
        pushed = await until(aiter(paper), clock, START_MS + HOUR_MS + 5 * SECOND_MS)
        assert [(at, type(event)) for at, event in pushed] == [(START_MS + HOUR_MS, FundingPaid)]
        events += [event for _, event in pushed]
        again = PaperVenue(LiveStreet(arena), [ACCOUNT])
        again.restore(event for event in events if event.__struct_config__.tag in KEPT_KINDS)
        assert again.equity("main") == paper.equity("main") != Decimal(10_000)
        (read,) = await again.execute(ReadAccount(account="main"))
        assert isinstance(read, AccountRead)
        assert read.mode is AccountMode.STANDARD
        assert read.dexs[0].positions[0].size == Decimal("0.5")

    run_jumping(main(), clock)


def test_the_arena_tells_every_kind_of_message() -> None:
    """The tape, the wallets' own feed and snapshots are all there in running time, in order of arrival."""
    events = heard(ManualClock(START_MS), START_MS + 10 * MINUTE_MS)
    feeds = {event.feed for _, event in events if isinstance(event, SourceFills)}
    assert feeds == {Feed.TAPE, Feed.USER}
    assert any(isinstance(event, SourceSnapshot) for _, event in events)
    assert all(a <= b for (a, _), (b, _) in pairwise(events))
