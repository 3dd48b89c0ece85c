"""
Stops that rest on the exchange behind our positions, for the hour in which this machine is dead.

1. Where an account's settings ask for it, each of its books has one, of the whole position.
2. A new one comes first, then the old one goes; at most one a minute is sent in a book, or one in 5 s where the last
   one does not cover its position.
3. The exchange's readings decide: about an answer that got lost, and about one that vanished, once it was missed twice.
4. A kill leaves them where they are: they only reduce. A flatten cancels them with everything else that rests.
"""

from fadearena.core import risk, stop_order
from fadearena.core.engine.placing import cancel_resting, next_identity, spend_action
from fadearena.core.engine.turn import Turn
from fadearena.core.engine.valuation import mark_of
from fadearena.core.reconcile import QUIET_MS
from fadearena.core.risk import StopTerms
from fadearena.core.state import STOPS_MAX, AccountMemory, BookMemory
from fadearena.core.stop_order import StopOrder, StopStatus
from fadearena.model.command import PlaceStop, ReadAccount, ReadOwnFills
from fadearena.model.event import AccountRead, ActionAnswered
from fadearena.model.ids import AccountId, BookKey
from fadearena.model.order import ActionKind, ActionOutcome, OwnFill
from fadearena.model.record import MyFill, StopUpdate
from fadearena.model.trading import TradingState
from fadearena.model.units import ZERO, EpochMs, Price, Ratio, Size, side_of


def watch(turn: Turn) -> None:
    """Look at the stops of books whose price or position changed, and of those that something was told of."""
    state = turn.state
    if not state.guarded and not turn.guarded:
        return
    keys = {(account, quote.coin) for account in state.guarded for quote in turn.event.quotes}
    keys.update((moved.account, moved.coin) for moved in turn.records if isinstance(moved, MyFill))
    for key in sorted(keys | turn.guarded):
        memory = state.books.get(key)
        if memory is not None:
            _look(turn, key, memory)


def alive(memory: BookMemory) -> list[StopOrder]:
    """Return the stops of a book that rest, or may, the oldest first."""
    return [stop for stop in memory.stops if stop.status.is_alive]


def may_arrive(memory: BookMemory, time: EpochMs) -> bool:
    """Tell whether a reading of that time does not yet show for certain whether each stop of a book rests."""
    return any(stop.status is StopStatus.PENDING and time <= stop.shown_from for stop in memory.stops)


def stop_of(memory: BookMemory, fill: OwnFill) -> StopOrder | None:
    """Return the stop that an execution belongs to, None where it is none of ours."""
    for stop in memory.stops:
        if fill.cloid == stop.cloid or (fill.cloid is None and fill.order_id == stop.order_id is not None):
            return stop
    return None


# --- news


def on_answer(turn: Turn, event: ActionAnswered) -> None:
    """Take the answer to a stop, or to the cancel of one."""
    found = _find(turn, event.account, event.subject)
    if found is None or not found[1].status.is_alive:
        return
    (account, coin), stop = found
    turn.guarded.add((account, coin))
    is_done = event.outcome is ActionOutcome.ACCEPTED
    if event.kind is ActionKind.CANCEL:
        if is_done:
            _end(turn, found, StopStatus.CANCELLED)
        else:
            turn.commands.append(ReadAccount(account=account))
    elif is_done:
        stop.shown_from = turn.now + QUIET_MS
        _rests(turn, found)
    elif event.outcome in {ActionOutcome.REFUSED, ActionOutcome.DROPPED}:
        _end(turn, found, StopStatus.REFUSED, event.text)
        if event.outcome is ActionOutcome.REFUSED:
            text = f"the stop behind the position was refused: {event.text}; it is tried again every minute"
            turn.alert_once("critical", "stop", f"{account} {coin}", text)
    else:
        turn.wake(f"reconcile:{account}", stop.shown_from + 1)


def on_read(turn: Turn, event: AccountRead, account: AccountMemory) -> None:
    """Compare our stops with the orders that rest by a complete reading."""
    shown = {order.cloid: order for order in event.orders if order.cloid is not None}
    for coin in account.coins:
        key = (event.account, coin)
        memory = turn.state.books[key]
        for stop in alive(memory):
            order = shown.get(stop.cloid)
            if order is not None:
                stop.order_id, stop.missed, stop.is_leaving = order.order_id, 0, False
                _rests(turn, (key, stop))
            elif event.time > stop.shown_from:
                _miss(turn, (key, stop), event)
        if memory.stops or event.account in turn.state.guarded:
            turn.guarded.add(key)


def on_fill(turn: Turn, key: BookKey, stop: StopOrder, fill: OwnFill) -> None:
    """Note that a stop was triggered; what its book lost is not opened again by itself."""
    if stop.status is not StopStatus.FILLED:
        _end(turn, (key, stop), StopStatus.FILLED)
        text = f"the stop at {stop.trigger} was triggered: {fill.side} {fill.quantity} @ {fill.price}"
        turn.alert("critical", "stop", f"{key[0]} {key[1]}", text)


def on_wake(turn: Turn, book: str) -> None:
    """Look at a book again: another stop may be sent by now."""
    account, _, coin = book.partition(":")
    turn.guarded.add((account, coin))


# --- what is wanted


def _look(turn: Turn, key: BookKey, memory: BookMemory) -> None:
    """Have one stop that fits: send a new one, or cancel those that are too many."""
    state, distance = turn.state, turn.state.account_policies[key[0]].stop_distance
    stops, mark = alive(memory), mark_of(state, key[1])
    position = _position(memory)
    is_closing = turn.trading_state(key[0]) is TradingState.FLATTENING
    if is_closing or not state.started or state.settling or not (stops or position):
        return
    for stop in stops:
        stop.covered = min(stop.covered, abs(position))
    if not position or distance is None:
        _cancel(turn, key, stops)
    elif mark is None or any(stop.status is StopStatus.PENDING for stop in stops):
        return
    elif stops and stop_order.fits(stops[-1], position, mark, distance):
        _cancel(turn, key, stops[:-1])
    else:
        _send(turn, key, memory, (position, mark, distance))


def _position(memory: BookMemory) -> Size:
    """Return a book's position: ours, or the exchange's where the two differ."""
    return (memory.watch.theirs or ZERO) if memory.watch.is_drifting else memory.book.position


def _cancel(turn: Turn, key: BookKey, stops: list[StopOrder]) -> None:
    for stop in stops:
        if stop.status is StopStatus.RESTING and not stop.is_leaving:
            stop.is_leaving = True
            cancel_resting(turn, key[0], stop.asset_id, cloid=stop.cloid)


def _send(turn: Turn, key: BookKey, memory: BookMemory, about: tuple[Size, Price, Ratio]) -> None:
    """Send a stop for (position, mark, distance), unless one was sent just now."""
    state, (account, coin), (position, mark, distance) = turn.state, key, about
    again = memory.stop_sent + _pause(memory, position)
    if turn.now < again:
        turn.wake(f"stop:{account}:{coin}", again)
        return
    instrument, quote = state.instruments.get(coin), state.quotes[coin]
    left, reserve = state.accounts[account].actions_left, state.policy.tuning.actions_reserve
    trading, age = turn.trading_state(account), turn.now - quote.mark_time
    verdict = risk.judge_stop(trading, instrument, abs(position), age, left, reserve)
    if instrument is None or not verdict.quantity:
        return
    side = side_of(-position)
    trigger, limit = stop_order.prices(instrument, side, mark, distance, state.policy.slippage.flatten_max_bps)
    terms = StopTerms(
        account=account,
        coin=coin,
        asset_id=instrument.asset_id,
        side=side,
        quantity=verdict.quantity,
        trigger=trigger,
        limit=limit,
    )
    command = risk.place_stop(verdict, terms, next_identity(turn, account, instrument.asset_id))
    turn.commands.append(command)
    spend_action(turn, account)
    remember(turn, memory, command, distance)


def _pause(memory: BookMemory, position: Size) -> int:
    """Return how long the next stop waits after the last one; one that was refused is no reason to hurry."""
    last = memory.stops[-1] if memory.stops else None
    is_short = last is not None and last.status.is_alive and not stop_order.covers(last, position)
    return stop_order.GROWTH_MS if is_short else stop_order.CHANGE_MS


def remember(turn: Turn, memory: BookMemory, command: PlaceStop, distance: Ratio) -> None:
    """Count a stop as sent."""
    stop = StopOrder(
        cloid=command.cloid,
        label=command.label,
        asset_id=command.asset_id,
        side=command.side,
        quantity=command.quantity,
        covered=command.quantity,
        trigger=command.trigger,
        distance=distance,
        shown_from=command.expires_after + stop_order.LOOKUP_LAG_MS,
    )
    memory.stop_sent = turn.now
    memory.stops.append(stop)
    ended = [each for each in memory.stops if not each.status.is_alive]
    for each in ended[: max(0, len(memory.stops) - STOPS_MAX)]:
        memory.stops.remove(each)
    _show(turn, ((command.account, command.coin), stop), "")
    turn.wake(f"reconcile:{command.account}", stop.shown_from + 1)


# --- states


def _find(turn: Turn, account: AccountId, cloid: str) -> tuple[BookKey, StopOrder] | None:
    memory = turn.state.accounts.get(account)
    for coin in memory.coins if memory is not None else ():
        for stop in turn.state.books[account, coin].stops:
            if stop.cloid == cloid:
                return (account, coin), stop
    return None


def _rests(turn: Turn, found: tuple[BookKey, StopOrder]) -> None:
    if found[1].status is StopStatus.PENDING:
        found[1].status = StopStatus.RESTING
        turn.all_clear("stop", " ".join(found[0]))
        _show(turn, found, "")


def _miss(turn: Turn, found: tuple[BookKey, StopOrder], event: AccountRead) -> None:
    """
    A stop is not shown: it was triggered, cancelled, or never arrived.

    Our fills are fetched, and only a second reading that agrees with what we hold ends it.
    """
    (account, coin), stop = found
    memory = turn.state.books[account, coin]
    if not stop.missed:
        stop.missed = event.time
        turn.commands.append(ReadOwnFills(account=account, since=turn.state.accounts[account].fills_to))
        turn.wake(f"reconcile:{account}", turn.now + QUIET_MS + 1)
        return
    is_told = memory.watch.theirs == memory.book.position or memory.watch.is_drifting
    if event.time >= stop.missed + QUIET_MS and is_told:
        never = stop.status is StopStatus.PENDING
        _end(turn, found, StopStatus.REFUSED if never else StopStatus.CANCELLED, "the exchange does not show it")


def _end(turn: Turn, found: tuple[BookKey, StopOrder], status: StopStatus, reason: str = "") -> None:
    found[1].status, found[1].shown_from = status, max(found[1].shown_from, turn.now + QUIET_MS)
    _show(turn, found, reason)


def _show(turn: Turn, found: tuple[BookKey, StopOrder], reason: str) -> None:
    (account, coin), stop = found
    turn.records.append(
        StopUpdate(
            cloid=stop.cloid,
            label=stop.label,
            account=account,
            coin=coin,
            side=stop.side,
            quantity=stop.quantity,
            trigger=stop.trigger,
            status=stop.status,
            reason=reason,
        )
    )
