"""
The door to what happened: lists that grow for years, read a page at a time, and curves.

1. A page that is asked for by a cursor holds what comes before (or after) a record's number, so that new records
   neither repeat nor hide anything. Trades are asked for by the number of the page, with their true count.
2. Everything follows from the journal: a rebuild makes it anew. What is not known is None.
"""

from fadearena.ports.archive.door import Archive
from fadearena.ports.archive.queries import (
    PAGE_MAX,
    STEPS_MAX,
    CurveQuery,
    Cut,
    DecisionQuery,
    EventQuery,
    FillQuery,
    OrderQuery,
    TradeKind,
    TradeQuery,
    check_page,
)
from fadearena.ports.archive.told import (
    BotLedger,
    Curve,
    DriftView,
    LoggedCash,
    LoggedDecision,
    LoggedEvent,
    LoggedFill,
    LoggedFunding,
    LoggedOrder,
    LoosePart,
    Mark,
    OrderStory,
    SettingsStep,
    Trade,
    TradePage,
    Transition,
)

__all__ = [
    "PAGE_MAX",
    "STEPS_MAX",
    "Archive",
    "BotLedger",
    "Curve",
    "CurveQuery",
    "Cut",
    "DecisionQuery",
    "DriftView",
    "EventQuery",
    "FillQuery",
    "LoggedCash",
    "LoggedDecision",
    "LoggedEvent",
    "LoggedFill",
    "LoggedFunding",
    "LoggedOrder",
    "LoosePart",
    "Mark",
    "OrderQuery",
    "OrderStory",
    "SettingsStep",
    "Trade",
    "TradeKind",
    "TradePage",
    "TradeQuery",
    "Transition",
    "check_page",
]
