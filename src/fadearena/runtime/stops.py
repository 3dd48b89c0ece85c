"""
How people's commands reach the worker: the control table, the file `KILL`, a signal.

1. A stop closes the gate at once, before it is journaled; the core judges it, and the journal opens the gate again.
2. The file is looked for by itself, so that a stop arrives also where the table cannot be read. As long as it lies
   there everything stays stopped, whatever else is ordered; with "flatten" in it everything is closed.
3. Where the table cannot be read for two seconds, increases wait: a stop could not be heard.
"""

from pathlib import Path

import structlog

from fadearena.core.latches import ALL, bot_scope
from fadearena.kit.clock import Clock
from fadearena.model.error import StorageUnavailable
from fadearena.model.event import Event, Kill, Notice, Operator, Pause
from fadearena.model.trading import TradingState
from fadearena.model.units import SECOND_MS, EpochMs
from fadearena.ports.control import Control
from fadearena.ports.wakeups import Topic, Wakeups
from fadearena.runtime.gate import Gate
from fadearena.runtime.inbox import Inbox

log = structlog.get_logger(__name__)
_DEAF_MS = 2 * SECOND_MS
_DEAF = "commands cannot be read"
_FILE = "the file that stops everything is there"
_FILE_MAX = 1_000
_UNNUMBERED = 0


class Stops:
    """Brings commands into the inbox, before everything else."""

    def __init__(
        self,
        control: Control,
        inbox: Inbox,
        gate: Gate,
        wall: Clock,
        *,
        poll_ms: int,
        kill_file: Path | None,
        wakeups: Wakeups | None = None,
    ) -> None:
        self._control = control
        self._inbox = inbox
        self._gate = gate
        self._wall = wall
        self._poll_ms = poll_ms
        self._kill_file = kill_file
        self._wakeups = wakeups
        self._flatten_said = False
        self._is_deaf = False
        self._after = 0
        self._heard: EpochMs = 0

    async def look(self, after: int) -> None:
        """
        Before the first turn after a recovery: close for what waits, and take the file and the table's commands.

        Commands with an id up to `after` were journaled; those that were taken already wait in the inbox.
        """
        self._after, self._heard = max(after, self._after), self._wall.now_ms()
        self._gate.forget_stops()
        for event in self._inbox.first:
            self._close(event)
        self._look_for_file()
        await self._look_at_table()

    async def watch_table(self) -> None:
        """Take commands from the table, at once where somebody tells of them, for ever."""
        while True:
            if self._wakeups is None:
                await self._wall.sleep_until(self._wall.now_ms() + self._poll_ms)
            else:
                await self._wakeups.wait(Topic.CONTROL, self._poll_ms)
            await self._look_at_table()

    async def watch_rest(self) -> None:
        """Look for the file, and whether the table answers at all, for ever."""
        while True:
            await self._wall.sleep_until(self._wall.now_ms() + self._poll_ms)
            self._look_for_file()
            if self._wall.now_ms() - self._heard >= _DEAF_MS:
                self._cannot_hear("no answer came")

    def kill(self, actor: str, *, flatten: bool = False) -> None:
        """Stop everything, without the table."""
        log.warning("stop_ordered", actor=actor, flatten=flatten)
        self._order(Operator(time=0, received=0, control_id=_UNNUMBERED, actor=actor, action=Kill(flatten=flatten)))

    async def _look_at_table(self) -> None:
        try:
            entries = await self._control.take(self._after)
        except StorageUnavailable as error:
            if self._wall.now_ms() - self._heard >= _DEAF_MS:
                self._cannot_hear(str(error))
            return
        self._can_hear()
        for entry in entries:
            self._after = max(self._after, entry.id)
            log.info("command_taken", control_id=entry.id, actor=entry.actor, action=type(entry.action).__name__)
            self._order(Operator(time=0, received=0, control_id=entry.id, actor=entry.actor, action=entry.action))

    def _order(self, event: Operator) -> None:
        self._close(event)
        self._inbox.put_first(event)

    def _close(self, event: Event) -> None:
        """Close the gate for a stop that is not journaled yet."""
        if isinstance(event, Operator) and isinstance(event.action, Kill | Pause):
            state = TradingState.HALTED if isinstance(event.action, Kill) else TradingState.REDUCING
            bot = event.action.bot
            self._gate.stop(event.control_id, ALL if bot is None else bot_scope(bot), state)

    def _look_for_file(self) -> None:
        file = self._kill_file
        if file is None or not file.exists():
            self._gate.let_go(_FILE)
            self._flatten_said = False
            return
        self._gate.hold(_FILE, TradingState.HALTED)
        flatten = _says_flatten(file)
        is_killed = self._gate.ordered(ALL).severity >= TradingState.HALTED.severity
        if not is_killed or (flatten and not self._flatten_said):
            self._flatten_said = flatten
            self.kill(f"file:{file.name}", flatten=flatten)

    def _cannot_hear(self, why: str) -> None:
        if not self._is_deaf:
            self._is_deaf = True
            self._gate.hold(_DEAF, TradingState.REDUCING)
            self._say("critical", f"{_DEAF}, increases wait: {why}")

    def _can_hear(self) -> None:
        self._heard = self._wall.now_ms()
        if self._is_deaf:
            self._is_deaf = False
            self._gate.let_go(_DEAF)
            self._say("info", "commands can be read again")

    def _say(self, level: str, text: str) -> None:
        self._inbox.put(Notice(time=0, received=0, level=level, category="control", text=text))


def _says_flatten(file: Path) -> bool:
    """Tell whether the file asks for a flatten; it stops everything also where it cannot be read."""
    try:
        with file.open(errors="replace") as text:
            return "flatten" in text.read(_FILE_MAX).lower()
    except OSError:
        return False
