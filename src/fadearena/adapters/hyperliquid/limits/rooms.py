"""
The rooms of one IP address: connections, subscriptions and users, and who gets them where they are scarce.

1. Right after a reconnect the exchange may still count what the dead socket had. So all subscriptions and once more
   those of the largest connection stay within the limit, and one connection is left free.
2. Our own accounts come first, then prices, then the tape; what streams single wallets is small and counted with the
   first. All but the tape take what they need and are counted as they are; the tape gets what is left, and gives back
   where the others grow.
3. A user counts once, whatever is subscribed of it. Those that our accounts leave are for wallets.
4. What the exchange says of its limits replaces what was assumed.
"""

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Final, Protocol

import msgspec

from fadearena.model.ids import Address

EACH_MAX: Final = 150
"""As many coins on one connection of the tape at most: a lost one blinds few of them."""
_SPARE: Final = 1
_USERS = re.compile(r"Cannot track more than (\d+) total users")
_SUBSCRIPTIONS = re.compile(r"Cannot subscribe to more than (\d+) channels")


class Purpose(Enum):
    """What a session is for."""

    OWN = "own"
    PRICES = "prices"
    TAPE = "tape"
    WALLETS = "wallets"


class Demand(Protocol):
    """What a session wants."""

    def __len__(self) -> int:
        """Return how many subscriptions."""
        ...

    @property
    def users(self) -> Collection[Address]:
        """Whose."""
        ...


class TapeRoom(msgspec.Struct, frozen=True, kw_only=True):
    """How many coins the tape may subscribe to, on how many connections, of which none may have more than `each`."""

    coins: int = 0
    connections: int = 0
    each: int = 0


class Rooms:
    """Knows what every session of this address wants."""

    def __init__(self, *, subscriptions: int = 1000, connections: int = 10, users: int = 10) -> None:
        self._subscriptions = subscriptions
        self._connections = connections
        self._users = users
        self._taken: dict[int, tuple[Purpose, Demand]] = {}

    @contextmanager
    def taken(self, purpose: Purpose, demand: Demand) -> Iterator[None]:
        """Count a connection, and what is wanted over it, as long as the block lasts."""
        self._taken[id(demand)] = (purpose, demand)
        try:
            yield
        finally:
            del self._taken[id(demand)]

    @property
    def subscriptions(self) -> int:
        """How many subscriptions are wanted, on all connections."""
        return sum(len(demand) for _, demand in self._taken.values())

    @property
    def connections(self) -> int:
        """How many connections are in use."""
        return len(self._taken)

    def wallets(self) -> int:
        """Return how many wallets may be streamed: the users that our own accounts leave."""
        own = {user for purpose, demand in self._taken.values() if purpose is Purpose.OWN for user in demand.users}
        return max(0, self._users - len(own))

    def tape(self, wanted: int) -> TapeRoom:
        """Return the room for so many coins, or for as many of them as there is room for."""
        others = [len(demand) for purpose, demand in self._taken.values() if purpose is not Purpose.TAPE]
        free = self._subscriptions - sum(others)
        connections = self._connections - _SPARE - len(others)
        for coins in range(min(wanted, free - max(others, default=0)), 0, -1):
            each = min(EACH_MAX, free - coins)
            if each > 0 and coins <= each * connections:
                return TapeRoom(coins=coins, connections=-(-coins // each), each=each)
        return TapeRoom()

    def learn(self, text: str) -> None:
        """Take over the limit that an error of the exchange names, if it names one."""
        if found := _USERS.search(text):
            self._users = int(found[1])
        elif found := _SUBSCRIPTIONS.search(text):
            self._subscriptions = int(found[1])
