"""The versions of the read store's tables."""
