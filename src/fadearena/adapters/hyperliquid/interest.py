"""
The coins of which prices are wanted: told by whoever sees a coin, heard by the market feed.

It only grows. Beyond `limit` coins a coin is refused, once and for all, and listed in `refused`.
"""

from collections.abc import Callable, Iterable

from fadearena.model.ids import Coin, is_perp

COINS_MAX = 100
"""Two subscriptions each, which the exchange may count twice after a reconnect; the tape lives on what they leave."""
_REFUSED_MAX = 10_000


class Interest:
    """Remembers coins, and tells a listener of each new one."""

    def __init__(self, limit: int = COINS_MAX) -> None:
        self._limit = limit
        self._coins: dict[Coin, None] = {}
        self._refused: dict[Coin, None] = {}
        self._listeners: list[Callable[[Coin], None]] = []

    @property
    def coins(self) -> tuple[Coin, ...]:
        """All coins that are wanted, in the order in which they came."""
        return tuple(self._coins)

    @property
    def refused(self) -> tuple[Coin, ...]:
        """The coins for which there was no room; their prices are read on demand only."""
        return tuple(self._refused)

    def want(self, coins: Iterable[Coin]) -> tuple[Coin, ...]:
        """Add coins, and return those that are refused for the first time; what is no perpetual is left out."""
        refused: list[Coin] = []
        for coin in coins:
            if coin in self._coins or coin in self._refused or not is_perp(coin):
                continue
            if len(self._coins) < self._limit:
                self._coins[coin] = None
                for listener in self._listeners:
                    listener(coin)
            elif len(self._refused) < _REFUSED_MAX:
                self._refused[coin] = None
                refused.append(coin)
        return tuple(refused)

    def listen(self, listener: Callable[[Coin], None]) -> Callable[[], None]:
        """Have a listener told of new coins; return what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)
