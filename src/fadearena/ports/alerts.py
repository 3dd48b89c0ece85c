"""The door through which people are told."""

from typing import Protocol

from fadearena.model.record import Alert


class AlertSink(Protocol):
    """Tells people something, by whatever they have set up."""

    async def send(self, alert: Alert) -> None:
        """
        Hand one alert over.

        Raises:
            VenueUnavailable: It could not be handed over; try again later.
        """
        ...
