"""FadeArena follows trading bots by their public wallets and fades or copies what they do."""

__version__ = "0.1.0"
