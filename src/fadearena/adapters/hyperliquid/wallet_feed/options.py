"""Rhythms and limits of the feed of wallets."""

from typing import Final

import msgspec

from fadearena.adapters.hyperliquid.limits import SHARES, Lane
from fadearena.model.units import MINUTE_MS, SECOND_MS, EpochMs

_PERCENT: Final = 100
_REST_KEEPS: Final = 10
_POLL_WEIGHT: Final = 2


class WalletOptions(msgspec.Struct, frozen=True, kw_only=True):
    """
    Rhythms and limits.

    `streams_max` counts all users of one IP address whom the exchange streams: our own accounts take from it, too.
    `polls_per_minute` bounds the snapshots of all wallets together; None has it follow from the rate limit. A wallet
    whose doings are told is read every `period_ms`, another every `watched_ms`, and each on dexs where it was never
    seen every `round_ms`; with many wallets each comes round less often.
    """

    streams_max: int = 10
    period_ms: EpochMs = 10 * SECOND_MS
    watched_ms: EpochMs = MINUTE_MS
    polls_per_minute: int | None = None
    round_ms: EpochMs = 2 * MINUTE_MS
    fills_ms: EpochMs = 5 * MINUTE_MS
    equity_ms: EpochMs = MINUTE_MS

    def pace(self, per_minute: int) -> int:
        """Return how many snapshots a minute may have, where the exchange allows a weight of `per_minute`."""
        if self.polls_per_minute is not None:
            return self.polls_per_minute
        return max(1, per_minute * (SHARES[Lane.REST] - _REST_KEEPS) // _PERCENT // _POLL_WEIGHT)
