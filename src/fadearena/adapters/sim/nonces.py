"""
Nonces of signers, as the exchange keeps them.

Per signer the 100 highest count: a new one must be above the lowest of them and never used before, and lie
within two days before and one day after the present. Used ones are remembered for a while below that floor.
"""

from collections import deque
from enum import StrEnum
from heapq import heappush, heappushpop

from fadearena.model.ids import Address
from fadearena.model.units import DAY_MS, EpochMs

_HIGHEST = 100
_REMEMBERED = 10_000


class NonceVerdict(StrEnum):
    """What the exchange says of a nonce."""

    FRESH = "fresh"
    DUPLICATE = "duplicate nonce"
    TOO_LOW = "nonce too low"
    TOO_HIGH = "nonce too high"


class _Signer:
    def __init__(self) -> None:
        self.highest: list[int] = []
        self.used: set[int] = set()
        self.order: deque[int] = deque()


class Nonces:
    """The used nonces of every signer; accounts that share a signer share its nonces."""

    def __init__(self) -> None:
        self._signers: dict[Address, _Signer] = {}

    def use(self, signer: Address, nonce: int, now: EpochMs) -> NonceVerdict:
        """Judge a nonce, and use it up if it is fresh."""
        seen = self._signers.setdefault(signer, _Signer())
        if nonce in seen.used:
            return NonceVerdict.DUPLICATE
        is_below = len(seen.highest) == _HIGHEST and nonce < seen.highest[0]
        if is_below or nonce <= now - 2 * DAY_MS:
            return NonceVerdict.TOO_LOW
        if nonce >= now + DAY_MS:
            return NonceVerdict.TOO_HIGH
        seen.used.add(nonce)
        seen.order.append(nonce)
        if len(seen.order) > _REMEMBERED:
            seen.used.discard(seen.order.popleft())
        if len(seen.highest) < _HIGHEST:
            heappush(seen.highest, nonce)
        else:
            heappushpop(seen.highest, nonce)
        return NonceVerdict.FRESH
