"""
The switch of the mode for windows: `fadearena mode` in a process of its own, which holds the keys while it lasts.

1. One at a time. What was found is told again for ten seconds, so that a page may ask as often as it likes.
2. It ends when we do: wherever it is broken off one mode is active, and it is the one that was.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

import msgspec
import structlog

from fadearena.bootstrap.places import Places
from fadearena.bootstrap.up import launch
from fadearena.kit.clock import Clock
from fadearena.kit.tasks import cancelled
from fadearena.model.error import VenueUnavailable
from fadearena.model.finding import Finding
from fadearena.model.policy import Mode
from fadearena.model.units import SECOND_MS, EpochMs
from fadearena.ports.modes import CONFIRMATION, PreflightSeen, SwitchAnswer

log = structlog.get_logger(__name__)
_FRESH_MS: Final = 10 * SECOND_MS
_PATIENCE_S: Final = 120.0
_PART: Final = 65_536


class ModeReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What `fadearena mode --json` prints: which mode is active, whether that is new, and why not."""

    mode: Mode
    changed: bool
    reasons: tuple[str, ...] = ()
    checks: tuple[Finding, ...] = ()


class ModeSwitch:
    """Asks a process of its own."""

    def __init__(self, places: Places, clock: Clock, *, patience_s: float = _PATIENCE_S) -> None:
        self._places = places
        self._clock = clock
        self._patience_s = patience_s
        self._turn = asyncio.Lock()
        self._seen: PreflightSeen | None = None
        self._fresh_until: EpochMs = 0

    async def preflight(self) -> Sequence[Finding]:
        """
        Look at everything that has to be right before live trading.

        Raises:
            VenueUnavailable: That cannot be found out.
        """
        async with self._turn:
            if self._seen is None or self._clock.now_ms() >= self._fresh_until:
                report = await self._ask(Mode.LIVE, "--check")
                self._seen = PreflightSeen(time=self._clock.now_ms(), checks=report.checks)
                self._fresh_until = self._seen.time + _FRESH_MS
            return self._seen.checks

    def last_preflight(self) -> PreflightSeen | None:
        """Return what was found last; None where nobody looked."""
        return self._seen

    async def switch(self, mode: Mode, actor: str) -> SwitchAnswer:
        """
        Switch, where everything is right and flat.

        Raises:
            VenueUnavailable: That cannot be found out.
        """
        async with self._turn:
            self._fresh_until = 0  # whoever asks after this has done something about it
            report = await self._ask(mode, "--confirm", CONFIRMATION, "--actor", actor)
            if report.checks:
                self._seen = PreflightSeen(time=self._clock.now_ms(), checks=report.checks)
            return SwitchAnswer(switched=report.mode is mode, reasons=report.reasons, checks=report.checks)

    async def _ask(self, mode: Mode, *options: str) -> ModeReport:
        """Let a process do it, and return what it reports."""
        home = ("--data-dir", str(self._places.data_dir))
        pipe = asyncio.subprocess.PIPE
        process = await launch(("mode", mode, *options, "--json", *home), out=pipe, log=pipe)
        try:
            async with asyncio.timeout(self._patience_s):
                out, said = await _told(process)
        except TimeoutError:
            raise VenueUnavailable(f"`fadearena mode {mode}` did not end within {self._patience_s:.0f} s") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        try:
            return msgspec.json.decode(out, type=ModeReport)
        except msgspec.MsgspecError:
            log.warning("mode_not_switched", code=process.returncode, said=said.decode(errors="replace")[-1000:])
            raise VenueUnavailable(_last(said) or f"`fadearena mode {mode}` ended with {process.returncode}") from None


async def _told(process: asyncio.subprocess.Process) -> tuple[bytes, bytes]:
    """
    Return what a process reports, as soon as it does: we may be about to end because of it; and what else it said.

    Its input stays open, by which it knows that we live.
    """
    assert process.stdout is not None  # noqa: S101 - it was started with pipes
    assert process.stderr is not None  # noqa: S101 - the same
    saying = asyncio.ensure_future(process.stderr.read())
    out = b""
    try:
        while not out.endswith(b"\n") and (part := await process.stdout.read(_PART)):
            out += part
        if out:
            return out, b""
        said = await saying
        await process.wait()
        return out, said
    finally:
        await cancelled(saying)


def _last(said: bytes) -> str:
    lines = said.decode(errors="replace").strip().splitlines()
    return lines[-1].removeprefix("fadearena: ") if lines else ""
