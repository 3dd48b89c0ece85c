"""The public tape of all perpetuals: what each trade is to the wallets that are watched."""

from fadearena.adapters.hyperliquid.tape_feed.feed import Tape, TapeOptions
from fadearena.adapters.hyperliquid.tape_feed.news import TapeFills, TapeGap, TapeLost, TapeNews, TapeWhole

__all__ = ["Tape", "TapeFills", "TapeGap", "TapeLost", "TapeNews", "TapeOptions", "TapeWhole"]
