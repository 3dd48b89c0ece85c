"""Years of history in a read store: made quickly, and asked for what the API gives out."""

from benchmarks.history.making import BOTS, COINS, FULL, SERIES, History, Shape, make_history

__all__ = ["BOTS", "COINS", "FULL", "SERIES", "History", "Shape", "make_history"]
