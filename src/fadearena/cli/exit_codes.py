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
    INTERRUPTED = 130
