"""
What commands use: it shows how things stand, and hands orders of people to the worker.

It opens the read store, the control table and the heartbeats; it never writes the journal.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from fadearena.adapters.memory.wakeups import MemoryWakeups
from fadearena.adapters.sql.read_store import open_read_store
from fadearena.bootstrap.outlook import Outlook, outlook_of
from fadearena.bootstrap.places import Places
from fadearena.kit.clock import Clock, SystemClock
from fadearena.model.error import InvalidInput
from fadearena.model.event import OperatorAction
from fadearena.model.ids import BotId
from fadearena.model.units import SECOND_MS, EpochMs
from fadearena.ports.control import Control, ControlEntry, ControlState
from fadearena.ports.heartbeat import LIFE_MS, Beat, Heartbeats
from fadearena.ports.read_store import AccountView, BotView, LetterView, Position, ReadStore, SettingsView, SystemView
from fadearena.ports.sightings import Sightings
from fadearena.ports.wakeups import Topic, Wakeups

_ANSWER_MS = 10 * SECOND_MS
_LOOK_MS = 20
"""Whoever waits looks by himself so often: where processes share a file, nobody wakes him."""


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """How things stand, as far as it was shown; those in `held` are bots because of which we hold something."""

    system: SystemView
    beats: tuple[Beat, ...]
    position: Position
    bots: tuple[BotView, ...]
    held: frozenset[BotId]
    accounts: tuple[AccountView, ...]
    letters: tuple[LetterView, ...]
    outlook: Outlook
    now: EpochMs
    has_kill_file: bool

    @property
    def lag(self) -> int:
        """How many journal entries are not shown yet, by the last beat of the worker."""
        newest = max((beat.journal_seq for beat in self.beats if beat.process == "worker"), default=0)
        return max(newest - self.position.journal_seq, 0)


class Client:
    """Speaks with a running installation through its stores."""

    def __init__(
        self,
        records: ReadStore,
        control: Control,
        heartbeats: Heartbeats,
        sightings: Sightings,
        clock: Clock,
        kill_file: Path,
        wakeups: Wakeups | None = None,
    ) -> None:
        self.records = records
        self.sightings = sightings
        self._control = control
        self._heartbeats = heartbeats
        self._clock = clock
        self.kill_file = kill_file
        self._wakeups = wakeups or MemoryWakeups(clock)

    async def order(self, action: OperatorAction, actor: str, *, idempotency_key: str | None = None) -> ControlEntry:
        """
        Hand a command to the worker, and return what became of it.

        Without a worker for two seconds a stop stays queued: it is the first thing that a worker will do. Anything
        else is withdrawn, so that it does not surprise anybody later.

        Raises:
            InvalidInput: The key was used before, for another command.
            StorageUnavailable: The read store is away.
        """
        now = self._clock.now_ms()
        return await self._ended(await self._control.put(actor, action, now=now, idempotency_key=idempotency_key))

    async def outcome(self, idempotency_key: str) -> ControlEntry | None:
        """
        Return what became of the command that was handed over with a key; None where there was none.

        Raises:
            StorageUnavailable: The read store is away.
        """
        entry = await self._control.of_key(idempotency_key)
        return None if entry is None else await self._ended(entry)

    async def is_held(self) -> bool:
        """Tell whether a file keeps everything stopped."""
        return self.kill_file.exists()

    async def _ended(self, entry: ControlEntry) -> ControlEntry:
        """Wait until a command has ended, as long as that makes sense."""
        began = self._clock.now_ms()
        while entry.state is ControlState.QUEUED:
            waited = self._clock.now_ms() - began
            if waited >= _ANSWER_MS or (waited >= LIFE_MS and not await self.has_worker()):
                break
            await self._wakeups.wait(Topic.RECORDS, _LOOK_MS)
            entry = await self._control.get(entry.id)
        if entry.state is ControlState.QUEUED and not entry.is_stop:
            entry = await self._control.withdraw(entry.id)
        return entry

    async def settings(self) -> SettingsView:
        """
        Return the settings in force.

        Raises:
            InvalidInput: There are none yet.
        """
        view = await self.records.settings()
        if view is None:
            raise InvalidInput("there are no settings yet: `fadearena db seed` sets the default ones")
        return view

    async def has_worker(self) -> bool:
        """Tell whether a worker lives, by its heartbeat."""
        return any(beat.process == "worker" and self.is_alive(beat) for beat in await self._heartbeats.beats())

    def is_alive(self, beat: Beat) -> bool:
        """Tell whether a process lives."""
        return beat.is_alive(self._clock.now_ms())

    async def status(self) -> Status:
        """
        Return how things stand.

        Raises:
            StorageUnavailable: The read store is away.
        """
        bots, now = await self.records.bots(), self._clock.now_ms()
        return Status(
            system=await self.records.system(),
            beats=_in_use(await self._heartbeats.beats()),
            position=await self.records.position(),
            bots=bots,
            held=frozenset(sleeve.bot for sleeve in await self.records.sleeves() if sleeve.size),
            accounts=await self.records.accounts(),
            letters=await self.records.letters(),
            outlook=await outlook_of(self.sightings, bots, now),
            now=now,
            has_kill_file=self.kill_file.exists(),
        )


@asynccontextmanager
async def open_client(places: Places) -> AsyncIterator[Client]:
    """
    Open what commands need.

    Raises:
        StorageUnavailable: The read store cannot be opened.
        StorageOutdated: Its tables are of another version.
    """
    async with open_read_store(places.read) as store:
        yield Client(store.records, store.control, store.heartbeats, store.sightings, SystemClock(), places.kill_file)


def _in_use(beats: tuple[Beat, ...]) -> tuple[Beat, ...]:
    """Leave out what a process said of itself as a standby, once it is the worker."""
    workers = {beat.pid for beat in beats if beat.process == "worker"}
    return tuple(beat for beat in beats if beat.process != "standby" or beat.pid not in workers)
