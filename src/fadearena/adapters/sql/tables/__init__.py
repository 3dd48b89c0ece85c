"""
The tables of the read store, as they are at the newest revision of its migrations.

1. Decimals are exact: NUMERIC on PostgreSQL, the shortest plain text on SQLite. Times are milliseconds.
2. What happened has a row for each record, under the record's number. How things stand has a row for each thing.
3. `PROJECTED` follows from the journal and can be made anew at any time; `OWNED` is kept nowhere else.
"""

from fadearena.adapters.sql.tables.base import SINGLE, metadata
from fadearena.adapters.sql.tables.happened import (
    bot_trade_event,
    cash_booked,
    equity_snapshot,
    funding_booked,
    my_fill,
    my_trade,
    my_trade_transition,
    settings_change,
    shadow_fill,
    strategy_decision,
    system_event,
)
from fadearena.adapters.sql.tables.owned import (
    alert_courier,
    alert_outbox,
    control,
    control_counter,
    heartbeat,
    sight,
    sighting,
)
from fadearena.adapters.sql.tables.standing import (
    account,
    bot,
    bot_performance,
    dead_letter,
    drift,
    latch,
    projection,
    settings,
    sleeve,
    source_position,
    system_status,
    trading_state,
)

__all__ = [
    "FIRST",
    "KEYS",
    "OWNED",
    "PROJECTED",
    "SINGLE",
    "account",
    "alert_courier",
    "alert_outbox",
    "bot",
    "bot_performance",
    "bot_trade_event",
    "cash_booked",
    "control",
    "control_counter",
    "dead_letter",
    "drift",
    "equity_snapshot",
    "funding_booked",
    "heartbeat",
    "latch",
    "metadata",
    "my_fill",
    "my_trade",
    "my_trade_transition",
    "projection",
    "settings",
    "settings_change",
    "shadow_fill",
    "sight",
    "sighting",
    "sleeve",
    "source_position",
    "strategy_decision",
    "system_event",
    "system_status",
    "trading_state",
]

OWNED = (control, control_counter, heartbeat, sight, sighting, alert_outbox, alert_courier)
PROJECTED = tuple(table for table in metadata.sorted_tables if table not in OWNED)
KEYS = {table: tuple(column.name for column in table.primary_key) for table in metadata.sorted_tables}
FIRST = {my_trade: ("record_seq", "created"), dead_letter: ("record_seq",)}
"""Columns that stay as they were when the thing was first seen."""
