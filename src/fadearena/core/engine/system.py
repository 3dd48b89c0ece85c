"""The process itself: start and takeover, clock, markets, what could not be read or taken."""

import msgspec

from fadearena.core.engine import dead_man, sources, unknown
from fadearena.core.engine.letters import add
from fadearena.core.engine.placing import in_flight
from fadearena.core.engine.roster import ask_for_bot
from fadearena.core.engine.turn import Turn
from fadearena.core.engine.valuation import mark_of, move_pool, revalue
from fadearena.core.engine.wakes import begin_rounds
from fadearena.core.latches import ALL, LatchKind
from fadearena.core.state import QUARANTINED_MAX, Letter
from fadearena.model.command import ReadAccount, ReadOwnFills, RepairSource, WakeAt
from fadearena.model.event import (
    ClockRead,
    Event,
    InputRejected,
    Instruments,
    Notice,
    Operator,
    Quarantined,
    QuoteUnreadable,
    Started,
    Woke,
)
from fadearena.model.policy import BotPolicy
from fadearena.model.record import ControlAnswer
from fadearena.model.units import SECOND_MS

_EVENT: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
_OVERLAP_MS = 5 * SECOND_MS


def on_started(turn: Turn, event: Started) -> None:
    """Take over: settle every order, read everything, and decide nothing before that is done."""
    state = turn.state
    state.started, state.settling = True, True
    for key, at_ms in sorted(state.wakes.items()):
        turn.commands.append(WakeAt(at_ms=at_ms, key=key))
    for memory in (state.books[key] for key in sorted(state.books)):
        memory.quote_asked = 0
        for cloid in list(memory.open):
            order = state.orders[cloid]
            order.is_burnt = False  # what was recorded and not sent before the stop is never sent
            unknown.doubt(turn, order, f"{event.worker} took over")
    for account, known in sorted(state.accounts.items()):
        known.awaits_positions = known.awaits_fills = True
        if known.is_read:
            turn.commands.append(ReadOwnFills(account=account, since=known.fills_to))
        turn.commands.append(ReadAccount(account=account))
    for policy in state.policy.bots:
        is_held = sources.holds_anything(turn, policy, state.bots[policy.id])
        if policy.enabled or is_held:
            ask_for_bot(turn, policy)
            _ask_for_missed(turn, policy, is_held=is_held)
    dead_man.begin(turn)
    begin_rounds(turn)


def _ask_for_missed(turn: Turn, policy: BotPolicy, *, is_held: bool) -> None:
    """
    Fetch what a bot did while nobody listened, with some of what is known: fills may have come late.

    1. A snapshot that was read before the stop vouches for none that is read now: the fills come first. What an
       earlier start could not fetch to the end is fetched again from where that one began.
    2. Fills cost ten times what a snapshot does. Of a bot that no sleeve is open for they are fetched when there is
       room, and at once only if a snapshot shows that it moved: until one agrees its increases wait.
    """
    memory = turn.state.bots[policy.id]
    memory.stop_fetching()
    if not memory.last_read:
        return
    follows = [turn.state.follows[policy.id, coin] for coin in memory.coins]
    for follow in follows:
        follow.doubt = None
    newest = max((follow.fill_time for follow in follows), default=0)
    since = max(memory.since, newest - _OVERLAP_MS)
    memory.missed_since = min(since, memory.missed_since or since)
    memory.is_repairing = memory.is_catching_up = is_held
    memory.fetches_late = not is_held
    for view in memory.views.values():
        view.is_stale = not is_held
    turn.commands.append(RepairSource(wallet=policy.wallet, since=memory.missed_since, is_urgent=is_held))


def try_to_begin(turn: Turn) -> None:
    """
    End the settling after a start.

    Orders must be settled or past their deadline; positions, and fills without a hole, read since.
    """
    state = turn.state
    if any(turn.now < order.verdict_from for order in in_flight(state, state.accounts)):
        return
    if any(memory.awaits_positions or memory.awaits_fills for memory in state.accounts.values()):
        return
    state.settling = False
    turn.dirty.update(key for key, memory in state.books.items() if memory.wanting or memory.book.residue.size)


def on_instruments(turn: Turn, event: Instruments) -> None:
    """Take over what the exchange lists: lots, leverage, margin; targets are rounded anew."""
    state = turn.state
    for instrument in event.instruments:
        if state.instruments.get(instrument.coin) == instrument:
            continue
        state.instruments[instrument.coin] = instrument
        for account in state.accounts:
            memory = state.books.get((account, instrument.coin))
            if memory is None:
                continue
            move_pool(state, (account, instrument.coin), memory)
            revalue(state, (account, instrument.coin), memory, mark_of(state, instrument.coin))
            for bot in memory.bots:
                sources.retarget(turn, state.bot_policies[bot], instrument.coin)


def on_quote_unreadable(turn: Turn, event: QuoteUnreadable) -> None:
    """Reduces that waited for the book go on with the last mark."""
    for account in turn.state.accounts:
        memory = turn.state.books.get((account, event.coin))
        if memory is not None:
            memory.quote_failed = True
            turn.dirty.add((account, event.coin))


def on_clock(turn: Turn, event: ClockRead) -> None:
    """Note how our clock stands against the exchange's."""
    turn.state.clock_offset_ms, turn.state.clock_spread_ms = event.offset_ms, event.spread_ms


def on_rejected(turn: Turn, event: InputRejected) -> None:
    """Keep an input that could not be read, with its beginning."""
    letter = Letter(kind="input", subject=event.source, error=event.error, excerpt=event.excerpt)
    add(turn, f"input:{turn.state.seq}", letter)
    turn.alert("warning", "input", event.source, event.error)


def on_quarantined(turn: Turn, event: Quarantined) -> None:
    """Halt: what the event would have done is not known, so nothing that is decided now can be trusted."""
    seq, kept = turn.state.seq, turn.state.quarantined
    kept[seq] = event.subject
    if len(kept) > QUARANTINED_MAX:
        del kept[min(kept)]
    turn.set_latch(ALL, LatchKind.QUARANTINE, "worker", f"{event.subject}: {event.error}")
    text = f"{event.error}; everything is halted until `fadearena journal skip {seq}` leaves the event out"
    turn.alert("critical", "quarantine", event.subject, text)
    _settle_held(turn, event)


def _settle_held(turn: Turn, event: Quarantined) -> None:
    """See to it that what was set aside does not come back by itself, and that whoever ordered it is answered."""
    state = turn.state
    try:
        held = _EVENT.decode(event.held)
    except msgspec.MsgspecError:  # its text was not kept, or it is of another version
        return
    if isinstance(held, Woke):
        state.wakes.pop(held.key, None)
    elif isinstance(held, Operator) and held.control_id > state.control_id:
        state.control_id = held.control_id
        reason = f"it was set aside, and everything is halted: {event.error}"
        turn.records.append(ControlAnswer(control_id=held.control_id, accepted=False, reasons=(reason,)))


def on_notice(turn: Turn, event: Notice) -> None:
    """Pass on what people should know."""
    turn.alert(event.level, event.category, event.subject, event.text)
