"""Questions on a watched wallet, answered as events; a failed or incomplete read raises and tells nothing."""

import asyncio

import msgspec
from msgspec import UNSET

from fadearena.adapters.hyperliquid import codec
from fadearena.adapters.hyperliquid.limits import Lane
from fadearena.adapters.hyperliquid.listing import Listing
from fadearena.adapters.hyperliquid.rest import InfoClient
from fadearena.adapters.hyperliquid.rows import readable, unreadable_fills
from fadearena.kit.clock import Clock
from fadearena.model.account import AccountMode
from fadearena.model.event import InputRejected, RoleRead, SourceEquity, SourceSnapshot
from fadearena.model.ids import Address, Dex
from fadearena.model.units import MINUTE_MS, EpochMs
from fadearena.model.wallet import SourceFill

_MODE_MS = 10 * MINUTE_MS
_MODES_MAX = 10_000


class WalletReader:
    """Asks the exchange about wallets."""

    def __init__(self, info: InfoClient, listing: Listing, clock: Clock) -> None:
        self._info = info
        self._listing = listing
        self._clock = clock
        self._modes: dict[Address, tuple[AccountMode, EpochMs]] = {}

    @property
    def dexs(self) -> tuple[Dex, ...]:
        """
        All dexs.

        Raises:
            VenueUnavailable: They are not known yet.
        """
        return self._listing.dexs

    async def snapshot(self, wallet: Address, dex: Dex, lane: Lane) -> SourceSnapshot:
        """
        Return all positions of a wallet on one dex.

        Raises:
            VenueError: They could not be read.
        """
        state = await self._info.user_state(wallet, dex, lane=lane)
        return codec.source_snapshot(state, wallet, dex, 0)

    async def fills(self, wallet: Address, since: EpochMs, lane: Lane) -> tuple[list[SourceFill], list[InputRejected]]:
        """
        Return a wallet's fills from `since` (inclusive) on, oldest first, and those that cannot be read.

        Raises:
            VenueError: They could not be read to the end.
        """
        bad: list[msgspec.Raw] = []
        rows = await self._info.all_fills(wallet, since, lane=lane, reject=bad.append)
        fills, rejected = readable(rows, lambda row: codec.source_fill(row, wallet))
        return fills, [*unreadable_fills(bad), *rejected]

    async def role(self, wallet: Address) -> RoleRead:
        """
        Return what a wallet is to the exchange.

        Raises:
            VenueError: It could not be read, or is something new.
        """
        role = codec.wallet_role(await self._info.role(wallet, lane=Lane.REST))
        return RoleRead(time=0, received=0, wallet=wallet, role=role)

    async def equity(self, wallet: Address, lane: Lane) -> SourceEquity:
        """
        Return a wallet's balances over all dexs; how it pools them is asked every ten minutes.

        Raises:
            VenueError: One of them could not be read.
        """
        mode = await self._mode(wallet, lane)
        if mode.is_pooled:
            spot = codec.spot_equity(await self._info.spot_state(wallet, lane=lane), mode)
            return SourceEquity(time=self._clock.now_ms(), received=0, wallet=wallet, mode=mode, spot=spot)
        asked = self._clock.now_ms()
        states = await asyncio.gather(*(self._info.user_state(wallet, dex, lane=lane) for dex in self.dexs))
        values = tuple(codec.dex_state(state, dex).value for state, dex in zip(states, self.dexs, strict=True))
        time = min((state.time for state in states if state.time is not UNSET), default=asked)
        return SourceEquity(time=time, received=0, wallet=wallet, mode=mode, dex_values=values)

    async def _mode(self, wallet: Address, lane: Lane) -> AccountMode:
        known, now = self._modes.get(wallet), self._clock.now_ms()
        if known is not None and now < known[1] + _MODE_MS:
            return known[0]
        mode = codec.account_mode(await self._info.abstraction(wallet, lane=lane))
        if len(self._modes) >= _MODES_MAX:
            self._modes.clear()
        self._modes[wallet] = mode, now
        return mode
