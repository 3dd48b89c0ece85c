"""An alert sink in memory."""

from fadearena.model.error import AlertUndelivered
from fadearena.ports.alerts import Message


class MemoryAlerts:
    """
    Keeps what was taken, oldest first, in `sent`, with whom it went to.

    `refusals` says why a destination takes nothing at the moment.
    """

    def __init__(self, *destinations: str) -> None:
        self._destinations = destinations or ("memory",)
        self.sent: list[tuple[str, Message]] = []
        self.refusals: dict[str, str] = {}

    @property
    def destinations(self) -> tuple[str, ...]:
        """Whom a message goes to."""
        return self._destinations

    async def send(self, destination: str, message: Message) -> None:
        """
        Keep one message.

        Raises:
            AlertUndelivered: The destination takes nothing at the moment.
        """
        if destination in self.refusals:
            raise AlertUndelivered(self.refusals[destination])
        self.sent.append((destination, message))
