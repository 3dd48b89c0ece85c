"""Choices that settings name."""

from enum import StrEnum


class Mode(StrEnum):
    """Which venue a process plugs in."""

    SIMULATION = "simulation"
    LIVE = "live"


class Sizing(StrEnum):
    """How the ratio of an anchor is found."""

    MULTIPLIER = "multiplier"
    EQUITY = "equity"
    NOTIONAL = "notional"


class StartPolicy(StrEnum):
    """What happens with positions that a bot holds when following starts."""

    FOLLOW_CHANGES = "follow_changes"
    IGNORE_UNTIL_FLAT = "ignore_until_flat"
    JOIN = "join"
    JOIN_IF_BETTER = "join_if_better"


class OnBreach(StrEnum):
    """What a breached loss limit does."""

    STOP = "stop"
    FLATTEN = "flatten"


class Repair(StrEnum):
    """What happens with a drift that was found."""

    ALERT = "alert"
    AUTO = "auto"
