"""An alert sink in memory."""

from fadearena.model.record import Alert


class MemoryAlerts:
    """Keeps what was sent, oldest first, in `sent`."""

    def __init__(self) -> None:
        self.sent: list[Alert] = []

    async def send(self, alert: Alert) -> None:
        """Keep one alert."""
        self.sent.append(alert)
