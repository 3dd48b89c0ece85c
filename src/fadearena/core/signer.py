"""Stage 13: whether the exchange lets our signers sign, and who has to be told before it ends."""

import msgspec

from fadearena.model.units import DAY_MS, EpochMs

STAGES = (14, 7, 3, 1, 0)
"""So many days before the end people are told, and once it has come."""


class SignerView(msgspec.Struct, kw_only=True):
    """What was told of an account's signer; `is_approved` is None where nothing was. `told` is the last stage."""

    is_approved: bool | None = None
    valid_until: EpochMs | None = None
    told: int | None = None

    def left_ms(self, now: EpochMs) -> int | None:
        """Return for how long it may still sign; None where no end is known."""
        if self.is_approved is False:
            return 0
        return None if self.valid_until is None else max(0, self.valid_until - now)

    def reach(self, now: EpochMs) -> int | None:
        """Return the stage that is reached now, in days; None where it was before, or where there is none."""
        left = self.left_ms(now)
        reached = [] if left is None else [days for days in STAGES if left <= days * DAY_MS]
        if not reached or (self.told is not None and self.told <= reached[-1]):
            return None
        self.told = reached[-1]
        return self.told
