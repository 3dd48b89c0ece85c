"""
The door through which windows ask the worker about the outside: only the worker speaks with the exchange.

An inquiry is no command: nothing is journaled, nothing follows from it. It is forgotten after a minute, and within a
minute no more are taken than a worker can answer beside its work.
"""

from collections.abc import Sequence
from typing import Final, Protocol

import msgspec

from fadearena.model.ids import Address, Dex
from fadearena.model.units import MINUTE_MS, EpochMs, Usd
from fadearena.model.wallet import SourcePosition, WalletRole

A_MINUTE: Final = 10
"""So many inquiries are taken within a minute."""
KEPT_MS: Final = MINUTE_MS


class WalletLook(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a wallet is and holds at `time` of the exchange; `error` says why it could not be read, then nothing is known.

    `dexs_left_out` are those that were not read, for want of time.
    """

    wallet: Address
    time: EpochMs
    role: WalletRole | None = None
    equity: Usd | None = None
    positions: tuple[SourcePosition, ...] = ()
    dexs_left_out: tuple[Dex, ...] = ()
    error: str = ""


class Inquiries(Protocol):
    """A queue of questions with their answers. Every method may raise `StorageUnavailable`."""

    async def ask(self, wallet: Address, now: EpochMs) -> int | None:
        """Queue a question on a wallet, and return its number; None where too many were asked within the minute."""
        ...

    async def answer_to(self, inquiry: int) -> WalletLook | None:
        """Return the answer; None while there is none."""
        ...

    async def take(self, now: EpochMs) -> Sequence[tuple[int, Address]]:
        """Take the questions that wait, the oldest first: they do not come again."""
        ...

    async def answer(self, inquiry: int, look: WalletLook) -> None:
        """Answer a question, if it is still known."""
        ...


class Looker(Protocol):
    """Looks at a wallet that nobody follows, with what is left of the exchange's limits."""

    async def look(self, wallet: Address) -> WalletLook:
        """Return what a wallet is and holds; what could not be read, and why, stands in the answer."""
        ...
