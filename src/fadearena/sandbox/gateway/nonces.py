"""
Each signed action is taken once: the nonces that every signer has used.

1. A nonce lies within two days before and one day after the present, and was never used by this signer.
2. Of each signer the hundred highest are kept; a new one must lie above the lowest of them.
3. Lower ones that were used are still known as used for a while.
"""

from bisect import insort
from collections.abc import Mapping

from fadearena.model.ids import Address
from fadearena.model.units import DAY_MS, EpochMs

_KEPT = 100
_REMEMBERED = 10_000


class BadNonce(Exception):
    """The action is not looked at, in the exchange's words."""


class Nonces:
    """The used nonces of all signers; whoever acts with the same key shares them."""

    def __init__(self, used: Mapping[Address, list[int]] | None = None) -> None:
        self._used = {signer: dict.fromkeys(nonces) for signer, nonces in (used or {}).items()}
        self._highest = {signer: sorted(nonces)[-_KEPT:] for signer, nonces in self._used.items()}

    def use(self, signer: Address, nonce: int, now: EpochMs) -> None:
        """
        Use up a nonce.

        Raises:
            BadNonce: It was used before, or lies outside what is taken.
        """
        used, highest = self._used.setdefault(signer, {}), self._highest.setdefault(signer, [])
        if nonce in used:
            raise BadNonce(f"Invalid nonce: duplicate nonce {nonce}")
        lowest = now - 2 * DAY_MS
        if len(highest) == _KEPT:
            lowest = max(lowest, highest[0])
        if nonce <= lowest:
            raise BadNonce(f"Invalid nonce: nonce too low {nonce} < {lowest}")
        if nonce >= now + DAY_MS:
            raise BadNonce(f"Invalid nonce: nonce too high {nonce} > {now + DAY_MS}")
        used[nonce] = None
        if len(used) > _REMEMBERED:
            del used[next(iter(used))]
        insort(highest, nonce)
        del highest[:-_KEPT]

    def dump(self) -> dict[Address, list[int]]:
        """Return what is remembered, oldest first."""
        return {signer: list(nonces) for signer, nonces in self._used.items()}
