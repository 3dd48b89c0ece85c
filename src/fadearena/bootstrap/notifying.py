"""
Tells the system's manager how a process of ours does (systemd: Type=notify, WatchdogSec).

The watchdog is fed by the event loop itself: once nothing turns any more it starves, and the manager starts the process
anew.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fadearena.kit.clock import Clock, SystemClock
from fadearena.kit.notify import Notifier
from fadearena.kit.tasks import cancelled


@asynccontextmanager
async def notifying(notifier: Notifier | None = None, clock: Clock | None = None) -> AsyncIterator[None]:
    """Be ready as long as the block lasts, and stopping afterwards."""
    notifier, clock = notifier or Notifier(), clock or SystemClock()
    notifier.ready()
    feeding = asyncio.create_task(_feed(notifier, clock), name="watchdog-feed")
    try:
        yield
    finally:
        notifier.stopping()
        await cancelled(feeding)


async def _feed(notifier: Notifier, clock: Clock) -> None:
    while (every_ms := notifier.every_ms) is not None:
        notifier.alive()
        await clock.sleep_until(clock.now_ms() + every_ms)
