"""A queue of people's commands in memory."""

from collections.abc import Sequence

import msgspec

from fadearena.model.error import InvalidInput
from fadearena.model.event import OperatorAction
from fadearena.ports.control import ControlEntry, ControlState


class MemoryControl:
    """Keeps every command with its answer."""

    def __init__(self) -> None:
        self._entries: list[ControlEntry] = []
        self._by_key: dict[str, int] = {}

    async def put(self, actor: str, action: OperatorAction, idempotency_key: str | None = None) -> ControlEntry:
        """Queue a command; with a key that was used before return the entry that it made then."""
        if idempotency_key is not None and idempotency_key in self._by_key:
            return await self.get(self._by_key[idempotency_key])
        entry = ControlEntry(id=len(self._entries) + 1, actor=actor, action=action, idempotency_key=idempotency_key)
        self._entries.append(entry)
        if idempotency_key is not None:
            self._by_key[idempotency_key] = entry.id
        return entry

    async def get(self, control_id: int) -> ControlEntry:
        """
        Return a command as it stands.

        Raises:
            InvalidInput: There is none with this id.
        """
        if not 1 <= control_id <= len(self._entries):
            raise InvalidInput(f"there is no command {control_id}")
        return self._entries[control_id - 1]

    async def queued(self, after: int = 0) -> Sequence[ControlEntry]:
        """Return the queued commands with an id greater than `after`, oldest first."""
        return [e for e in self._entries[max(after, 0) :] if e.state is ControlState.QUEUED]

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
        entry = await self.get(control_id)
        if state is ControlState.QUEUED:
            raise InvalidInput(f"command {control_id} cannot be queued again")
        if entry.state is ControlState.QUEUED:
            entry = msgspec.structs.replace(entry, state=state, reasons=reasons, journal_seq=journal_seq)
            self._entries[control_id - 1] = entry
        return entry
