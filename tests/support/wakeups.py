"""Waiting for what others commit, as the processes of an installation do."""

import asyncio
from collections.abc import Awaitable, Callable

from fadearena.adapters.sql.hearing import Hearing
from fadearena.ports.wakeups import Topic

_LONG_MS = 60_000
_PATIENCE_S = 20


async def heard(wakeups: Hearing, commit: Callable[[], Awaitable[object]]) -> set[Topic]:
    """Commit something while all wait, and return who was woken by it; the last to be woken come within 50 ms."""
    for topic in Topic:
        await wakeups.wait(topic, 0)
    waiting = {topic: asyncio.create_task(wakeups.wait(topic, _LONG_MS)) for topic in Topic}
    await asyncio.sleep(0)
    await commit()
    async with asyncio.timeout(_PATIENCE_S):
        await asyncio.wait(waiting.values(), return_when=asyncio.FIRST_COMPLETED)
    await asyncio.wait(waiting.values(), timeout=0.05)
    woken = {topic for topic, task in waiting.items() if task.done()}
    for task in waiting.values():
        task.cancel()
    return woken


async def listening(wakeups: Hearing) -> None:
    """Wait until it listens."""
    async with asyncio.timeout(_PATIENCE_S):
        while not wakeups.is_listening:
            await wakeups.wait(Topic.JOURNAL, 5)
