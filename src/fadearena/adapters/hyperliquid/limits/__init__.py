"""
What the exchange allows us, and who goes first where it is scarce.

1. Per IP address: weight per minute, shared by all that is asked and ordered over HTTP; a lower lane goes first, and
   each lane may fill the minute only up to its share. What is above is kept for the lanes before it, so that no order
   ever waits behind snapshots. A fifth is kept for snapshots, which repairs would take up. Inside a lane: first come,
   first served.
2. A 429 pauses its lane and those after it, never the lanes before it; exits and cancels only for less than an order
   lives, so that they wait for their turn and do not expire.
3. Per IP address: connections and messages of sockets per minute, and `Rooms` for connections, subscriptions, users.
4. Per address: signed requests since its first day, against what it traded.
"""

from fadearena.adapters.hyperliquid.limits.address import AddressBudget
from fadearena.adapters.hyperliquid.limits.budget import RateBudget
from fadearena.adapters.hyperliquid.limits.lanes import KEPT, SHARES, Lane
from fadearena.adapters.hyperliquid.limits.rooms import Purpose, Rooms, TapeRoom
from fadearena.adapters.hyperliquid.limits.weights import weight_of, weight_of_action, weight_of_rows
from fadearena.adapters.hyperliquid.limits.window import SocketLimits, Window

__all__ = [
    "KEPT",
    "SHARES",
    "AddressBudget",
    "Lane",
    "Purpose",
    "RateBudget",
    "Rooms",
    "SocketLimits",
    "TapeRoom",
    "Window",
    "weight_of",
    "weight_of_action",
    "weight_of_rows",
]
