"""Alerts where nobody set up a destination: a line in the log."""

import structlog

from fadearena.ports.alerts import Message

log = structlog.get_logger(__name__)


class ConsoleSink:
    """Logs every message."""

    @property
    def destinations(self) -> tuple[str, ...]:
        """The log."""
        return ("log",)

    async def send(self, destination: str, message: Message) -> None:
        """Write a message to the log."""
        write = {"critical": log.error, "warning": log.warning}.get(message.level, log.info)
        write("alert", to=destination, title=message.title, text=message.text)
