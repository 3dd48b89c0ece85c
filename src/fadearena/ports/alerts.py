"""The door through which people are told."""

from typing import Protocol

import msgspec


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What people read. `level` is `info`, `warning` or `critical`."""

    level: str
    title: str
    text: str


class AlertSink(Protocol):
    """Tells people something, by whatever they have set up."""

    @property
    def destinations(self) -> tuple[str, ...]:
        """Whom a message goes to, by names that hold no secret; the same ones after a restart."""
        ...

    async def send(self, destination: str, message: Message) -> None:
        """
        Hand one message to one destination.

        Raises:
            AlertUndelivered: It was not taken, or not within the time that there is; it may be tried again.
        """
        ...
