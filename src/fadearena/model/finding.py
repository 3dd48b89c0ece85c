"""What a check of an installation found."""

from collections.abc import Sequence
from enum import StrEnum

import msgspec


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What one check found; `advice` says what to do where it is not ok."""

    check: str
    level: Level
    text: str
    advice: str = ""


def worst(findings: Sequence[Finding]) -> Level:
    """Return the worst level of several findings."""
    order = list(Level)
    return max((found.level for found in findings), key=order.index, default=Level.OK)
