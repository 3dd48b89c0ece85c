"""
The exchange's rules as a state machine: calls in, news out; no sockets, no JSON, no signatures.

1. `exchange` is the whole: it takes actions, and `life` lets time pass. `view` answers questions and changes nothing.
2. `desk` matches orders, `trading` books both sides of a trade, `upkeep` does what time brings; `people` may act and
   `funds` are what they own. `state` is all that is remembered; `rules` and `money` are arithmetic.
3. Nothing is drawn by chance here: the same clock, seed and calls lead to the same state.
"""

from fadearena.sandbox.exchange.exchange import Exchange
from fadearena.sandbox.exchange.shown import Truth
from fadearena.sandbox.exchange.view import View

__all__ = ["Exchange", "Truth", "View"]
