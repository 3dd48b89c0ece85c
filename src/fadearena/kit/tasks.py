"""What running several things at once needs everywhere."""

import asyncio
from collections.abc import Awaitable
from typing import Any


def first_cause(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first error of a group, and of the groups in it, that is no group itself."""
    error = group.exceptions[0]
    return first_cause(error) if isinstance(error, BaseExceptionGroup) else error


async def either(*ways: Awaitable[object]) -> None:
    """Wait until one of several things is done, and end the others; where one failed, raise what it raised."""
    tasks = [asyncio.ensure_future(way) for way in ways]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await cancelled(*tasks)
    for task in tasks:
        if not task.cancelled():
            task.result()


async def cancelled(*tasks: asyncio.Future[Any]) -> None:
    """Cancel tasks, and wait until they have ended."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
