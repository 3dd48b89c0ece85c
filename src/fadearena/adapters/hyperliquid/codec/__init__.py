"""
Wire to model: what Hyperliquid says, in our words.

1. What cannot be read is a `VenueProtocolError` that names the field.
2. A fill's key is the same on every feed: (time, coin, tid, side of this wallet).
3. Numbers come in normal form.
"""

from fadearena.adapters.hyperliquid.codec.account import (
    account_mode,
    actions_left,
    dex_state,
    leverage_read,
    leverages,
    source_snapshot,
    spot_equity,
    wallet_role,
)
from fadearena.adapters.hyperliquid.codec.cash import cash_moved, funding_paid
from fadearena.adapters.hyperliquid.codec.fills import own_fill, source_fill, tape_fill, tape_key
from fadearena.adapters.hyperliquid.codec.market import (
    context_mid,
    context_quote,
    funding_rate,
    instruments,
    order_book,
    touch,
)
from fadearena.adapters.hyperliquid.codec.orders import (
    Lookup,
    Outcome,
    action_outcome,
    looked_up,
    open_orders,
    order_answers,
    stop_outcome,
    updated,
)

__all__ = [
    "Lookup",
    "Outcome",
    "account_mode",
    "action_outcome",
    "actions_left",
    "cash_moved",
    "context_mid",
    "context_quote",
    "dex_state",
    "funding_paid",
    "funding_rate",
    "instruments",
    "leverage_read",
    "leverages",
    "looked_up",
    "open_orders",
    "order_answers",
    "order_book",
    "own_fill",
    "source_fill",
    "source_snapshot",
    "spot_equity",
    "stop_outcome",
    "tape_fill",
    "tape_key",
    "touch",
    "updated",
    "wallet_role",
]
