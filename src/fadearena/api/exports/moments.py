"""Times as texts: ISO 8601 in UTC, to the millisecond."""

from datetime import UTC, datetime

from fadearena.model.units import SECOND_MS, EpochMs


def iso(time: EpochMs) -> str:
    """Return a time as `2026-01-31T23:59:59.999Z`."""
    seconds, rest = divmod(time, SECOND_MS)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:03d}Z"
