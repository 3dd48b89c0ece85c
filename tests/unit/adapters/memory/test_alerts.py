"""The alert sink in memory keeps what it is given, in order."""

import asyncio

from fadearena.adapters.memory.alerts import MemoryAlerts
from fadearena.model.record import Alert


def test_alerts_are_kept_in_order() -> None:
    """What is sent is kept, oldest first."""
    first, second = (Alert(level="info", category="c", subject=subject, text="t") for subject in "ab")
    sink = MemoryAlerts()
    for alert in (first, second):
        asyncio.run(sink.send(alert))
    assert sink.sent == [first, second]
