"""
How often somebody may try to log in.

1. After a few tries that failed each further one has to wait twice as long as the one before, up to a limit: by
   address, and all addresses together. A token in a header is never held back: nobody can guess it.
2. A try counts as failed until it succeeds, so that many at once are not more than one after the other.
3. Addresses of one IPv6 network of 64 bits are one. A bounded number is remembered, those that tried last.
"""

import ipaddress
from collections import OrderedDict
from typing import Final

import msgspec

from fadearena.api.access.options import address_of
from fadearena.kit.clock import Clock
from fadearena.model.units import HOUR_MS, MINUTE_MS, SECOND_MS, EpochMs

ADDRESSES_MAX: Final = 10_000
_FORGET_MS: Final = HOUR_MS
_NETWORK_BITS: Final = 64


class _Rule(msgspec.Struct, frozen=True):
    """How many tries are free, and the longest wait."""

    free: int
    most_ms: EpochMs

    def wait_ms(self, failures: int) -> EpochMs:
        """Return how long the next try has to wait after the last."""
        over = failures - self.free
        return 0 if over < 0 else min(SECOND_MS << min(over, 30), self.most_ms)


class _Count(msgspec.Struct):
    """How often it failed, and when it did last."""

    failures: int = 0
    last: EpochMs = 0


_ONE: Final = _Rule(5, 15 * MINUTE_MS)
_ALL: Final = _Rule(50, MINUTE_MS)


class Throttle:
    """Counts the tries that failed."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._addresses: OrderedDict[str, _Count] = OrderedDict()
        self._all = _Count()

    def begin(self, address: str) -> EpochMs:
        """Count a try and return 0; where it has to wait, count nothing and return for how long."""
        now, key = self._clock.now_ms(), _key(address)
        mine = self._addresses.get(key) or _Count()
        waits = [_left(rule, count, now) for rule, count in ((_ONE, mine), (_ALL, self._all))]
        if max(waits) > 0:
            return max(waits)
        for count in (mine, self._all):
            count.failures += 1
            count.last = now
        self._addresses[key] = mine
        self._addresses.move_to_end(key)
        if len(self._addresses) > ADDRESSES_MAX:
            self._addresses.popitem(last=False)
        return 0

    def succeeded(self, address: str) -> None:
        """Forget what an address failed at."""
        self._addresses.pop(_key(address), None)
        self._all.failures = max(0, self._all.failures - 1)


def _left(rule: _Rule, count: _Count, now: EpochMs) -> EpochMs:
    if now - count.last > _FORGET_MS:
        count.failures = 0
    return min(count.last + rule.wait_ms(count.failures) - now, rule.most_ms)


def _key(address: str) -> str:
    found = address_of(address)
    if isinstance(found, ipaddress.IPv6Address):
        return str(found.ipv4_mapped or ipaddress.ip_network((found, _NETWORK_BITS), strict=False))
    return address
