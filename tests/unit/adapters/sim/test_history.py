"""Recorded wallets are played in order, and snapshots never contradict what was delivered."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from fadearena.adapters.hyperliquid.recorded import recorded_fill
from fadearena.adapters.sim.history import HistoryFeed
from fadearena.adapters.sim.recording import Message, Recording, messages_of, read_recording
from fadearena.kit.clock import ManualClock
from fadearena.model.account import AccountMode
from fadearena.model.command import ReadRole, ReadSource, ReadSourceEquity, RepairSource
from fadearena.model.event import (
    Event,
    RepairStage,
    RoleRead,
    SourceEquity,
    SourceFills,
    SourceRepair,
    SourceSnapshot,
    SourceUnreadable,
)
from fadearena.model.units import ZERO, Side
from fadearena.model.wallet import Feed, SourceFill, SourcePosition, WalletRole
from fadearena.ports.wallet_feed import SourceRead
from tests.support.fills import WALLET, chain, row, write
from tests.support.paper import ETH

OTHER = "0x" + "b" * 40


def recording(tmp_path: Path, rows: list[dict[str, object]], wallet: str = WALLET) -> Recording:
    """Make a recording of rows."""
    return read_recording(write(tmp_path / f"{wallet}.jsonl", rows), wallet, recorded_fill)


def ask(feed: HistoryFeed, command: SourceRead) -> Event:
    """Ask one question that has one answer."""
    (event,) = asyncio.run(feed.read(command))
    return event


def positions(feed: HistoryFeed, dex: str = "") -> tuple[SourcePosition, ...]:
    """Return the positions that a snapshot shows now."""
    event = ask(feed, ReadSource(wallet=WALLET, dex=dex))
    assert isinstance(event, SourceSnapshot)
    return event.positions


async def everything(feed: HistoryFeed) -> list[Event]:
    """Iterate over a feed to its end."""
    return [event async for event in feed]


def test_messages_of_all_wallets_come_in_order_of_time(tmp_path: Path) -> None:
    """Two recordings are merged by time; of two at one time the first recording comes first."""
    one = recording(tmp_path, chain((1, "1", "10"), (5, "1", "10")))
    two = recording(tmp_path, chain((1, "1", "10"), (3, "1", "10")), OTHER)
    feed = HistoryFeed([one, two], ManualClock())
    assert feed.next_time == 1
    events = asyncio.run(everything(feed))
    assert all(isinstance(event, SourceFills) and event.feed is Feed.REPLAY for event in events)
    assert [(event.received, event.wallet) for event in events if isinstance(event, SourceFills)] == [
        (1, WALLET),
        (1, OTHER),
        (3, OTHER),
        (5, WALLET),
    ]
    assert feed.deliver() is None


def test_message_carries_quotes_around_its_prices(tmp_path: Path) -> None:
    """Mark is the coin's last price, the touch stands a half spread away, on ticks; spot has none."""
    rows = [row(px="2000.0"), row(px="2001.0", startPosition="1.0", tid=12), row(coin="@107", tid=13)]
    feed = HistoryFeed([recording(tmp_path, rows)], ManualClock(), [ETH], Decimal(3))
    event = feed.deliver()
    assert event is not None
    (quote,) = event.quotes
    assert (quote.coin, quote.mark) == ("ETH", Decimal(2001))
    assert (quote.bid, quote.ask) == (Decimal("2000.3"), Decimal("2001.7"))
    assert quote.mark_time == quote.touch_time == event.heard == event.time
    assert len(event.fills) == 3


def test_position_before_the_first_fill_is_where_the_chain_begins(tmp_path: Path) -> None:
    """A coin shows its first `startPosition` until its first fill was delivered; its entry is unknown."""
    rows = chain((1, "1", "10"), coin="ETH") + chain((2, "-4", "20"), coin="SOL", start="7")
    feed = HistoryFeed([recording(tmp_path, rows)], ManualClock())
    before = SourcePosition(coin="SOL", size=Decimal(7))
    assert positions(feed) == (before,)
    feed.deliver()
    assert positions(feed) == (SourcePosition(coin="ETH", size=Decimal(1), entry=Decimal(10)), before)
    feed.deliver()
    assert positions(feed)[1] == SourcePosition(coin="SOL", size=Decimal(3))


def test_entry_is_known_from_flat_on(tmp_path: Path) -> None:
    """The entry of a position that began in the recording is its average cost; a flat coin is absent."""
    rows = chain((1, "1", "10"), (2, "1", "20"), (3, "-1", "30"), (4, "-1", "30"), (5, "-2", "40"))
    feed = HistoryFeed([recording(tmp_path, rows)], ManualClock())
    entries = []
    while feed.deliver() is not None:
        entries.append([f"{held.size} @ {held.entry}" for held in positions(feed)])
    assert entries == [["1 @ 10"], ["2 @ 15"], ["1 @ 15"], [], ["-2 @ 40"]]


def test_snapshot_shows_one_dex(tmp_path: Path) -> None:
    """Positions of a builder-deployed dex are in its own snapshot only."""
    rows = chain((1, "1", "10")) + chain((2, "5", "10"), coin="xyz:GOLD")
    feed = HistoryFeed([recording(tmp_path, rows)], ManualClock())
    asyncio.run(everything(feed))
    assert [held.coin for held in positions(feed)] == ["ETH"]
    assert [held.coin for held in positions(feed, "xyz")] == ["xyz:GOLD"]


def test_self_trade_leaves_the_position_as_it_was(tmp_path: Path) -> None:
    """Two fills of one trade with itself share a `startPosition` and cancel each other."""
    rows = [
        row(time=1, startPosition="10.0", side="B", tid=1),
        row(time=1, startPosition="10.0", side="A", tid=1),
        row(time=2, startPosition="10.0", side="B", tid=2),
    ]
    feed = HistoryFeed([recording(tmp_path, rows)], ManualClock())
    feed.deliver()
    assert positions(feed)[0].size == 10


def test_broken_chain_shows_the_hole_only_after_its_fill(tmp_path: Path) -> None:
    """Where fills are missing a snapshot shows the old position, then what the next fill reports."""
    rows = [row(time=1), row(time=2, startPosition="5.0", tid=12)]
    feed = HistoryFeed([recording(tmp_path, rows)], ManualClock())
    feed.deliver()
    assert positions(feed)[0].size == 1
    feed.deliver()
    assert positions(feed) == (SourcePosition(coin="ETH", size=Decimal(6)),)


def test_questions_are_answered_at_the_clocks_time(tmp_path: Path) -> None:
    """Role is user, equity unknown, repair done at once; each bears the clock's time."""
    feed = HistoryFeed([recording(tmp_path, chain((1, "1", "10")))], ManualClock(99))
    role = ask(feed, ReadRole(wallet=WALLET))
    equity = ask(feed, ReadSourceEquity(wallet=WALLET))
    repair = ask(feed, RepairSource(wallet=WALLET, since=0))
    assert isinstance(role, RoleRead)
    assert role.role is WalletRole.USER
    assert isinstance(equity, SourceEquity)
    assert equity.mode is AccountMode.UNKNOWN
    assert isinstance(repair, SourceRepair)
    assert repair.stage is RepairStage.DONE
    assert {(event.time, event.received) for event in (role, equity, repair)} == {(99, 99)}


def test_wallet_without_a_recording_cannot_be_read(tmp_path: Path) -> None:
    """An unknown wallet is missing, and its state is unreadable, never flat."""
    feed = HistoryFeed([recording(tmp_path, chain((1, "1", "10")))], ManualClock())
    role = ask(feed, ReadRole(wallet=OTHER))
    assert isinstance(role, RoleRead)
    assert role.role is WalletRole.MISSING
    for command in (
        ReadSource(wallet=OTHER, dex=""),
        ReadSourceEquity(wallet=OTHER),
        RepairSource(wallet=OTHER, since=0),
    ):
        assert isinstance(ask(feed, command), SourceUnreadable)


def shuffled(changes: Sequence[tuple[int, int]], start: int, seed: int) -> Sequence[Message]:
    """Make messages of a chain of (step of time, change), each turned around by the seed."""
    fills: list[SourceFill] = []
    time, position = 1, Decimal(start)
    for number, (step, change) in enumerate(changes):
        time += step
        side = Side.BUY if change > 0 else Side.SELL
        fills.append(
            SourceFill(
                key=str(number),
                coin="ETH",
                time=time,
                side=side,
                price=Decimal(10),
                quantity=abs(Decimal(change)),
                start_position=position,
            )
        )
        position += change
    return [message if (seed >> n) % 2 else message[::-1] for n, message in enumerate(messages_of(fills))]


@given(
    changes=st.lists(st.tuples(st.integers(0, 2), st.integers(1, 9)), min_size=1, max_size=20),
    start=st.integers(-5, 5),
    seed=st.integers(0, 2**20),
)
def test_snapshot_after_each_message_is_where_the_next_one_begins(
    changes: list[tuple[int, int]], start: int, seed: int
) -> None:
    """In an unbroken chain a snapshot equals the next fill's start, whatever the order in a message."""
    messages = tuple(shuffled(changes, start, seed))
    feed = HistoryFeed([Recording(wallet=WALLET, messages=messages)], ManualClock())
    for message in messages:
        held = positions(feed)
        lowest = min(fill.start_position or ZERO for fill in message)
        assert (held[0].size if held else 0) == lowest
        feed.deliver()
    held = positions(feed)
    assert (held[0].size if held else 0) == start + sum(change for _, change in changes)
