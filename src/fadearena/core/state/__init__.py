"""
What is remembered between two events. One owner (`engine.step`), changed in place.

1. Everything here can be written and read back without loss: `encode` and `decode` are canonical, so that equal
   states have equal bytes. The order of a table's keys is no part of it: nothing may depend on that order.
2. `Parts` writes the same in pieces, as they were at one moment, while the core goes on; `assemble` puts a state
   together from them.
3. What a table holds is changed only after it was taken out of its table, by its key.
"""

from fadearena.core.state.account import FILL_KEYS_MAX, AccountMemory, DeadMan, Seen
from fadearena.core.state.codec import decode, encode
from fadearena.core.state.forms import assemble
from fadearena.core.state.memory import (
    LABELS_MAX,
    LETTERS_MAX,
    QUARANTINED_MAX,
    RETIRED_ORDERS_MAX,
    SPOT_KEYS_MAX,
    STOPS_MAX,
    BookMemory,
    BotMemory,
    Day,
    DexView,
    Growth,
    Letter,
    Leverage,
    Sleeve,
    State,
)
from fadearena.core.state.parts import Cut, Parts

__all__ = [
    "FILL_KEYS_MAX",
    "LABELS_MAX",
    "LETTERS_MAX",
    "QUARANTINED_MAX",
    "RETIRED_ORDERS_MAX",
    "SPOT_KEYS_MAX",
    "STOPS_MAX",
    "AccountMemory",
    "BookMemory",
    "BotMemory",
    "Cut",
    "Day",
    "DeadMan",
    "DexView",
    "Growth",
    "Letter",
    "Leverage",
    "Parts",
    "Seen",
    "Sleeve",
    "State",
    "assemble",
    "decode",
    "encode",
]
