"""The door through which people's commands reach the worker; `step` alone judges them."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

from fadearena.model.event import OperatorAction


class ControlState(StrEnum):
    """What became of a command."""

    QUEUED = "queued"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class ControlEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One command of a person. `id` grows; `journal_seq` is where it was decided."""

    id: int
    actor: str
    action: OperatorAction
    idempotency_key: str | None = None
    state: ControlState = ControlState.QUEUED
    reasons: tuple[str, ...] = ()
    journal_seq: int | None = None


class Control(Protocol):
    """A queue of commands with their answers."""

    async def put(self, actor: str, action: OperatorAction, idempotency_key: str | None = None) -> ControlEntry:
        """Queue a command; with a key that was used before return the entry that it made then."""
        ...

    async def get(self, control_id: int) -> ControlEntry:
        """
        Return a command as it stands.

        Raises:
            InvalidInput: There is none with this id.
        """
        ...

    async def queued(self, after: int = 0) -> Sequence[ControlEntry]:
        """Return the queued commands with an id greater than `after`, oldest first."""
        ...

    async def settle(
        self,
        control_id: int,
        state: ControlState,
        reasons: tuple[str, ...] = (),
        journal_seq: int | None = None,
    ) -> ControlEntry:
        """
        End a queued command, and return it; one that has ended stays as it is.

        Raises:
            InvalidInput: There is none with this id, or `state` is `QUEUED`.
        """
        ...
