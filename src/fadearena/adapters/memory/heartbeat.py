"""Signs of life in memory."""

from fadearena.ports.heartbeat import Beat


class MemoryHeartbeats:
    """Keeps the last beat of each process."""

    def __init__(self) -> None:
        self._beats: dict[str, Beat] = {}

    async def beat(self, beat: Beat) -> None:
        """Replace the beat of this process."""
        self._beats[beat.process] = beat

    async def beats(self) -> tuple[Beat, ...]:
        """Return the last beat of each process, by name."""
        return tuple(self._beats[name] for name in sorted(self._beats))
