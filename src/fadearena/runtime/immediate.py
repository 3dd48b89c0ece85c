"""Running work that never waits: a backtest's doors answer at once, so no event loop is needed."""

from collections.abc import Coroutine
from typing import Any, TypeVar

from fadearena.model.error import InvariantBroken

T = TypeVar("T")


def immediately(work: Coroutine[Any, Any, T]) -> T:
    """
    Run a coroutine to its end.

    Raises:
        InvariantBroken: It waited for something; that needs an event loop.
    """
    try:
        work.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    work.close()
    raise InvariantBroken("a door of a backtest waited instead of answering at once")
