"""
Answers the windows' questions on wallets: one after the other, and never in the way of anything.

Where the database is away, what was taken stays without an answer: whoever asked is told so, and asks again.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

import msgspec
import structlog

from fadearena.kit.clock import Clock
from fadearena.model.account import equity_of
from fadearena.model.command import ReadRole, ReadSource, ReadSourceEquity
from fadearena.model.error import StorageError, VenueError
from fadearena.model.event import Event, RoleRead, SourceEquity, SourceSnapshot
from fadearena.model.ids import Address
from fadearena.model.units import SECOND_MS, EpochMs
from fadearena.ports.inquiries import Inquiries, Looker, WalletLook
from fadearena.ports.wallet_feed import SourceRead, WalletFeed

log = structlog.get_logger(__name__)
_LOOK_MS: Final[EpochMs] = 200
_PATIENCE_S: Final = 8.0


class FeedLooker:
    """Looks at a wallet through the feed of wallets, where questions cost nothing."""

    def __init__(self, feed: WalletFeed) -> None:
        self._feed = feed

    async def look(self, wallet: Address) -> WalletLook:
        """
        Return what a wallet is and holds.

        Raises:
            VenueError: It could not be read.
        """
        asked: tuple[SourceRead, ...] = (
            ReadRole(wallet=wallet),
            ReadSource(wallet=wallet, dex=""),
            ReadSourceEquity(wallet=wallet),
        )
        told: list[Event] = []
        for question in asked:
            told += await self._feed.read(question)
        return _look_of(wallet, told)


class Looks:
    """Takes questions, and answers them."""

    def __init__(self, inquiries: Inquiries, looker: Looker, clock: Clock) -> None:
        self._inquiries = inquiries
        self._looker = looker
        self._clock = clock

    async def run(self) -> None:
        """Answer for ever."""
        while True:
            try:
                await self.answer()
            except StorageError as error:
                log.warning("inquiries_wait", error=str(error))
                await self._clock.sleep_until(self._clock.now_ms() + SECOND_MS)
            await self._clock.sleep_until(self._clock.now_ms() + _LOOK_MS)

    async def answer(self) -> None:
        """
        Answer what waits.

        Raises:
            StorageUnavailable: The database is away.
        """
        for inquiry, wallet in await self._inquiries.take(self._clock.now_ms()):
            await self._inquiries.answer(inquiry, await self._look(wallet))

    async def _look(self, wallet: Address) -> WalletLook:
        now = self._clock.now_ms()
        try:
            async with asyncio.timeout(_PATIENCE_S):
                return await self._looker.look(wallet)
        except TimeoutError:
            error = "the exchange's limits are used up at present: try again in a minute"
        except VenueError as refusal:
            error = str(refusal)
        return WalletLook(wallet=wallet, time=now, error=error)


def _look_of(wallet: Address, told: Sequence[Event]) -> WalletLook:
    look = WalletLook(wallet=wallet, time=max(event.time for event in told))
    for event in told:
        match event:
            case RoleRead(role=role):
                look = msgspec.structs.replace(look, role=role)
            case SourceSnapshot(positions=positions, time=time):
                look = msgspec.structs.replace(look, positions=positions, time=time)
            case SourceEquity(mode=mode, dex_values=values, spot=spot):
                look = msgspec.structs.replace(look, equity=equity_of(mode, values, spot))
            case _:
                pass
    return look
