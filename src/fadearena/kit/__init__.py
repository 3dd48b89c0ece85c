"""Generic helpers that know no trading word. This package imports nothing of its own."""
