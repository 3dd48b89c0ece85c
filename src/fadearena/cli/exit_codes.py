"""Exit codes: stable, documented in docs/cli.md."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What a command's end says to the caller."""

    OK = 0
    UNEXPECTED = 1
    USAGE = 2
    PARTLY_BAD_INPUT = 3
    UNUSABLE_INPUT = 4
    BROKEN = 5
    REFUSED = 6
    NO_WORKER = 7
    UNCONFIRMED = 8
    STORAGE_UNAVAILABLE = 9
    STORAGE_OUTDATED = 10
    LEASE_LOST = 11
    JOURNAL_CORRUPT = 12
    WARNED = 13
    FAILED = 14
    VENUE_UNAVAILABLE = 15
    MODE_CHANGED = 16
    INTERRUPTED = 130


FINAL = frozenset({ExitCode.USAGE, ExitCode.UNUSABLE_INPUT, ExitCode.STORAGE_OUTDATED, ExitCode.JOURNAL_CORRUPT})
"""A process that ended with one of these ends so again: it is not started again by itself."""

AGAIN = frozenset({ExitCode.MODE_CHANGED})
"""A process that ended with one of these wants to be started again at once."""
