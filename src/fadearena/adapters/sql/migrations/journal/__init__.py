"""The versions of the journal's tables."""
