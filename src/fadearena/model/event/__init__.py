"""
Events: everything that the core ever learns.

1. `time` is the fact's own time (the exchange's where it has one); `received` is our clock, stamped once by
   the inbox, never decreasing. Both are part of the event, so that replays see the same.
2. `quotes` are the prices that the event uses, attached by the inbox; `heard` is, in
   events of a wallet, when the feed that would tell of it was last heard: a busy feed of others says nothing of it.
3. A failed read is an event of its own; no field ever says "nothing there" for "could not be read".
"""

from fadearena.model.event.header import Header
from fadearena.model.event.market import Instruments, Marks, QuoteUnreadable
from fadearena.model.event.order import ActionAnswered, OrderAnswered, OrderFound, OrderSent, OrderShadowed
from fadearena.model.event.own import (
    AccountRead,
    AccountUnreadable,
    BudgetRead,
    CashMoved,
    DirectlyFlattened,
    FundingPaid,
    LeverageRead,
    OwnFills,
    SignerRead,
)
from fadearena.model.event.people import (
    AcceptDrift,
    ChangeBots,
    DiscardDeadLetter,
    Kill,
    LeaveMode,
    Operator,
    OperatorAction,
    Pause,
    Reanchor,
    Rejoin,
    Release,
    Resume,
    RetryDeadLetter,
    SetPolicy,
    SkipQuarantined,
)
from fadearena.model.event.process import ClockRead, InputRejected, Notice, Quarantined, Started, Woke
from fadearena.model.event.watched import (
    RepairStage,
    RoleRead,
    SnapshotRound,
    SourceEquity,
    SourceFills,
    SourceRepair,
    SourceSnapshot,
    SourceUnreadable,
)

__all__ = [
    "AcceptDrift",
    "AccountRead",
    "AccountUnreadable",
    "ActionAnswered",
    "BudgetRead",
    "CashMoved",
    "ChangeBots",
    "ClockRead",
    "DirectlyFlattened",
    "DiscardDeadLetter",
    "Event",
    "FundingPaid",
    "Header",
    "InputRejected",
    "Instruments",
    "Kill",
    "LeaveMode",
    "LeverageRead",
    "Marks",
    "Notice",
    "Operator",
    "OperatorAction",
    "OrderAnswered",
    "OrderFound",
    "OrderSent",
    "OrderShadowed",
    "OwnFills",
    "Pause",
    "Quarantined",
    "QuoteUnreadable",
    "Reanchor",
    "Rejoin",
    "Release",
    "RepairStage",
    "Resume",
    "RetryDeadLetter",
    "RoleRead",
    "SetPolicy",
    "SignerRead",
    "SkipQuarantined",
    "SnapshotRound",
    "SourceEquity",
    "SourceFills",
    "SourceRepair",
    "SourceSnapshot",
    "SourceUnreadable",
    "Started",
    "Woke",
]

Event = (
    SourceFills
    | SourceSnapshot
    | SourceEquity
    | SourceUnreadable
    | SourceRepair
    | RoleRead
    | SnapshotRound
    | Marks
    | QuoteUnreadable
    | Instruments
    | OrderSent
    | OrderAnswered
    | OrderFound
    | ActionAnswered
    | OwnFills
    | AccountRead
    | AccountUnreadable
    | LeverageRead
    | FundingPaid
    | CashMoved
    | BudgetRead
    | SignerRead
    | OrderShadowed
    | DirectlyFlattened
    | Started
    | Woke
    | ClockRead
    | InputRejected
    | Quarantined
    | Notice
    | Operator
)
