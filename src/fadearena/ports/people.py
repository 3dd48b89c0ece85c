"""The door through which windows hand people's commands to the worker, and wait for its answer."""

from typing import Protocol

from fadearena.model.event import OperatorAction
from fadearena.ports.control import ControlEntry


class People(Protocol):
    """Takes what people order. Every method may raise `StorageUnavailable`."""

    async def order(self, action: OperatorAction, actor: str, *, idempotency_key: str | None = None) -> ControlEntry:
        """
        Hand a command to the worker, and return what became of it.

        An answer is told once its effects can be read. Without a worker for two seconds a stop stays queued: it is
        the first thing that a worker will do. Anything else is withdrawn, so that it does not surprise anybody later.

        Raises:
            InvalidInput: The key was used before, for another command.
        """
        ...

    async def outcome(self, idempotency_key: str) -> ControlEntry | None:
        """Return what became of the command that was handed over with a key, as above; None where there was none."""
        ...

    async def has_worker(self) -> bool:
        """Tell whether a worker lives, by its heartbeat."""
        ...

    async def is_held(self) -> bool:
        """Tell whether the file KILL lies in the data directory: as long as it does everything stays stopped."""
        ...
