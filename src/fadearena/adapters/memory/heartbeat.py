"""Signs of life in memory."""

from fadearena.ports.heartbeat import KEPT_MS, Beat


class MemoryHeartbeats:
    """Keeps the last beat of each process."""

    def __init__(self) -> None:
        self._beats: dict[str, Beat] = {}

    async def beat(self, beat: Beat) -> None:
        """Replace the beat of this process; those of processes that were not heard of for a day are dropped."""
        self._beats[beat.process] = beat
        self._beats = {name: one for name, one in self._beats.items() if one.time >= beat.time - KEPT_MS}

    async def beats(self) -> tuple[Beat, ...]:
        """Return the last beat of each process, by name."""
        return tuple(self._beats[name] for name in sorted(self._beats))
