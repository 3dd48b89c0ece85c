"""Everything that knows how Hyperliquid speaks."""
