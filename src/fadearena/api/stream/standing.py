"""How things stand, as clients were told last: read at most twice a second for all of them."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import msgspec
from pydantic import BaseModel

from fadearena.api.doors import Doors
from fadearena.model.units import SECOND_MS, EpochMs

STATE_MS: Final = SECOND_MS // 2


class Standing(msgspec.Struct, frozen=True):
    """The state, the version of the settings, when both were read, and how often the state changed before."""

    state: dict[str, Any]
    settings_version: int
    read: EpochMs
    changes: int = 0


class Watch:
    """Knows how things stand. `tell` gets the members of the state that changed."""

    def __init__(
        self,
        doors: Doors,
        view: Callable[[Doors], Awaitable[BaseModel]],
        tell: Callable[[dict[str, Any]], None],
    ) -> None:
        self._doors = doors
        self._view = view
        self._tell = tell
        self._reading = asyncio.Lock()
        self.standing: Standing | None = None

    async def read(self) -> Standing:
        """
        Return how things stand, at most half a second old.

        Raises:
            StorageError: The database is away, or cannot be used.
        """
        async with self._reading:
            before, now = self.standing, self._doors.clock.now_ms()
            if before is not None and now - before.read < STATE_MS:
                return before
            state = (await self._view(self._doors)).model_dump(by_alias=True)
            version = (await self._doors.records.system()).settings_version
            changed = {} if before is None else _changes(before.state, state)
            changes = (0 if before is None else before.changes) + bool(changed)
            self.standing = Standing(state, version, now, changes)
            if changed:
                self._tell(changed)
            return self.standing


def _changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of a state that changed; that time passed is no change."""
    return {name: value for name, value in now.items() if _lasting(value) != _lasting(before.get(name))}


def _lasting(value: object) -> object:
    return {name: part for name, part in value.items() if name != "uptime"} if isinstance(value, dict) else value
