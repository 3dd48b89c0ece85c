"""Records: everything that is shown. They are written with the event that caused them, and never computed again."""

from fadearena.model.record.decision import Check, Decision, Effect, Outcome
from fadearena.model.record.money import (
    BotPerformance,
    CashBooked,
    EquityPoint,
    FillKind,
    FundingBooked,
    MyFill,
    PartKind,
    SleeveUpdate,
)
from fadearena.model.record.notice import (
    Alert,
    BotsChange,
    ControlAnswer,
    DeadLetter,
    Drift,
    SettingsChange,
    TradingStateChange,
)
from fadearena.model.record.order import OrderUpdate, ShadowFill, StopUpdate
from fadearena.model.record.watched import BotTrade, FollowUpdate, Gap, PositionChange

__all__ = [
    "Alert",
    "BotPerformance",
    "BotTrade",
    "BotsChange",
    "CashBooked",
    "Check",
    "ControlAnswer",
    "DeadLetter",
    "Decision",
    "Drift",
    "Effect",
    "EquityPoint",
    "FillKind",
    "FollowUpdate",
    "FundingBooked",
    "Gap",
    "MyFill",
    "OrderUpdate",
    "Outcome",
    "PartKind",
    "PositionChange",
    "Record",
    "SettingsChange",
    "ShadowFill",
    "SleeveUpdate",
    "StopUpdate",
    "TradingStateChange",
]

Record = (
    BotTrade
    | PositionChange
    | Gap
    | FollowUpdate
    | Decision
    | OrderUpdate
    | MyFill
    | SleeveUpdate
    | FundingBooked
    | CashBooked
    | EquityPoint
    | BotPerformance
    | TradingStateChange
    | SettingsChange
    | BotsChange
    | Drift
    | Alert
    | DeadLetter
    | ShadowFill
    | StopUpdate
    | ControlAnswer
)
