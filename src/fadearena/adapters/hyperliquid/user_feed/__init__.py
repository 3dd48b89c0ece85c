"""What watched wallets do: streamed for some, polled for all, fetched again after a lost connection."""

from fadearena.adapters.hyperliquid.user_feed.feed import HyperliquidWallets
from fadearena.adapters.hyperliquid.user_feed.watched import WalletOptions

__all__ = ["HyperliquidWallets", "WalletOptions"]
