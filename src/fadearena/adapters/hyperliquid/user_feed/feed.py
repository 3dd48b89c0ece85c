"""
Watched wallets as a `WalletFeed`.

1. `userFills` are streamed for the first few wallets, as many as the exchange allows; all are polled. Each new
   confirmation of a stream is followed by a repair: first subscribed, then fetched, so that there is no hole between.
2. Every event bears when the socket was last heard, so that a dead one shows by its age; without any stream it is
   the answers that count.
3. Every coin that is seen becomes one of which prices are wanted; the lists of markets are kept up to date here, and
   told when they changed.
4. All work is done while somebody iterates, and ends with it; what was learnt of a wallet stays for the next time.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Collection, Iterable, Sequence

import msgspec
import structlog

from fadearena.adapters.hyperliquid import codec
from fadearena.adapters.hyperliquid.limits import Lane
from fadearena.adapters.hyperliquid.line import Line
from fadearena.adapters.hyperliquid.rows import fill_rows, readable, rejection, slice_rows
from fadearena.adapters.hyperliquid.session import Failed, Lost, Message, Session, Subscribed
from fadearena.adapters.hyperliquid.user_feed.reader import WalletReader
from fadearena.adapters.hyperliquid.user_feed.watched import WalletOptions, Watched
from fadearena.kit.tasks import Joined, streamed
from fadearena.model.command import ReadRole, ReadSource, ReadSourceEquity, RepairSource
from fadearena.model.error import VenueProtocolError
from fadearena.model.event import (
    Event,
    Notice,
    RepairStage,
    SourceFills,
    SourceRepair,
    SourceSnapshot,
)
from fadearena.model.ids import Address, Coin
from fadearena.model.units import MINUTE_MS, EpochMs
from fadearena.model.wallet import Feed
from fadearena.ports.wallet_feed import SourceRead

log = structlog.get_logger(__name__)
WAITING_MAX = 10_000
_CHANNELS = ("userFills", "userTwapSliceFills")
_USERS_MAX = re.compile(r"Cannot track more than (\d+) total users")


class HyperliquidWallets:
    """Tells what watched wallets do, and answers questions on them."""

    def __init__(self, line: Line, options: WalletOptions | None = None) -> None:
        self._line = line
        self._options = options or WalletOptions()
        self._reader = WalletReader(line.info, line.listing, line.clock)
        self._joined = Joined[SourceRead, Sequence[Event]]()
        self._watched: dict[Address, Watched] = {}
        self._streams_max = self._options.streams_max
        self._session: Session | None = None
        self._streamed: set[Address] = set()
        self._told: asyncio.Queue[Event] = asyncio.Queue(WAITING_MAX)
        self._changed = asyncio.Event()

    def follow(self, wallets: Collection[Address]) -> None:
        """Watch these wallets from now on, and no others; the first of them are streamed."""
        wanted = dict.fromkeys(wallets)
        for wallet in self._watched.keys() - wanted.keys():
            del self._watched[wallet]
        for wallet in wanted:
            if wallet not in self._watched:
                self._watched[wallet] = Watched(wallet, self._reader, self._line.clock, self._options, self._tell)
        self._subscribe()
        self._changed.set()

    def __aiter__(self) -> AsyncIterator[Event]:
        """Iterate over what they do, over repairs, and over markets that changed; without end."""
        self._told = asyncio.Queue(WAITING_MAX)
        self._session = session = self._line.session("wallets")
        self._streamed.clear()
        for watched in self._watched.values():
            watched.stream_lost()
        self._subscribe()
        return streamed(
            self._told, session.run(), self._hear(session), self._watch_all(), self._line.listing.watch(self._tell)
        )

    async def read(self, command: SourceRead) -> Sequence[Event]:
        """
        Answer one question.

        Raises:
            VenueError: It could not be answered completely.
        """
        events = await self._joined.ask(command, lambda: self._answer(command))
        for event in events:
            await self._note_coins(event)
        return tuple(self._stamped(event) for event in events)

    async def _answer(self, command: SourceRead) -> Sequence[Event]:
        match command:
            case ReadSource(wallet=wallet, dex=dex):
                if wallet in self._watched:
                    self._watched[wallet].dexs.add(dex)
                return (await self._reader.snapshot(wallet, dex, Lane.REPAIR),)
            case RepairSource(wallet=wallet, since=since):
                fills, rejected = await self._reader.fills(wallet, since, Lane.REPAIR)
                done = SourceRepair(time=0, received=0, wallet=wallet, stage=RepairStage.DONE)
                if not fills:
                    return (*rejected, done)
                time, all_fills = fills[-1].time, tuple(fills)
                told = SourceFills(time=time, received=0, wallet=wallet, feed=Feed.POLL, fills=all_fills)
                return (*rejected, told, done)
            case ReadRole(wallet=wallet):
                return (await self._reader.role(wallet),)
            case ReadSourceEquity(wallet=wallet):
                return (await self._reader.equity(wallet, Lane.REST),)

    # --- streams

    def _subscribe(self) -> None:
        """Have the first wallets streamed, and no others."""
        session = self._session
        if session is None:
            return
        chosen = list(self._watched)[: self._streams_max]
        for wallet in self._streamed - set(chosen):
            self._streamed.discard(wallet)
            for channel in _CHANNELS:
                session.unsubscribe({"type": channel, "user": wallet})
            if wallet in self._watched:
                self._watched[wallet].stream_lost()
        for wallet in chosen:
            self._streamed.add(wallet)
            for channel in _CHANNELS:
                session.subscribe({"type": channel, "user": wallet})

    async def _hear(self, session: Session) -> None:
        async for news in session:
            match news:
                case Subscribed(subscription=subscription):
                    watched = self._watched.get(str(subscription.get("user", "")).lower())
                    if watched is not None and subscription.get("type") == "userFills":
                        watched.streams()
                case Message():
                    await self._on_message(news)
                case Failed():
                    await self._on_failed(news)
                case Lost(reason=reason):
                    await self._on_lost(reason)
                case _:
                    pass

    async def _on_message(self, message: Message) -> None:
        try:
            match message.channel:
                case "userFills":
                    rows = fill_rows(message.data)
                case "userTwapSliceFills":
                    rows = slice_rows(message.data)
                case _:
                    return
        except VenueProtocolError as error:
            await self._tell(rejection(bytes(message.data), error))
            return
        watched = self._watched.get(rows.user)
        if watched is not None:
            fills, rejected = readable(rows.fills, lambda row: codec.source_fill(row, rows.user))
            await watched.reject((*rows.rejected, *rejected))
            await watched.hear(fills, is_snapshot=rows.is_snapshot)

    async def _on_failed(self, failed: Failed) -> None:
        """Stream fewer wallets where the exchange allows fewer users; the others are polled all the same."""
        log.warning("subscription_failed", feed="wallets", text=failed.text)
        found = _USERS_MAX.search(failed.text)
        allowed = self._streams_max if found is None else int(found[1])
        if allowed < self._streams_max:
            self._streams_max = allowed
            self._subscribe()
            polled = max(0, len(self._watched) - allowed)
            await self._notice("warning", f"the exchange streams {allowed} users at most: {polled} are polled only")

    async def _on_lost(self, reason: str) -> None:
        for watched in self._watched.values():
            watched.stream_lost()
        await self._notice("info", f"the socket of the wallets was lost ({reason}); what is missed is fetched again")

    # --- polls

    async def _watch_all(self) -> None:
        """Keep a task for each wallet."""
        tasks: dict[Watched, asyncio.Task[None]] = {}
        async with asyncio.TaskGroup() as group:
            while True:
                self._changed.clear()
                current = set(self._watched.values())
                for gone in tasks.keys() - current:
                    tasks.pop(gone).cancel()
                new = [watched for watched in self._watched.values() if watched not in tasks]
                for number, watched in enumerate(new):
                    first = self._line.clock.now_ms() + self._period() * number // len(new)
                    tasks[watched] = group.create_task(watched.watch(first, self._period), name=watched.wallet)
                await self._changed.wait()

    def _period(self) -> EpochMs:
        """Return how often a wallet is polled: longer apart, when many are."""
        polls = sum(len(watched.dexs) for watched in self._watched.values())
        return max(self._options.period_ms, polls * MINUTE_MS // self._options.polls_per_minute)

    # --- telling

    async def _tell(self, event: Event) -> None:
        await self._note_coins(event)
        await self._told.put(self._stamped(event))

    async def _notice(self, level: str, text: str) -> None:
        await self._tell(Notice(time=0, received=0, level=level, category="wallets", text=text))

    def _stamped(self, event: Event) -> Event:
        session = self._session
        heard = self._line.clock.now_ms() if session is None or not self._streamed else session.heard
        return msgspec.structs.replace(event, heard=heard or None)

    async def _note_coins(self, event: Event) -> None:
        """Want the prices of what a wallet trades or holds, and have it listed."""
        coins = _coins_of(event)
        self._line.listing.see(coins)
        refused = self._line.interest.want(coins)
        if refused:
            text = f"prices of {', '.join(refused)} are not streamed: there are too many coins; they are read on demand"
            await self._told.put(Notice(time=0, received=0, level="warning", category="prices", text=text))


def _coins_of(event: Event) -> Iterable[Coin]:
    match event:
        case SourceFills(fills=fills):
            return {fill.coin for fill in fills}
        case SourceSnapshot(positions=positions):
            return {position.coin for position in positions}
        case _:
            return ()
