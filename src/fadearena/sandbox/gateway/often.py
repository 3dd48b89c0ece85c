"""How often something may still happen, and with what chance."""

from fadearena.adapters.sim.arena.traders import chance


class Often:
    """
    Counts what happens.

    Args:
        times: How often it may; None is without end.
        share: With what chance it does, each time.
        seed: The chance follows from it.
    """

    def __init__(self, times: int | None, share: float = 1.0, seed: int = 0) -> None:
        self._left = times
        self._share = share
        self._chance = chance(seed, "faults")

    @property
    def is_over(self) -> bool:
        """Whether it happens no more."""
        return self._left == 0

    def happens(self) -> bool:
        """Tell whether it happens now, and count it."""
        if self.is_over or (self._share < 1 and self._chance.random() >= self._share):
            return False
        if self._left is not None:
            self._left -= 1
        return True
