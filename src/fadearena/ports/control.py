"""
The door through which people's commands reach the worker; `step` alone judges them.

1. A command is queued; a worker takes it, and from then on nobody can withdraw it; whoever projects the worker's
   answer ends it in the same transaction.
2. Ids grow, and none is given out twice: a worker takes each id for done once it has applied a greater one. An id is
   the time of the command where that is greater than the last id, so that not even a queue that was lost and made
   anew gives one out again.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

from fadearena.model.event import Kill, OperatorAction, Pause
from fadearena.model.units import EpochMs


class ControlState(StrEnum):
    """What became of a command."""

    QUEUED = "queued"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class ControlEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One command of a person. `id` grows; `journal_seq` is where it was decided; `is_taken` by a worker."""

    id: int
    actor: str
    action: OperatorAction
    created: EpochMs = 0
    idempotency_key: str | None = None
    state: ControlState = ControlState.QUEUED
    is_taken: bool = False
    reasons: tuple[str, ...] = ()
    journal_seq: int | None = None

    @property
    def is_stop(self) -> bool:
        """Whether it only makes things safer, so that it may be done late."""
        return isinstance(self.action, Kill | Pause)


class Control(Protocol):
    """A queue of commands with their answers. Every method may raise `StorageUnavailable`."""

    async def put(
        self, actor: str, action: OperatorAction, *, now: EpochMs = 0, idempotency_key: str | None = None
    ) -> ControlEntry:
        """
        Queue a command; with a key that was used before return the entry that it made then.

        Raises:
            InvalidInput: The key was used before, for another command.
        """
        ...

    async def get(self, control_id: int) -> ControlEntry:
        """
        Return a command as it stands.

        Raises:
            InvalidInput: There is none with this id.
        """
        ...

    async def of_key(self, idempotency_key: str) -> ControlEntry | None:
        """Return the command that was queued with a key, as it stands; None where there is none."""
        ...

    async def entries(self, before: int | None, limit: int) -> Sequence[ControlEntry]:
        """
        Return commands as they stand, the newest first: with an id below `before` if given, at most `limit`.

        Raises:
            InvalidInput: `limit` is not 1 to 1,000.
        """
        ...

    async def take(self, after: int = 0) -> Sequence[ControlEntry]:
        """
        Take the queued commands with an id greater than `after`, oldest first, and return them.

        Those that were taken before and have no answer yet come again: the worker that took them may be dead.
        """
        ...

    async def withdraw(self, control_id: int) -> ControlEntry:
        """
        Withdraw a command that no worker took yet, and return it as it stands: any other stays as it is.

        Raises:
            InvalidInput: There is none with this id.
        """
        ...

    async def continue_after(self, control_id: int) -> None:
        """Give out no id up to this one from now on; for a queue that is older than the journal beside it."""
        ...
