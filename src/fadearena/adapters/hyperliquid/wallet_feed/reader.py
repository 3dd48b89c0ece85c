"""Questions on a watched wallet, answered as events; a failed or incomplete read raises and tells nothing."""

import asyncio
from collections.abc import Callable

import msgspec
from msgspec import UNSET

from fadearena.adapters.hyperliquid import codec
from fadearena.adapters.hyperliquid.limits import Lane, weight_of
from fadearena.adapters.hyperliquid.listing import Listing
from fadearena.adapters.hyperliquid.rest import InfoClient
from fadearena.adapters.hyperliquid.rows import readable, unreadable_fills
from fadearena.adapters.hyperliquid.wallet_feed.wallet import ODD_MS
from fadearena.kit.clock import Clock
from fadearena.model.account import AccountMode
from fadearena.model.event import InputRejected, RoleRead, SourceEquity, SourceSnapshot
from fadearena.model.ids import Address, Coin, Dex
from fadearena.model.units import MINUTE_MS, EpochMs
from fadearena.model.wallet import SourceFill

MODE_MS = 10 * MINUTE_MS
_MODES_MAX = 10_000


class WalletReader:
    """Asks the exchange about wallets."""

    def __init__(
        self, info: InfoClient, listing: Listing, clock: Clock, present: Callable[[], EpochMs] | None = None
    ) -> None:
        """
        Prepare questions.

        Args:
            info: Who is asked.
            listing: Knows the dexs.
            clock: The time, as well as we know it.
            present: The newest of what is known to be the exchange's time; the clock's where nothing else is.
        """
        self._info = info
        self._listing = listing
        self._clock = clock
        self._present = present or clock.now_ms
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
        Return all positions of a wallet on one dex; never with a time that has not come.

        Raises:
            VenueError: They could not be read.
        """
        return (await self.reading(wallet, dex, lane))[0]

    async def reading(self, wallet: Address, dex: Dex, lane: Lane) -> tuple[SourceSnapshot, dict[Coin, int]]:
        """
        Return the same, and the leverage of each position.

        Raises:
            VenueError: They could not be read.
        """
        state = await self._info.user_state(wallet, dex, lane=lane)
        snapshot, now = codec.source_snapshot(state, wallet, dex, 0), self._present()
        if snapshot.time > now + ODD_MS:
            snapshot = msgspec.structs.replace(snapshot, time=now)
        return snapshot, codec.leverages(state)

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

    async def role(self, wallet: Address, lane: Lane) -> RoleRead:
        """
        Return what a wallet is to the exchange.

        Raises:
            VenueError: It could not be read, or is something new.
        """
        role = codec.wallet_role(await self._info.role(wallet, lane=lane))
        return RoleRead(time=0, received=0, wallet=wallet, role=role)

    async def newest_trade(self, wallet: Address, since: EpochMs, lane: Lane) -> EpochMs | None:
        """
        Return the time of a trade from `since` (inclusive) on, a late one of them; None where there was none.

        Raises:
            VenueError: That could not be read.
        """
        plain = await self._info.user_fills_by_time(wallet, since, lane=lane)
        rows = plain or await self._info.twap_fills_by_time(wallet, since, lane=lane)
        return max((row.time for row in rows), default=None)

    async def equity(self, wallet: Address, lane: Lane, mode_ms: EpochMs = MODE_MS) -> SourceEquity:
        """
        Return a wallet's balances over all dexs; how it pools them is asked when it was last `mode_ms` ago.

        Raises:
            VenueError: One of them could not be read.
        """
        mode = await self._mode(wallet, lane, mode_ms)
        if mode.is_pooled:
            spot = codec.spot_equity(await self._info.spot_state(wallet, lane=lane), mode)
            return SourceEquity(time=self._clock.now_ms(), received=0, wallet=wallet, mode=mode, spot=spot)
        asked = self._clock.now_ms()
        states = await asyncio.gather(*(self._info.user_state(wallet, dex, lane=lane) for dex in self.dexs))
        values = tuple(codec.dex_state(state, dex).value for state, dex in zip(states, self.dexs, strict=True))
        time = min((state.time for state in states if state.time is not UNSET), default=asked)
        return SourceEquity(time=time, received=0, wallet=wallet, mode=mode, dex_values=values)

    def equity_weight(self, wallet: Address, mode_ms: EpochMs = MODE_MS) -> int:
        """Return how much of the rate limit a wallet's equity takes at most."""
        known = self._modes.get(wallet)
        is_asked = known is None or self._clock.now_ms() >= known[1] + mode_ms
        return len(self.dexs) * weight_of("clearinghouseState") + is_asked * weight_of("userAbstraction")

    async def _mode(self, wallet: Address, lane: Lane, mode_ms: EpochMs) -> AccountMode:
        known, now = self._modes.get(wallet), self._clock.now_ms()
        if known is not None and now < known[1] + mode_ms:
            return known[0]
        mode = codec.account_mode(await self._info.abstraction(wallet, lane=lane))
        if len(self._modes) >= _MODES_MAX:
            self._modes.clear()
        self._modes[wallet] = mode, now
        return mode
