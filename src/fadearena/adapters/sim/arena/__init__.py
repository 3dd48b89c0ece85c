"""
The synthetic arena: made-up coins, made-up traders, and the feed that one would have of them.

1. Everything follows from the seed. Two arenas with one seed tell the same story, fill by fill.
2. It is a wallet feed that also brings prices, as `Marks` once a second; fills carry no quotes of their own,
   as on the real feeds: whoever takes them in attaches what it knows.
3. What is read about a wallet at a moment is the truth of that moment (see `history`).
"""

from fadearena.adapters.sim.arena.arena import START_MS, Arena
from fadearena.adapters.sim.arena.traders import TEMPERAMENTS, wallet_of

__all__ = ["START_MS", "TEMPERAMENTS", "Arena", "wallet_of"]
