"""
Stepping what was journaled, perhaps under other rules: the recorded commands win.

1. What was recorded may have left: it is taken in as if it had been decided now. What is decided only now did not
   leave, and never will.
2. After a difference the state knows every order that may be out, but no more than that: a `Started` has to come next,
   which settles them and has everything read before anything is decided.
"""

from collections import Counter
from collections.abc import Sequence
from decimal import localcontext

import msgspec

from fadearena.core.engine import step, stop_orders
from fadearena.core.engine.outcome import end
from fadearena.core.engine.placing import note_label, remember
from fadearena.core.engine.sources import meet
from fadearena.core.engine.turn import Turn
from fadearena.core.engine.valuation import mark_of
from fadearena.core.engine.wakes import HANDLERS
from fadearena.core.lifecycle import News, Order, after
from fadearena.core.state import State
from fadearena.core.stop_order import StopStatus
from fadearena.kit.decimals import CONTEXT
from fadearena.model.command import (
    BurnNonce,
    CancelOrder,
    Command,
    PlaceOrder,
    PlaceStop,
    RepairSource,
    ScheduleCancel,
    SetLeverage,
    WakeAt,
)
from fadearena.model.error import InvariantBroken
from fadearena.model.event import Event, Operator, Woke
from fadearena.model.ids import Address
from fadearena.model.order import Purpose
from fadearena.model.record import Record
from fadearena.model.units import ZERO

_ENCODER = msgspec.json.Encoder(order="sorted", decimal_format="string")
_TOLD_MAX = 400


def replay(
    state: State, event: Event, recorded: Sequence[Command], records: Sequence[Record] | None = None
) -> list[str]:
    """
    Step an event of the journal, and make the state as if what was recorded had been decided.

    Args:
        state: Changed in place; on an exception it must be dropped.
        event: What happened.
        recorded: The commands that were recorded with it.
        records: The records that were; None where they are not compared.

    Returns:
        A sentence for each difference; none where every byte is the same.

    Raises:
        InvalidInput: As `step` does.
        InvariantBroken: As `step` does, and where a recorded order cannot be taken in.
    """
    turned = step(state, event)
    told = [] if records is None else _compared(turned.records, records)
    computed_texts, recorded_texts = list(map(_text, turned.commands)), list(map(_text, recorded))
    if computed_texts == recorded_texts:
        return told
    unsent = _beyond(turned.commands, computed_texts, Counter(recorded_texts))
    unknown = _beyond(recorded, recorded_texts, Counter(computed_texts))
    with localcontext(CONTEXT):
        turn = Turn(state, event)
        for command in unsent:
            _take_back(turn, command)
        for command in unknown:
            _take_in(turn, command)
    told += [f"decided now, but not recorded: {_text(command)[:_TOLD_MAX]}" for command in unsent]
    told += [f"recorded, but not decided now: {_text(command)[:_TOLD_MAX]}" for command in unknown]
    return told if unsent or unknown else [*told, "the same commands, in another order"]


def adopt(state: State, event: Event, recorded: Sequence[Command]) -> None:
    """
    Go past an entry that an operator had left out: its event is not stepped, its commands stand.

    Raises:
        InvariantBroken: A recorded order cannot be taken in.
    """
    with localcontext(CONTEXT):
        state.seq, state.now = state.seq + 1, max(state.now, event.received)
        match event:
            case Woke():
                state.wakes.pop(event.key, None)
            case Operator():
                state.control_id = max(state.control_id, event.control_id)
            case _:
                pass
        turn = Turn(state, event)
        for command in recorded:
            _take_in(turn, command)


def _text(value: Command | Record) -> str:
    return _ENCODER.encode(value).decode()


def _beyond(commands: Sequence[Command], texts: Sequence[str], others: Counter[str]) -> list[Command]:
    """Return the commands that stand more often among these than among others."""
    found = list[Command]()
    for command, text in zip(commands, texts, strict=True):
        if others[text]:
            others[text] -= 1
        else:
            found.append(command)
    return found


def _compared(computed: Sequence[Record], recorded: Sequence[Record]) -> list[str]:
    """Name the first record that differs."""
    now, then = list(map(_text, computed)), list(map(_text, recorded))
    if now == then:
        return []
    first = next(
        (n for n, pair in enumerate(zip(now, then, strict=False)) if pair[0] != pair[1]), min(len(now), len(then))
    )
    said = [texts[first][:_TOLD_MAX] if first < len(texts) else "nothing" for texts in (now, then)]
    return [f"record {first + 1} is now {said[0]}, was {said[1]}"]


# --- what was decided, but never recorded


def _take_back(turn: Turn, command: Command) -> None:
    """
    Undo what a command that never left stands for in the state.

    A wake stays: one too many does nothing, without one a book might sleep. So do reads that were noted: they are
    asked for again when no answer comes. Missed fills that nobody asked for are not waited for.
    """
    match command:
        case PlaceOrder():
            _take_back_order(turn, command)
        case SetLeverage():
            turn.state.books[command.account, command.coin].leverage.requested = 0
        case PlaceStop():
            stop = turn.state.books[command.account, command.coin].stops[-1]
            stop.status = StopStatus.REFUSED
        case RepairSource():
            memory = turn.state.bots[turn.state.wallets[command.wallet]]
            memory.stop_fetching()
        case _:
            pass


def _take_back_order(turn: Turn, command: PlaceOrder) -> None:
    """End an order that never left, and the growth that it was for."""
    order = turn.state.orders[command.identity.cloid]
    end(turn, order, News.DROPPED, "it was never recorded, so it never left")
    if order.is_increase and order.terms.bot is not None:
        sleeve = turn.state.sleeves[order.terms.bot, order.terms.coin]
        sleeve.growth, sleeve.said = None, ""


# --- what was recorded


def _take_in(turn: Turn, command: Command) -> None:
    """Note what a command that may have left stands for in the state."""
    state = turn.state
    match command:
        case PlaceOrder():
            _take_in_order(turn, command)
        case SetLeverage():
            _take_in_leverage(turn, command)
        case PlaceStop():
            _take_in_stop(turn, command)
        case CancelOrder() | ScheduleCancel():
            _respect(state, command.signer, command.nonce)
        case BurnNonce():
            _take_in_noop(state, command)
        case WakeAt() if command.key.partition(":")[0] in HANDLERS:
            state.wakes[command.key] = command.at_ms
        case _:
            pass


def _take_in_leverage(turn: Turn, command: SetLeverage) -> None:
    """Note a leverage as asked for now, if its account still exists."""
    _respect(turn.state, command.signer, command.nonce)
    if command.account in turn.state.accounts:
        leverage = turn.book(command.account, command.coin).leverage
        leverage.wanted, leverage.wanted_cross = command.leverage, command.is_cross
        leverage.requested = turn.now


def _take_in_stop(turn: Turn, command: PlaceStop) -> None:
    """Remember a stop as sent now, if its account still exists: readings tell what became of it."""
    note_label(turn.state, command.label)
    _respect(turn.state, command.signer, command.nonce)
    policy = turn.state.account_policies.get(command.account)
    if policy is not None:
        memory = turn.book(command.account, command.coin)
        stop_orders.remember(turn, memory, command, policy.stop_distance or ZERO)


def _take_in_noop(state: State, command: BurnNonce) -> None:
    """Nobody knows what became of an order whose nonce was burnt."""
    order = state.orders.get(command.cloid)
    if order is not None and not order.status.is_settled:
        order.status, order.is_burnt = after(order.status, News.NO_ANSWER), True


def _take_in_order(turn: Turn, command: PlaceOrder) -> None:
    """Remember an order as released now."""
    state, terms, identity = turn.state, command.terms, command.identity
    known = state.orders.get(identity.cloid)
    policy = state.bot_policies.get(terms.bot or "")
    is_owned = terms.bot is None or policy is not None
    if terms.account not in state.account_policies or not is_owned or (known and not known.status.is_settled):
        raise InvariantBroken(
            f"the recorded order {identity.label} has no place: no such account or bot, or it is known"
        )
    if known is not None:
        state.retired.remove(identity.cloid)
    if policy is not None and (policy.id, terms.coin) not in state.follows:
        meet(turn, policy, state.bots[policy.id], terms.coin)
    note_label(state, identity.label)
    _respect(state, identity.signer, identity.nonce)
    price = max(terms.limit, mark_of(state, terms.coin) or ZERO)
    remember(turn, Order(terms=terms, identity=identity, created=turn.now, reserve_price=price))
    if policy is not None and terms.purpose is Purpose.INCREASE:
        sleeve = state.sleeves[policy.id, terms.coin]
        if sleeve.growth is not None:
            sleeve.growth.attempts += 1
        if sleeve.anchor is not None:
            sleeve.anchor.is_used = True


def _respect(state: State, signer: Address, nonce: int) -> None:
    """Never use a nonce again."""
    state.nonces[signer] = max(nonce, state.nonces.get(signer, 0))
