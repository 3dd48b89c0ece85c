"""What wallets do: told by the tape for all, streamed for some, read in rounds, and fetched where it was missed."""

from fadearena.adapters.hyperliquid.wallet_feed.feed import HyperliquidWallets
from fadearena.adapters.hyperliquid.wallet_feed.options import WalletOptions

__all__ = ["HyperliquidWallets", "WalletOptions"]
