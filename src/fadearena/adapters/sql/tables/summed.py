"""
Tables of sums: what is counted and measured while it happens, so that nobody has to go through years for it.

1. `''` stands for any bot, any coin: a trade is counted in a row for each combination by which trades are asked for.
2. A week counts from the epoch: `time // WEEK_MS`.
"""

from typing import Final

from sqlalchemy import Table

from fadearena.adapters.sql.columns import EXACT, NUMBER, TEXT, columns, keys, maybe
from fadearena.adapters.sql.tables.base import metadata
from fadearena.model.units import DAY_MS

ANY: Final = ""
WEEK_MS: Final = 7 * DAY_MS

trade_count = Table(
    "trade_count",
    metadata,
    *keys(TEXT, "bot", "coin", "kind"),
    *keys(NUMBER, "week"),
    *columns(NUMBER, "count"),
    sqlite_with_rowid=False,
)
skip_count = Table(
    "skip_count",
    metadata,
    *keys(TEXT, "bot", "reason"),
    *columns(NUMBER, "count"),
)
equity_extent = Table(
    "equity_extent",
    metadata,
    *keys(TEXT, "series"),
    *columns(EXACT, "first", "last", "peak", "fall"),
    *maybe(EXACT, "fall_ratio"),
)
