"""
step(state, event) -> commands, records: where the stages meet.

Deterministic: the same state and events give the same result, byte for byte. It raises on what must not be
(`InvariantBroken`, `InvalidInput`); whoever calls it then drops the state, keeps the event aside and stops.
"""

from collections.abc import Callable
from decimal import localcontext
from typing import Any

from fadearena.core.engine import (
    accounts,
    activity,
    dead_man,
    fills,
    flatten,
    limits,
    operators,
    orders,
    performance,
    signers,
    stop_orders,
    system,
    wakes,
)
from fadearena.core.engine.decide import decide_book
from fadearena.core.engine.turn import Turn, Turned
from fadearena.core.engine.valuation import take_quotes
from fadearena.core.state import State
from fadearena.kit.decimals import CONTEXT
from fadearena.model.error import InvalidInput, InvariantBroken
from fadearena.model.event import (
    AccountRead,
    AccountUnreadable,
    ActionAnswered,
    BudgetRead,
    CashMoved,
    ClockRead,
    DirectlyFlattened,
    Event,
    FundingPaid,
    InputRejected,
    Instruments,
    LeverageRead,
    Marks,
    Notice,
    Operator,
    OrderAnswered,
    OrderFound,
    OrderSent,
    OrderShadowed,
    OwnFills,
    Quarantined,
    QuoteUnreadable,
    RoleRead,
    SignerRead,
    SnapshotRound,
    SourceEquity,
    SourceFills,
    SourceRepair,
    SourceSnapshot,
    SourceUnreadable,
    Started,
    Woke,
)
from fadearena.model.order import ActionKind

__all__ = ["RULES_VERSION", "Turned", "step"]

RULES_VERSION = 5
"""Raised by hand when the same events would bring other commands or records; of each version a journal is kept."""
_ROUNDS_MAX = 100


def step(state: State, event: Event) -> Turned:
    """
    Take one event.

    Args:
        state: Changed in place; on an exception it must be dropped.
        event: Stamped by the inbox; `received` never decreases.

    Returns:
        What is to be done and what is to be shown, to be made durable before anything leaves.

    Raises:
        InvalidInput: the event is stamped earlier than one before it.
        InvariantBroken: the rules or the books contradict themselves.
    """
    if event.received < state.now:
        raise InvalidInput(f"an event was received at {event.received}, before {state.now}")
    with localcontext(CONTEXT):
        state.seq, state.now = state.seq + 1, event.received
        turn = Turn(state, event)
        limits.turn_day(turn)
        take_quotes(turn)
        _HANDLERS[type(event)](turn, event)
        _finish(turn)
    return Turned(commands=turn.commands, records=turn.records)


def _nothing_more(turn: Turn, event: Marks) -> None:
    """Prices were taken over already, as from every event."""


def _on_action(turn: Turn, event: ActionAnswered) -> None:
    for handler in _ACTIONS[event.kind]:
        handler(turn, event)


_ACTIONS: dict[ActionKind, tuple[Callable[[Turn, ActionAnswered], None], ...]] = {
    ActionKind.NOOP: (orders.on_action,),
    ActionKind.CANCEL: (orders.on_action, stop_orders.on_answer),
    ActionKind.LEVERAGE: (accounts.on_leverage_answer,),
    ActionKind.STOP: (stop_orders.on_answer,),
    ActionKind.SCHEDULE: (dead_man.on_answer,),
}


# A table, since a match over 30 types costs more than many of their handlers; a test compares it with `Event`.
_HANDLERS: dict[type, Callable[[Turn, Any], None]] = {
    Marks: _nothing_more,
    SourceFills: activity.on_fills,
    SourceSnapshot: activity.on_snapshot,
    SourceEquity: activity.on_equity,
    SourceUnreadable: activity.on_unreadable,
    SourceRepair: activity.on_repair,
    RoleRead: activity.on_role,
    SnapshotRound: activity.on_round,
    OrderSent: orders.on_sent,
    OrderAnswered: orders.on_answered,
    OrderFound: orders.on_found,
    ActionAnswered: _on_action,
    OrderShadowed: orders.on_shadowed,
    OwnFills: fills.on_own_fills,
    AccountRead: accounts.on_read,
    AccountUnreadable: accounts.on_unreadable,
    LeverageRead: accounts.on_leverage,
    FundingPaid: accounts.on_funding,
    CashMoved: accounts.on_cash,
    BudgetRead: accounts.on_budget,
    SignerRead: signers.on_signer,
    DirectlyFlattened: accounts.on_direct_flatten,
    Woke: wakes.on_woke,
    Instruments: system.on_instruments,
    QuoteUnreadable: system.on_quote_unreadable,
    Started: system.on_started,
    ClockRead: system.on_clock,
    InputRejected: system.on_rejected,
    Quarantined: system.on_quarantined,
    Notice: system.on_notice,
    Operator: operators.on_operator,
}


def _finish(turn: Turn) -> None:
    """Look at limits, then at every book that changed, until nothing changes any more."""
    state = turn.state
    if state.settling:
        system.try_to_begin(turn)
    limits.watch(turn)
    limits.watch_books(turn)
    decide_all(turn, _ROUNDS_MAX)
    flatten.finish_bots(turn)
    stop_orders.watch(turn)
    performance.points_of_traded(turn)


def decide_all(turn: Turn, rounds: int) -> None:
    """
    Look at every book that changed, until nothing changes any more.

    Raises:
        InvariantBroken: something still changes after so many rounds.
    """
    while turn.dirty:
        if not rounds:
            raise InvariantBroken(f"books keep changing: {sorted(turn.dirty)}")
        rounds -= 1
        keys, turn.dirty = sorted(turn.dirty), set()
        for key in keys:
            if key in turn.state.books:
                decide_book(turn, key)
