"""What one address may use of the exchange; the sandbox takes all its clients for one address."""

from collections import deque

import msgspec

from fadearena.model.units import MINUTE_MS, EpochMs


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """The exchange's limits for an IP address; None takes one away."""

    weight_a_minute: int | None = 1_200
    connections: int | None = 10
    connections_a_minute: int | None = 30
    subscriptions: int | None = 1_000
    users: int | None = 10
    messages_a_minute: int | None = 2_000
    posts_in_flight: int | None = 100

    def times(self, factor: int) -> "Limits":
        """Return limits that are so many times as high."""
        values = ((name, getattr(self, name)) for name in self.__struct_fields__)
        return Limits(**{name: None if limit is None else limit * factor for name, limit in values})


NO_LIMITS = Limits(
    weight_a_minute=None,
    connections=None,
    connections_a_minute=None,
    subscriptions=None,
    users=None,
    messages_a_minute=None,
    posts_in_flight=None,
)


def is_over(count: int, limit: int | None) -> bool:
    """Tell whether there are more than may be."""
    return limit is not None and count > limit


class Minute:
    """What was used within the last minute."""

    def __init__(self, limit: int | None) -> None:
        self.used = 0
        self._limit = limit
        self._parts = deque[tuple[EpochMs, int]]()

    def take(self, amount: int, now: EpochMs) -> bool:
        """Use some, if there is as much left."""
        self._forget(now)
        if is_over(self.used + amount, self._limit):
            return False
        self.add(amount, now)
        return True

    def add(self, amount: int, now: EpochMs) -> None:
        """Use some, whatever is left."""
        self._parts.append((now, amount))
        self.used += amount

    def _forget(self, now: EpochMs) -> None:
        while self._parts and self._parts[0][0] <= now - MINUTE_MS:
            self.used -= self._parts.popleft()[1]
