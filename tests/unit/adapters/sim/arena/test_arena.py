"""The synthetic arena: the same story for the same seed, exact chains, truthful answers, lively traders."""

import itertools
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

import msgspec
import pytest

from fadearena.adapters.sim.arena import START_MS, TEMPERAMENTS, Arena
from fadearena.adapters.sim.arena.arena import _repaired
from fadearena.adapters.sim.arena.history import FILLS_KEPT, Held, WalletHistory
from fadearena.adapters.sim.arena.market import Market, listings
from fadearena.adapters.sim.arena.traders import chance
from fadearena.kit.clock import ManualClock
from fadearena.model.command import ReadRole, ReadSource, ReadSourceEquity, RepairSource
from fadearena.model.event import (
    Event,
    Marks,
    RepairStage,
    RoleRead,
    SourceEquity,
    SourceFills,
    SourceRepair,
    SourceSnapshot,
    SourceUnreadable,
)
from fadearena.model.ids import Coin
from fadearena.model.market import FundingRate
from fadearena.model.units import HOUR_MS, Side, Size
from fadearena.model.wallet import Feed, SourceFill, WalletRole
from fadearena.ports.wallet_feed import SourceRead
from fadearena.runtime.immediate import immediately

HALF_AN_HOUR = 1_800
STRANGER = "0x" + "f" * 40


def arena_of(seed: int = 1, seconds: int = HALF_AN_HOUR, *, bots: int = 6, coins: int = 6) -> Arena:
    """Return an arena with a clock of its own."""
    return Arena(seed, ManualClock(START_MS), seconds=seconds, bots=bots, coins=coins)


def events_of(arena: Arena) -> list[Event]:
    """Take everything that an arena has to tell."""
    return list(iter(arena.deliver, None))


def own_feed(events: Sequence[Event], wallet: str) -> list[SourceFill]:
    """Return a wallet's fills as its own feed brought them, each once, in the order of their chains."""
    fills: dict[str, SourceFill] = {}
    for event in events:
        if isinstance(event, SourceFills) and event.wallet == wallet and event.feed is Feed.USER:
            fills |= {fill.key: fill for fill in event.fills}
    return sorted(fills.values(), key=lambda fill: fill.time)


def ask(arena: Arena, clock: ManualClock, at: int, command: SourceRead) -> Sequence[Event]:
    """Move the clock and ask."""
    clock.move_to(at)
    return immediately(arena.read(command))


@pytest.fixture(scope="module")
def told() -> tuple[Arena, list[Event]]:
    """Return half an hour of an arena, with the arena at its end."""
    arena = arena_of()
    return arena, events_of(arena)


def test_one_seed_tells_one_story_and_another_seed_another() -> None:
    """Two arenas with one seed deliver the same bytes, an arena with another seed does not."""
    one, same, other = (msgspec.json.encode(events_of(arena_of(seed, 300))) for seed in (7, 7, 8))
    assert one == same
    assert one != other


def test_events_come_in_order_of_arrival(told: tuple[Arena, list[Event]]) -> None:
    """`received` never decreases, and no event arrives before it happened."""
    _, events = told
    assert all(a.received <= b.received for a, b in itertools.pairwise(events))
    assert all(event.time <= event.received for event in events)


def test_next_time_tells_when_the_next_event_arrives() -> None:
    """`next_time` is the `received` of what `deliver` returns, and None at the end."""
    arena = arena_of(seconds=60)
    while (time := arena.next_time) is not None:
        event = arena.deliver()
        assert event is not None
        assert event.received == time
    assert arena.deliver() is None


def test_chains_are_exact(told: tuple[Arena, list[Event]]) -> None:
    """Each fill of a coin starts where the one before ended, also inside a millisecond."""
    arena, events = told
    for trader in arena.traders:
        ends: dict[Coin, Size] = {}
        fills = own_feed(events, trader.wallet)
        for _, group in itertools.groupby(fills, key=lambda fill: (fill.time, fill.coin)):
            left = list(group)
            while left:
                coin = left[0].coin
                at = ends.get(coin)
                fill = next((f for f in left if at is None or f.start_position == at), None)
                assert fill is not None, f"{trader.bot}: the chain of {coin} is broken at {at}"
                if at is None:
                    starts = {f.start_position for f in left} - {(f.start_position or 0) + f.change for f in left}
                    fill = next(f for f in left if f.start_position in starts)
                left.remove(fill)
                assert fill.start_position is not None
                ends[coin] = fill.start_position + fill.change


def test_every_temperament_trades(told: tuple[Arena, list[Event]]) -> None:
    """In half an hour each of the six has traded several times, in orders that are worth following."""
    arena, events = told
    assert {trader.temperament for trader in arena.traders} == set(TEMPERAMENTS)
    for trader in arena.traders:
        fills = own_feed(events, trader.wallet)
        orders = Counter[int | None]()
        for fill in fills:
            orders[fill.order_id] += 1
        assert len(orders) >= 8, trader.temperament
        worth = [fill.price * fill.quantity for fill in fills]
        assert max(worth) > 210, trader.temperament


def test_temperaments_keep_to_their_character(told: tuple[Arena, list[Event]]) -> None:
    """The holder is never short, the flipper crosses zero, the slicer's fills are TWAP slices."""
    arena, events = told
    by_kind = {trader.temperament: own_feed(events, trader.wallet) for trader in arena.traders}
    assert all((f.start_position or 0) + f.change >= 0 for f in by_kind["long-only holder"])
    starts = [f.start_position or Decimal(0) for f in by_kind["flipper"]]
    assert min(starts) < 0 < max(starts)
    assert all(fill.is_twap for fill in by_kind["twap slicer"])
    assert not any(fill.is_twap for fill in by_kind["scalper"])


def test_messages_come_twice_in_disorder_and_first_on_the_tape(told: tuple[Arena, list[Event]]) -> None:
    """There are tape copies without `startPosition`, repeated messages, and lists out of order."""
    _, events = told
    messages = [event for event in events if isinstance(event, SourceFills)]
    tape = [event for event in messages if event.feed is Feed.TAPE]
    assert tape
    assert all(f.start_position is None and f.order_id is None for event in tape for f in event.fills)
    user = [event.fills for event in messages if event.feed is Feed.USER]
    assert len(set(user)) < len(user)
    keys = {fill.key for event in tape for fill in event.fills}
    assert keys & {fill.key for fills in user for fill in fills}

    def is_in_order(fills: tuple[SourceFill, ...]) -> bool:
        return all((a.start_position or 0) + a.change == b.start_position for a, b in itertools.pairwise(fills))

    assert not all(is_in_order(fills) for fills in user)
    assert any(len(fills) > 1 for fills in user)


def test_snapshots_agree_with_the_chains(told: tuple[Arena, list[Event]]) -> None:
    """A snapshot shows what the fills up to its time have left, and nothing later."""
    arena, events = told
    history = {trader.wallet: own_feed(events, trader.wallet) for trader in arena.traders}
    checked = 0
    for event in events:
        if not isinstance(event, SourceSnapshot):
            continue
        held = {position.coin: position.size for position in event.positions}
        for coin in {fill.coin for fill in history[event.wallet]}:
            before = [f for f in history[event.wallet] if f.coin == coin and f.time <= event.time]
            if not before:
                continue
            last = [f for f in before if f.time == before[-1].time]
            ends = {(f.start_position or 0) + f.change for f in last}
            assert held.get(coin, Decimal(0)) in ends
            checked += 1
    assert checked > 100


def test_answers_are_the_truth_of_their_moment() -> None:
    """What is read at a moment knows the fills up to it, although the arena has prepared a second more."""
    clock = ManualClock(START_MS)
    arena = Arena(3, clock, seconds=600)
    events: list[Event] = []
    while (event := arena.deliver()) is not None:
        clock.move_to(event.received)
        events.append(event)
        if isinstance(event, SourceFills) and event.feed is Feed.USER:
            (snapshot,) = immediately(arena.read(ReadSource(wallet=event.wallet, dex="")))
            assert isinstance(snapshot, SourceSnapshot)
            assert snapshot.time == event.received
    trader = arena.traders[1]
    fills = own_feed(events, trader.wallet)
    repair = RepairSource(wallet=trader.wallet, since=fills[2].time)
    found, done = ask(arena, clock, clock.now_ms(), repair)
    assert isinstance(found, SourceFills)
    assert isinstance(done, SourceRepair)
    assert {fill.key for fill in fills[2:]} <= {fill.key for fill in found.fills}
    assert all(fill.time >= fills[2].time for fill in found.fills)


def test_repair_leaves_twap_slices_out(told: tuple[Arena, list[Event]]) -> None:
    """As on the exchange a query of fills by time does not show TWAP slices."""
    arena, _ = told
    slicer = next(trader for trader in arena.traders if trader.temperament == "twap slicer")
    (done,) = immediately(arena.read(RepairSource(wallet=slicer.wallet, since=0)))
    assert isinstance(done, SourceRepair)


def test_strangers_are_unknown(told: tuple[Arena, list[Event]]) -> None:
    """A wallet that is not in the arena is missing, and cannot be read."""
    arena, _ = told
    (role,) = immediately(arena.read(ReadRole(wallet=STRANGER)))
    assert isinstance(role, RoleRead)
    assert role.role is WalletRole.MISSING
    for command in (
        ReadSource(wallet=STRANGER, dex=""),
        RepairSource(wallet=STRANGER, since=0),
        ReadSourceEquity(wallet=STRANGER),
    ):
        (answer,) = immediately(arena.read(command))
        assert isinstance(answer, SourceUnreadable)


def test_equity_begins_at_ten_thousand_and_moves_with_the_market(told: tuple[Arena, list[Event]]) -> None:
    """Equities are read every minute and stay within what half an hour can do."""
    _, events = told
    equities = [event.dex_values[0] for event in events if isinstance(event, SourceEquity)]
    assert len(equities) >= 6 * 29
    assert all(8_000 < equity < 12_000 for equity in equities)
    assert len(set(equities)) > 100


def test_prices_are_valid_ticks_and_never_crossed() -> None:
    """Every quote and every level of a book is a valid price; bid < mark < ask is nearly touched."""
    market = Market(chance(5, "market"), listings(12), START_MS)
    for _ in range(200):
        market.step()
        for coin in market.coins:
            rules, quote = market.instruments[coin], market.quote(coin)
            assert quote.bid is not None
            assert quote.ask is not None
            assert quote.bid < quote.ask
            assert quote.bid <= market.mark(coin) <= quote.ask
            book = market.book(coin)
            assert (book.bids[0].price, book.asks[0].price) == (quote.bid, quote.ask)
            levels = (*book.bids, *book.asks)
            assert all(rules.price_down(level.price) == level.price for level in levels)
            assert all(rules.floor(level.quantity) == level.quantity > 0 for level in levels)


def test_nights_are_quiet() -> None:
    """Prices move less at night than by day."""

    def moved(start: int) -> int:
        market = Market(chance(9, "market"), listings(1), start)
        before, total = market.mark("BTC"), 0
        for _ in range(600):
            market.step()
            total += abs(int(market.mark("BTC") - before))
            before = market.mark("BTC")
        return total

    midnight = START_MS - START_MS % (24 * HOUR_MS)
    assert moved(midnight + 4 * HOUR_MS) * 2 < moved(midnight + 14 * HOUR_MS)


def test_a_market_can_be_deeper_stand_still_and_leap() -> None:
    """As many levels as are asked for; a second in which nothing moves; an hour in one step, as far as hours go."""
    market = Market(chance(5, "market"), listings(6), START_MS, levels=20)
    market.step()
    book, marks = market.book("BTC"), [market.mark(coin) for coin in market.coins]
    assert (len(book.bids), len(book.asks)) == (20, 20)
    assert next(iter(market.offers("BTC", Side.BUY))) == book.asks[0]
    market.stand()
    assert [market.mark(coin) for coin in market.coins] == marks
    market.step(3_600)
    assert market.time == START_MS + 2_000 + HOUR_MS
    moves = [abs(market.mark(coin) / before - 1) for coin, before in zip(market.coins, marks, strict=True)]
    assert 0 < max(moves) < Decimal("0.1")


def test_news_are_rates_every_hour() -> None:
    """With the first event of an hour comes each coin's funding rate; in between nothing but quotes is told."""
    arena = arena_of(seconds=HALF_AN_HOUR * 2)
    arena.deliver()
    assert [type(news) for news in arena.news()] == [FundingRate] * 6
    assert arena.news() == ()
    while arena.market.time < START_MS + HOUR_MS:
        assert arena.news() == ()
        arena.deliver()
    assert [type(news) for news in arena.news()] == [FundingRate] * 6


def test_looking_changes_nothing() -> None:
    """Marks, quotes and books are made when somebody looks: the story is the same whoever looks, and when."""
    seen, unseen = (Market(chance(5, "market"), listings(6), START_MS) for _ in range(2))
    for _ in range(100):
        for market in (seen, unseen):
            market.step()
        for coin in seen.coins:
            assert seen.book(coin) == seen.book(coin)
            assert seen.mark(coin) == seen.quote(coin).mark
    assert seen.all_quotes() == unseen.all_quotes()


def test_arena_can_be_larger() -> None:
    """More bots and coins than there are names for get made-up ones, all different."""
    arena = arena_of(seconds=30, bots=40, coins=10)
    assert len({trader.bot for trader in arena.traders}) == 40
    assert len({trader.wallet for trader in arena.traders}) == 40
    marks = next(event for event in events_of(arena) if isinstance(event, Marks))
    assert len(marks.quotes) == 10
    assert len({market.asset_id for market in arena.market.instruments.values()}) == 10


def test_default_multiplier_gives_orders_above_and_below_the_minimum(told: tuple[Arena, list[Event]]) -> None:
    """At 0.05 many orders of the bots are worth following and some are too small alone."""
    arena, events = told
    worth: Counter[int | None] = Counter()
    for trader in arena.traders:
        for fill in own_feed(events, trader.wallet):
            worth[fill.order_id] += int(fill.price * fill.quantity)
    large = sum(1 for usd in worth.values() if usd * 5 > 1_050)
    assert large > len(worth) / 2
    assert len(worth) - large > 5
    assert {fill.side for fill in own_feed(events, arena.traders[0].wallet)} == {Side.BUY, Side.SELL}


def test_history_is_limited_and_says_what_it_lacks() -> None:
    """A wallet's last 10,000 fills are kept; who asks for earlier ones learns that they cannot be had."""
    history, fill = (
        WalletHistory(Decimal(100)),
        SourceFill(
            key="", coin="BTC", time=0, side=Side.BUY, price=Decimal(1), quantity=Decimal(1), start_position=Decimal(0)
        ),
    )
    total = 2 * FILLS_KEPT
    for n in range(1, total + 1):
        held = Held(Decimal(n), Decimal(1))
        history.add(msgspec.structs.replace(fill, key=str(n), time=n), held, Decimal(100 - n))
    assert FILLS_KEPT <= len(history.fills) < total * 3 / 4
    assert history.complete_from == history.fills[0].time
    assert history.held(history.complete_from)["BTC"].size == history.complete_from
    assert history.held(total)["BTC"].size == total
    assert history.cash(history.complete_from) == 100 - history.complete_from
    for since, stage in ((history.complete_from, RepairStage.DONE), (1, RepairStage.FAILED)):
        *_, told = _repaired(history, STRANGER, since, total)
        assert isinstance(told, SourceRepair)
        assert told.stage is stage
