"""
Wallets as a `WalletFeed`: whoever they are, and however many.

1. The tape tells of all of them. Streams of their own tell of the most important ones, too, and of more: positions
   before a fill, liquidations. Snapshots are the second truth for all, in rounds, and what was missed is fetched.
2. Of those that are only watched nothing is told; what they hold is known all the same.
3. The lists of markets are kept up to date here, and told when they changed.
4. All work is done while somebody iterates, and ends with it; what was learnt of a wallet stays for the next time.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Final

from fadearena.adapters.hyperliquid.limits import Lane
from fadearena.adapters.hyperliquid.line import Line
from fadearena.adapters.hyperliquid.wallet_feed.options import WalletOptions
from fadearena.adapters.hyperliquid.wallet_feed.repairs import Repairs
from fadearena.adapters.hyperliquid.wallet_feed.snapshots import Snapshots
from fadearena.adapters.hyperliquid.wallet_feed.statuses import sighting_of, statuses
from fadearena.adapters.hyperliquid.wallet_feed.streams import Streams
from fadearena.adapters.hyperliquid.wallet_feed.tape import TapeWatch
from fadearena.adapters.hyperliquid.wallet_feed.telling import WAITING_MAX
from fadearena.adapters.hyperliquid.wallet_feed.wallet import DexView, Rank, Remembered, Watched
from fadearena.adapters.hyperliquid.wallet_feed.watch import watch_of
from fadearena.adapters.hyperliquid.wallet_feed.worth import Worth
from fadearena.kit.tasks import Joined, streamed
from fadearena.model.command import ReadRole, ReadSource, ReadSourceEquity, RepairSource
from fadearena.model.event import Event, Instruments, RepairStage, SourceFills, SourceRepair
from fadearena.model.ids import Address, Coin
from fadearena.model.units import Size
from fadearena.model.wallet import Feed
from fadearena.ports.sightings import FeedStatus, Seen, Sighting
from fadearena.ports.wallet_feed import Roster, SourceRead

_SHOWN_MAX: Final = 50
"""Sightings that are returned at a time, so that nothing else waits for long."""


class HyperliquidWallets:
    """Tells what wallets do, and answers questions on them."""

    def __init__(self, line: Line, options: WalletOptions | None = None) -> None:
        self._line = line
        self._watch = watch = watch_of(line, options or WalletOptions())
        self._repairs = Repairs(watch)
        self._streams = Streams(watch, self._repairs)
        self._repairs.on_missed = self._streams.doubt
        self._tape = TapeWatch(watch, self._repairs)
        self._snapshots = Snapshots(watch, self._repairs)
        self._worth = Worth(watch)
        self._remembered = Remembered()
        self._joined = Joined[SourceRead, Sequence[Event]]()

    @property
    def on_seen(self) -> Seen:
        """Who is told which feed saw a fill first, and how much later another one did."""
        return self._watch.telling.seen

    @on_seen.setter
    def on_seen(self, seen: Seen) -> None:
        self._watch.telling.seen = seen

    def follow(self, roster: Roster) -> None:
        """Watch these wallets from now on, and no others; streams go to the first of them."""
        ranks = dict(_ranked(roster))
        wallets, now = self._watch.wallets, self._line.clock.now_ms()
        gone = wallets.keys() - ranks
        moved: list[Watched] = []
        is_new = False
        before = dict(wallets)
        wallets.clear()
        for wallet, rank in ranks.items():
            watched = before.get(wallet)
            if watched is None:
                watched = Watched(wallet, rank, now, self._remembered)
                is_new = True
                watched.fills_due = now + self._watch.options.fills_ms
                moved.append(watched)
            elif watched.rank is not rank:
                _change_rank(watched, rank, now)
                moved.append(watched)
            wallets[wallet] = watched
        for wallet in gone:
            before[wallet].forget_all()
        if gone:
            self._watch.rounds.drop(gone)
        self._watch.rounds.add(moved)
        if gone or is_new:
            self._watch.heard.tape.watch(wallets)
        for part in (self._streams, self._snapshots, self._worth):
            part.look_again()

    def __aiter__(self) -> AsyncIterator[Event]:
        """Iterate over what they do, over repairs, and over markets that changed; without end."""
        queue = self._watch.telling.queue = asyncio.Queue(WAITING_MAX)
        return streamed(
            queue,
            self._streams.run(),
            self._tape.run(),
            self._repairs.run(),
            self._snapshots.run(),
            self._worth.run(),
            self._line.listing.watch(self._on_listing),
        )

    async def read(self, command: SourceRead) -> Sequence[Event]:
        """
        Answer one question.

        Raises:
            VenueError: It could not be answered completely.
        """
        telling = self._watch.telling
        events = await self._joined.ask(command, lambda: self._answer(command))
        for event in events:
            await telling.note_coins(event)
        return tuple(telling.stamped(event) for event in events)

    def feeds(self) -> Sequence[FeedStatus]:
        """Return how tape, streams, snapshots and equity do."""
        return statuses(self._watch, self._streams, self._snapshots, self._repairs, self._worth)

    def sightings(self) -> Sequence[Sighting]:
        """Return what is known of wallets of which something changed; where it is much, the rest the next time."""
        changed = self._watch.telling.changed
        found: list[Sighting] = []
        while changed and len(found) < _SHOWN_MAX:
            wallet = next(iter(changed))
            del changed[wallet]
            if (watched := self._watch.wallets.get(wallet)) is not None:
                found.append(sighting_of(watched, self._watch.heard, self._line.clock.now_ms()))
        return found

    def positions(self, wallet: Address) -> dict[Coin, Size] | None:
        """Return what a wallet holds, as far as that is known; None before it was read."""
        watched = self._watch.wallets.get(wallet)
        if watched is None or not watched.dexs[""].reads:
            return None
        return {position.coin: position.size for position in watched.positions}

    async def _on_listing(self, event: Event) -> None:
        if isinstance(event, Instruments):
            self._watch.heard.tape.listed()
        await self._watch.telling.tell(event)

    async def _answer(self, command: SourceRead) -> Sequence[Event]:
        reader, watched = self._watch.reader, self._watch.wallets.get(command.wallet)
        match command:
            case ReadSource(wallet=wallet, dex=dex):
                snapshot = await reader.snapshot(wallet, dex, Lane.REPAIR)
                if watched is not None:
                    watched.dexs.setdefault(dex, DexView())
                    self._watch.positions.hear(watched, snapshot)
                return (snapshot,)
            case RepairSource(wallet=wallet, since=since, is_urgent=is_urgent):
                fills, rejected = await reader.fills(wallet, since, Lane.REPAIR if is_urgent else Lane.REST)
                stage = RepairStage.DONE
                done = SourceRepair(time=0, received=0, wallet=wallet, stage=stage, since=since, is_answer=True)
                if not fills:
                    return (*rejected, done)
                if watched is not None:
                    self._watch.telling.note(watched, fills)
                    self._watch.look_where_seen(watched)
                time, all_fills = fills[-1].time, tuple(fills)
                told = SourceFills(time=time, received=0, wallet=wallet, feed=Feed.POLL, fills=all_fills)
                return (*rejected, told, done)
            case ReadRole(wallet=wallet, is_urgent=is_urgent):
                return (await reader.role(wallet, Lane.REPAIR if is_urgent else Lane.REST),)
            case ReadSourceEquity(wallet=wallet):
                equity = await reader.equity(wallet, Lane.REST)
                if watched is not None:
                    self._worth.note(watched, equity)
                return (equity,)


def _ranked(roster: Roster) -> Iterator[tuple[Address, Rank]]:
    """Return each wallet of a roster once, with the highest of its ranks, the most important first."""
    found: dict[Address, Rank] = {}
    for rank, wallets in zip(Rank, (roster.held, roster.followed, roster.watched), strict=True):
        for wallet in wallets:
            found.setdefault(wallet, rank)
    return iter(found.items())


def _change_rank(watched: Watched, rank: Rank, now: int) -> None:
    """Have a wallet matter more or less; one that was not told is complete from now on, as a new one is."""
    if rank.is_told is not watched.rank.is_told:
        watched.complete_to, watched.hole = max(watched.complete_to, now), None
    watched.rank = rank
