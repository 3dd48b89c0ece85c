"""
Fills of single wallets, streamed for as many as the exchange allows.

1. Those with sleeves come first, then those that are streamed already. A user counts for the exchange until its
   connection closes: where another one, or an account of ours, is to take its place the connection is made anew, and
   all that it told is repaired. So that sleeves which come and go do not keep it from telling anything, one wallet
   takes the place of another at most every ten minutes.
2. Each new confirmation of a stream is followed by a repair: first subscribed, then fetched, so that there is no hole
   between.
"""

import asyncio
from typing import Final

import structlog

from fadearena.adapters.hyperliquid import codec
from fadearena.adapters.hyperliquid.limits import Purpose
from fadearena.adapters.hyperliquid.rows import fill_rows, readable, rejection, slice_rows
from fadearena.adapters.hyperliquid.session import Connected, Failed, Lost, Message, Session, Subscribed
from fadearena.adapters.hyperliquid.wallet_feed.repairs import Repairs
from fadearena.adapters.hyperliquid.wallet_feed.wallet import OVERLAP_MS, Rank, Watched
from fadearena.adapters.hyperliquid.wallet_feed.watch import Watch
from fadearena.kit.tasks import either
from fadearena.model.error import VenueProtocolError
from fadearena.model.ids import Address
from fadearena.model.units import MINUTE_MS, SECOND_MS, EpochMs
from fadearena.model.wallet import Feed

log = structlog.get_logger(__name__)
_CHANNELS: Final = ("userFills", "userTwapSliceFills")
_LOOK_MS: Final = SECOND_MS
_SWAP_MS: Final = 10 * MINUTE_MS


class Streams:
    """The streams of the most important wallets."""

    def __init__(self, watch: Watch, repairs: Repairs) -> None:
        self._watch = watch
        self._repairs = repairs
        self._telling = watch.telling
        self._changed = asyncio.Event()
        self._session: Session | None = None
        self._chosen: dict[Address, None] = {}
        self._counted: set[Address] = set()
        self._room: int | None = None
        self._swapped: EpochMs | None = None

    @property
    def session(self) -> Session | None:
        """The connection, once there is one."""
        return self._session

    def look_again(self) -> None:
        """Look at once who is to be streamed: that changed."""
        self._changed.set()

    def doubt(self, watched: Watched) -> None:
        """Make the connection anew that did not tell what a stream should have told."""
        if watched.is_streamed and self._session is not None:
            self._session.renew("a fill of a wallet was found that its stream had not told")

    async def run(self) -> None:
        """Keep the streams up, and tell what they tell; for ever."""
        self._session = session = self._watch.line.session("wallets", Purpose.WALLETS)
        self._chosen, self._counted = {}, set()
        for watched in self._watch.wallets.values():
            self._lose(watched)
        self._watch.heard.session = session
        async with asyncio.TaskGroup() as group:
            group.create_task(session.run())
            group.create_task(self._choose_again(session))
            group.create_task(self._hear(session))

    async def _choose_again(self, session: Session) -> None:
        """Have the right wallets streamed, whenever they or the room for them changed; for ever."""
        clock = self._watch.line.clock
        while True:
            self._changed.clear()
            await self._choose(session)
            await either(self._changed.wait(), clock.sleep_until(clock.now_ms() + _LOOK_MS))

    async def _choose(self, session: Session) -> None:
        room = min(self._watch.options.streams_max, self._watch.line.limits.rooms.wallets())
        ranked = self._ranked()
        chosen = dict.fromkeys(ranked[:room])
        await self._tell_room(room, len(ranked))
        gone, new = self._chosen.keys() - chosen.keys(), [wallet for wallet in chosen if wallet not in self._chosen]
        self._chosen = chosen
        self._counted -= {str(subscription["user"]) for subscription in session.refused}
        for wallet in sorted(gone):
            for channel in _CHANNELS:
                session.unsubscribe({"type": channel, "user": wallet})
            if (watched := self._watch.wallets.get(wallet)) is not None:
                await self._give_up(watched)
        if gone and new:
            self._swapped = self._watch.line.clock.now_ms()
        for wallet in new:
            for channel in _CHANNELS:
                session.subscribe({"type": channel, "user": wallet})
        if (new or gone) and len(self._counted | chosen.keys()) > room:
            session.renew("the exchange gives a user's place free with its connection only")
        self._counted |= chosen.keys()

    def _ranked(self) -> list[Address]:
        """Return who is told, the most important first; for a while after a swap who is streamed is most important."""
        told, now = self._watch.told, self._watch.line.clock.now_ms()
        is_settled = self._swapped is not None and self._swapped <= now < self._swapped + _SWAP_MS
        ranked = [(each.rank is not Rank.HELD, each.wallet not in self._chosen, each.wallet) for each in told]
        ranked.sort(key=lambda each: (each[1], each[0]) if is_settled else each[:2])
        return [wallet for _, _, wallet in ranked]

    async def _tell_room(self, room: int, told: int) -> None:
        """Tell people where the exchange allows fewer users than it did."""
        before, self._room = self._room, room
        if before is not None and room < before and told > room:
            text = (
                f"the exchange streams {room} users at most: {told - room} are followed without a stream of their own"
            )
            await self._telling.notice("warning", text)

    async def _hear(self, session: Session) -> None:
        async for news in session:
            match news:
                case Connected():
                    self._counted = set(self._chosen)
                case Subscribed(subscription=subscription):
                    watched = self._watch.wallets.get(str(subscription.get("user", "")).lower())
                    if watched is not None and subscription.get("type") == "userFills":
                        await self._confirm(watched)
                case Message():
                    await self._on_message(news)
                case Failed():
                    log.warning("subscription_failed", feed="wallets", text=news.text)
                    self._changed.set()
                case Lost(reason=reason):
                    await self._on_lost(reason)

    async def _confirm(self, watched: Watched) -> None:
        """Take a stream for whole from now on, and have fetched what was before."""
        if watched.wallet not in self._chosen:
            return
        watched.is_streamed = True
        await self._repairs.lose(watched)
        await self._repairs.regain(watched, watched.complete_to)

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
            await self._telling.reject((rejection(bytes(message.data), error),))
            return
        watched = self._watch.wallets.get(rows.user)
        if watched is None or not watched.rank.is_told:
            return
        fills, rejected = readable(rows.fills, lambda row: codec.source_fill(row, rows.user))
        since = watched.complete_to - OVERLAP_MS if rows.is_snapshot else 0
        fills = [fill for fill in fills if fill.time >= since]
        if watched.hole is None and watched.is_streamed:
            watched.complete(fills, self._watch.line.clock.now_ms())
        await self._telling.reject((*rows.rejected, *rejected))
        await self._telling.fills(watched, fills, Feed.USER)
        self._watch.look_where_seen(watched)

    async def _on_lost(self, reason: str) -> None:
        text = f"the socket of the wallets was lost ({reason}); what is missed is fetched again"
        await self._telling.notice("info", text)
        for wallet in self._chosen:
            if (watched := self._watch.wallets.get(wallet)) is not None:
                await self._give_up(watched)

    async def _give_up(self, watched: Watched) -> None:
        was_streamed = watched.is_streamed
        self._lose(watched)
        if was_streamed and not self._watch.heard.covers(watched):
            await self._repairs.lose(watched)

    def _lose(self, watched: Watched) -> None:
        watched.is_trusted = False
        if watched.is_streamed:
            heard = self._watch.heard.session
            watched.is_streamed, watched.stream_heard = False, heard.heard if heard else None
        if watched.wallet not in self._chosen:
            watched.stream_heard = None
