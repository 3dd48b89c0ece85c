"""The door through which windows ask for the other mode; keys and proofs are the business of a process of its own."""

from collections.abc import Sequence
from typing import Final, Protocol

import msgspec

from fadearena.model.finding import Finding
from fadearena.model.policy import Mode
from fadearena.model.units import EpochMs

CONFIRMATION: Final = "GO LIVE"
"""What has to be said before orders cost real money."""


class PreflightSeen(msgspec.Struct, frozen=True, kw_only=True):
    """What was looked at, and when."""

    time: EpochMs
    checks: tuple[Finding, ...]


class SwitchAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the mode was switched, and what was looked at; `reasons` say why not."""

    switched: bool
    reasons: tuple[str, ...] = ()
    checks: tuple[Finding, ...] = ()


class Modes(Protocol):
    """Switches the mode."""

    async def preflight(self) -> Sequence[Finding]:
        """
        Look at everything that has to be right before live trading.

        Raises:
            VenueError: The exchange does not answer.
            StorageUnavailable: The databases are away.
        """
        ...

    def last_preflight(self) -> PreflightSeen | None:
        """Return what `preflight` of this process found last, without looking again; None where it never looked."""
        ...

    async def switch(self, mode: Mode, actor: str) -> SwitchAnswer:
        """
        Switch, where everything is right and flat.

        Raises:
            VenueError: The exchange does not answer.
            StorageUnavailable: The databases are away.
        """
        ...
