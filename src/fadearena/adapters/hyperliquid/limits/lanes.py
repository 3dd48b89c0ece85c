"""What requests are for, and how much of the minute each kind may fill."""

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType
from typing import Final


class Lane(IntEnum):
    """What a request is for; lower goes first."""

    CANCEL = 0
    ORDER = 1
    OWN = 2
    REPAIR = 3
    SNAPSHOT = 4
    REST = 5


SHARES: Final[Mapping[Lane, int]] = MappingProxyType(
    {Lane.CANCEL: 100, Lane.ORDER: 98, Lane.OWN: 96, Lane.REPAIR: 75, Lane.SNAPSHOT: 70, Lane.REST: 50}
)
"""
Up to how many percent of the minute a lane may fill.

A fifth of it is kept for our own accounts: what is not known of them keeps orders unsettled and positions open.
Roles and lists are heavy and all due at a start: they leave the half of the minute to those without which nothing can
be followed.
"""
KEPT: Final = 20
"""
So many percent of the minute are kept for snapshots, whatever there is to repair.

Where feeds fail again and again repairs would fill every minute, and nobody would see what wallets hold meanwhile.
"""
