"""Settings of one account of ours."""

import msgspec

from fadearena.model.ids import AccountId, Address, address, slug
from fadearena.model.policy.problem import well_formed
from fadearena.model.units import SECOND_MS, EpochMs, Ratio

_STOP_MIN = Ratio("0.01")
_DEAD_MAN_MIN_MS = 30 * SECOND_MS


class AccountPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """
    One account of ours. `signer` is whoever signs for it: master key or agent; sub-accounts may share one.

    `is_vault` is set for a sub-account or vault: actions name it. `stop_distance` is how far from the mark, as a
    ratio, a stop rests on the exchange behind each position; None leaves none there. `dead_man_ms` is how long after
    the last sign of life the exchange cancels all orders of the account, where it may ask for that; None never. Stops
    are orders too: it is the one or the other.
    """

    id: AccountId
    address: Address
    signer: Address
    max_leverage: int = 5
    taker_rate: Ratio = Ratio("0.00045")
    is_vault: bool = False
    stop_distance: Ratio | None = None
    dead_man_ms: EpochMs | None = None

    def problems(self) -> list[str]:
        """Return what is wrong with it, one sentence each, naming the field."""
        found: list[str] = []
        well_formed(found, slug, self.id)
        well_formed(found, address, self.address)
        well_formed(found, address, self.signer)
        if self.max_leverage < 1:
            found.append("maxLeverage must be at least 1")
        if not -1 < self.taker_rate < 1:
            found.append("takerRate must be a ratio")
        if self.stop_distance is not None and not _STOP_MIN <= self.stop_distance < 1:
            found.append(f"stopDistance must be >= {_STOP_MIN} and < 1 or null")
        if self.dead_man_ms is not None and self.dead_man_ms < _DEAD_MAN_MIN_MS:
            found.append(f"deadManMs must be at least {_DEAD_MAN_MIN_MS} or null")
        if self.stop_distance is not None and self.dead_man_ms is not None:
            found.append("deadManMs would cancel the stops that stopDistance asks for: set one of them to null")
        return found
