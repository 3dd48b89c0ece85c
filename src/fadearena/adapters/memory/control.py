"""A queue of people's commands in memory."""

from collections.abc import Sequence
from itertools import islice

import msgspec

from fadearena.model.error import InvalidInput
from fadearena.model.event import OperatorAction
from fadearena.model.record import ControlAnswer
from fadearena.model.units import EpochMs
from fadearena.ports.control import ControlEntry, ControlState
from fadearena.ports.read_store import check_limit


class MemoryControl:
    """Keeps every command with its answer."""

    def __init__(self) -> None:
        self._entries: dict[int, ControlEntry] = {}
        self._by_key: dict[str, int] = {}
        self._last_id = 0

    async def put(
        self, actor: str, action: OperatorAction, *, now: EpochMs = 0, idempotency_key: str | None = None
    ) -> ControlEntry:
        """
        Queue a command; with a key that was used before return the entry that it made then.

        Raises:
            InvalidInput: The key was used before, for another command.
        """
        if idempotency_key is not None and idempotency_key in self._by_key:
            earlier = self._entries[self._by_key[idempotency_key]]
            if earlier.action != action:
                raise InvalidInput(
                    f"the idempotency key {idempotency_key!r} was used for another command: take a new one"
                )
            return earlier
        self._last_id = max(self._last_id + 1, now)
        entry = ControlEntry(id=self._last_id, actor=actor, action=action, created=now, idempotency_key=idempotency_key)
        self._entries[entry.id] = entry
        if idempotency_key is not None:
            self._by_key[idempotency_key] = entry.id
        return entry

    async def get(self, control_id: int) -> ControlEntry:
        """
        Return a command as it stands.

        Raises:
            InvalidInput: There is none with this id.
        """
        if control_id not in self._entries:
            raise InvalidInput(f"there is no command {control_id}")
        return self._entries[control_id]

    async def of_key(self, idempotency_key: str) -> ControlEntry | None:
        """Return the command that was queued with a key, as it stands; None where there is none."""
        control_id = self._by_key.get(idempotency_key)
        return None if control_id is None else self._entries[control_id]

    async def entries(self, before: int | None, limit: int) -> Sequence[ControlEntry]:
        """
        Return commands as they stand, the newest first: with an id below `before` if given, at most `limit`.

        Raises:
            InvalidInput: `limit` is not 1 to 1,000.
        """
        check_limit(limit)
        newest = (self._entries[control_id] for control_id in sorted(self._entries, reverse=True))
        return tuple(islice((entry for entry in newest if before is None or entry.id < before), limit))

    async def take(self, after: int = 0) -> Sequence[ControlEntry]:
        """Take the queued commands with an id greater than `after`, oldest first, and return them."""
        queued = [e.id for e in self._entries.values() if e.id > after and e.state is ControlState.QUEUED]
        return tuple(self._change(control_id, is_taken=True) for control_id in queued)

    async def withdraw(self, control_id: int) -> ControlEntry:
        """
        Withdraw a command that no worker took yet, and return it as it stands: any other stays as it is.

        Raises:
            InvalidInput: There is none with this id.
        """
        entry = await self.get(control_id)
        if entry.is_taken or entry.state is not ControlState.QUEUED:
            return entry
        return self._change(control_id, state=ControlState.WITHDRAWN)

    async def continue_after(self, control_id: int) -> None:
        """Give out no id up to this one from now on; for a queue that is older than the journal beside it."""
        self._last_id = max(self._last_id, control_id)

    def end(self, answer: ControlAnswer, journal_seq: int) -> None:
        """End a queued command by the answer that was projected; one that has ended stays as it is."""
        entry = self._entries.get(answer.control_id)
        if entry is not None and entry.state is ControlState.QUEUED:
            state = ControlState.ACCEPTED if answer.accepted else ControlState.REFUSED
            self._change(entry.id, state=state, reasons=answer.reasons, journal_seq=journal_seq)

    def _change(self, control_id: int, **fields: object) -> ControlEntry:
        self._entries[control_id] = msgspec.structs.replace(self._entries[control_id], **fields)
        return self._entries[control_id]
