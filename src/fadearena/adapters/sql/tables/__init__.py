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
    trade,
)
from fadearena.adapters.sql.tables.owned import (
    access_entry,
    alert_courier,
    alert_outbox,
    answer_kept,
    control,
    control_counter,
    heartbeat,
    inquiry,
    password,
    session,
    sight,
    sighting,
    token,
)
from fadearena.adapters.sql.tables.standing import (
    account,
    bot,
    bot_performance,
    dead_letter,
    drift,
    latch,
    mark,
    projection,
    settings,
    sleeve,
    source_position,
    system_status,
    trading_state,
)
from fadearena.adapters.sql.tables.summed import ANY, WEEK_MS, equity_extent, skip_count, trade_count

__all__ = [
    "ANY",
    "FIRST",
    "KEYS",
    "OF_THE_MOMENT",
    "OWNED",
    "PROJECTED",
    "SINGLE",
    "WEEK_MS",
    "access_entry",
    "account",
    "alert_courier",
    "alert_outbox",
    "answer_kept",
    "bot",
    "bot_performance",
    "bot_trade_event",
    "cash_booked",
    "control",
    "control_counter",
    "dead_letter",
    "drift",
    "equity_extent",
    "equity_snapshot",
    "funding_booked",
    "heartbeat",
    "inquiry",
    "latch",
    "mark",
    "metadata",
    "my_fill",
    "my_trade",
    "my_trade_transition",
    "password",
    "projection",
    "session",
    "settings",
    "settings_change",
    "shadow_fill",
    "sight",
    "sighting",
    "skip_count",
    "sleeve",
    "source_position",
    "strategy_decision",
    "system_event",
    "system_status",
    "token",
    "trade",
    "trade_count",
    "trading_state",
]

OWNED = (
    control,
    control_counter,
    heartbeat,
    sight,
    sighting,
    alert_outbox,
    alert_courier,
    token,
    password,
    session,
    access_entry,
    answer_kept,
    inquiry,
)
OF_THE_MOMENT = (heartbeat, sight, sighting, session, inquiry)
"""What a moment later is another: it does not move with an installation."""
PROJECTED = tuple(table for table in metadata.sorted_tables if table not in OWNED)
KEYS = {table: tuple(column.name for column in table.primary_key) for table in metadata.sorted_tables}
FIRST = {my_trade: ("record_seq", "created"), dead_letter: ("record_seq",)}
"""Columns that stay as they were when the thing was first seen."""
