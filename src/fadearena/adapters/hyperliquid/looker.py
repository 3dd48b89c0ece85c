"""
A look at a wallet that nobody follows: its role, its positions, what it is worth.

It goes by the last lane, dex by dex, and leaves out what cannot be read in time: then its equity is not known either.
"""

import asyncio
from contextlib import suppress
from typing import Final

from fadearena.adapters.hyperliquid import codec, wire
from fadearena.adapters.hyperliquid.limits import Lane
from fadearena.adapters.hyperliquid.line import Line
from fadearena.model.account import equity_of
from fadearena.model.error import VenueError
from fadearena.model.ids import Address, Dex
from fadearena.model.units import Usd
from fadearena.model.wallet import SourcePosition
from fadearena.ports.inquiries import WalletLook

_ENOUGH_S: Final = 5.0


class WalletLooker:
    """Asks the exchange."""

    def __init__(self, line: Line, *, enough_s: float = _ENOUGH_S) -> None:
        self._info = line.info
        self._listing = line.listing
        self._enough_s = enough_s

    async def look(self, wallet: Address) -> WalletLook:
        """
        Return what a wallet is and holds.

        Raises:
            VenueError: It could not be read.
        """
        role = codec.wallet_role(await self._info.role(wallet, lane=Lane.REST))
        states = {"": await self._info.user_state(wallet, lane=Lane.REST)}
        left_out = await self._other_dexs(wallet, states)
        main = codec.source_snapshot(states[""], wallet, "", 0)
        read = [codec.dex_state(state, dex) for dex, state in states.items()]
        positions = [
            SourcePosition(coin=held.coin, size=held.size, entry=held.entry) for dex in read for held in dex.positions
        ]
        equity = None if left_out else await self._equity(wallet, tuple(dex.value for dex in read))
        return WalletLook(
            wallet=wallet,
            time=main.time,
            role=role,
            equity=equity,
            positions=tuple(sorted(positions, key=lambda held: held.coin)),
            dexs_left_out=left_out,
        )

    async def _other_dexs(self, wallet: Address, states: dict[Dex, wire.ClearinghouseState]) -> tuple[Dex, ...]:
        """Read the other dexs one after the other; return those that could not be read in time."""
        others = [dex for dex in self._listing.dexs if dex]
        with suppress(TimeoutError, VenueError):
            async with asyncio.timeout(self._enough_s):
                for dex in others:
                    states[dex] = await self._info.user_state(wallet, dex, lane=Lane.REST)
        return tuple(dex for dex in others if dex not in states)

    async def _equity(self, wallet: Address, values: tuple[Usd, ...]) -> Usd | None:
        mode = codec.account_mode(await self._info.abstraction(wallet, lane=Lane.REST))
        spot = codec.spot_equity(await self._info.spot_state(wallet, lane=Lane.REST), mode) if mode.is_pooled else None
        return equity_of(mode, values, spot)
