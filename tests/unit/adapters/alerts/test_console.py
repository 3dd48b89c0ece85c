"""Without a destination alerts are lines of the log."""

import asyncio

import pytest
from structlog.testing import capture_logs

from fadearena.adapters.alerts.console import ConsoleSink
from fadearena.ports.alerts import Message


@pytest.mark.parametrize(("level", "logged"), [("critical", "error"), ("warning", "warning"), ("info", "info")])
def test_a_message_is_a_line(level: str, logged: str) -> None:
    """Its weight is that of the line."""
    sink = ConsoleSink()
    (destination,) = sink.destinations
    with capture_logs() as lines:
        asyncio.run(sink.send(destination, Message(level=level, title="T", text="t")))
    assert lines == [{"event": "alert", "to": "log", "title": "T", "text": "t", "log_level": logged}]
