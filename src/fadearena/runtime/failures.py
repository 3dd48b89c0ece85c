"""
What an obstacle at a door means to the core: the event that says so.

1. A signed action whose outcome is not known is `NoAnswer` or unknown, never a refusal.
2. A read that failed is an event of its own; what was known stays known.
"""

from typing import TypeAlias

from fadearena.model.command import (
    BurnNonce,
    CancelOrder,
    Command,
    PlaceOrder,
    PlaceStop,
    QueryOrder,
    ReadAccount,
    ReadBook,
    ReadLeverage,
    ReadOwnFills,
    ReadRole,
    ReadSource,
    ReadSourceEquity,
    RepairSource,
    ScheduleCancel,
    SetLeverage,
    WakeAt,
)
from fadearena.model.error import VenueError, VenueUnavailable
from fadearena.model.event import (
    AccountUnreadable,
    ActionAnswered,
    Event,
    Notice,
    OrderAnswered,
    QuoteUnreadable,
    RepairStage,
    SourceRepair,
    SourceUnreadable,
)
from fadearena.model.order import ActionKind, ActionOutcome, Dropped, NoAnswer
from fadearena.model.units import EpochMs

Action: TypeAlias = CancelOrder | BurnNonce | SetLeverage | PlaceStop | ScheduleCancel
"""Signed commands that are no orders."""


def failed(command: Command, error: VenueError, now: EpochMs) -> Event:
    """Return what the core is told when a command met an obstacle."""
    why = str(error)
    match command:
        case PlaceOrder(identity=identity):
            never_left = isinstance(error, VenueUnavailable)
            answer = Dropped(reason=why) if never_left else NoAnswer(reason=why)
            return OrderAnswered(time=now, received=now, cloid=identity.cloid, answer=answer)
        case BurnNonce() | CancelOrder() | SetLeverage() | PlaceStop() | ScheduleCancel():
            return _unknown(command, why, now)
        case QueryOrder() | WakeAt():
            return Notice(time=now, received=now, level="warning", category="read_failed", text=why)
        case ReadAccount(account=account) | ReadOwnFills(account=account) | ReadLeverage(account=account):
            return AccountUnreadable(time=now, received=now, account=account, reason=why)
        case ReadBook(coin=coin):
            return QuoteUnreadable(time=now, received=now, coin=coin, reason=why)
        case ReadSource(wallet=wallet, dex=dex):
            return SourceUnreadable(time=now, received=now, wallet=wallet, reason=why, dex=dex)
        case RepairSource(wallet=wallet):
            return SourceRepair(time=now, received=now, wallet=wallet, stage=RepairStage.FAILED, is_answer=True)
        case ReadRole(wallet=wallet) | ReadSourceEquity(wallet=wallet):
            return SourceUnreadable(time=now, received=now, wallet=wallet, reason=why)


def named(command: Action) -> tuple[ActionKind, str]:
    """Return what kind of action it is, and on what, as answers name it."""
    match command:
        case BurnNonce(cloid=cloid):
            return ActionKind.NOOP, cloid
        case CancelOrder():
            return ActionKind.CANCEL, command.subject
        case SetLeverage(coin=coin):
            return ActionKind.LEVERAGE, coin
        case PlaceStop(cloid=cloid):
            return ActionKind.STOP, cloid
        case ScheduleCancel(account=account):
            return ActionKind.SCHEDULE, account


def _unknown(command: Action, why: str, now: EpochMs) -> Event:
    kind, subject = named(command)
    return ActionAnswered(
        time=now,
        received=now,
        account=command.account,
        kind=kind,
        subject=subject,
        outcome=ActionOutcome.UNKNOWN,
        text=why,
    )
