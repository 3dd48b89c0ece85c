"""The bounds of histograms, in seconds."""

from typing import Final

SECONDS: Final = (0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.015, 0.03, 0.05, 0.1, 0.25, 1.0, 5.0)
"""What a machine does by itself, and what an exchange answers."""
LATE_SECONDS: Final = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0, 300.0)
"""From when something happened elsewhere until we heard of it."""
