"""The alert sink in memory keeps what it is given, in order."""

import asyncio

import pytest

from fadearena.adapters.memory.alerts import MemoryAlerts
from fadearena.model.error import AlertUndelivered
from fadearena.ports.alerts import Message


def test_messages_are_kept_in_order() -> None:
    """What is sent is kept with whom it went to, oldest first; a destination that refuses keeps nothing."""
    first, second = (Message(level="info", title=title, text="t") for title in "ab")
    sink = MemoryAlerts("x", "y")
    assert sink.destinations == ("x", "y")
    asyncio.run(sink.send("x", first))
    asyncio.run(sink.send("y", second))
    sink.refusals["x"] = "no"
    with pytest.raises(AlertUndelivered, match="no"):
        asyncio.run(sink.send("x", second))
    assert sink.sent == [("x", first), ("y", second)]
