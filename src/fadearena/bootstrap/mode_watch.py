"""Ends a process once another mode than its own is the active one."""

import asyncio
from collections.abc import Callable

import structlog

from fadearena.bootstrap.places import Places
from fadearena.kit.clock import SystemClock
from fadearena.model.units import SECOND_MS

log = structlog.get_logger(__name__)


def watch_mode(places: Places, end: Callable[[], None]) -> asyncio.Task[None]:
    """Begin to look every second which mode is active; call `end` when it is another one."""
    return asyncio.create_task(_watch(places, end), name="mode")


async def _watch(places: Places, end: Callable[[], None]) -> None:
    clock = SystemClock()
    while places.is_active():
        await clock.sleep_until(clock.now_ms() + SECOND_MS)
    log.info("mode_changed", was=places.mode)
    end()
