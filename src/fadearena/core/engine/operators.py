"""What people order: stops and releases, rejoin, dead letters, settings. `step` alone judges."""

from collections.abc import Callable
from typing import Any

from fadearena.core import follow as following
from fadearena.core.engine import accounts, booking, flatten, letters, roster, settings, sources, stop_orders
from fadearena.core.engine.turn import Turn
from fadearena.core.engine.valuation import total_equity
from fadearena.core.follow import Start
from fadearena.core.latches import (
    ALL,
    ENDED_BY_RELEASE,
    ENDED_BY_RESUME,
    LatchKind,
    account_scope,
    bot_scope,
)
from fadearena.core.state import BookMemory, Growth
from fadearena.core.target import take_anchor
from fadearena.model.event import (
    AcceptDrift,
    ChangeBots,
    DiscardDeadLetter,
    Kill,
    LeaveMode,
    Operator,
    Pause,
    Reanchor,
    Rejoin,
    Release,
    Resume,
    RetryDeadLetter,
    SetPolicy,
    SkipQuarantined,
)
from fadearena.model.ids import BotId, Coin
from fadearena.model.policy import BotPolicy, StartPolicy
from fadearena.model.record import ControlAnswer
from fadearena.model.units import ZERO, Size


def on_operator(turn: Turn, event: Operator) -> None:
    """Judge a person's command once, and answer it; one without a number is always carried out."""
    number = event.control_id
    if number and number <= turn.state.control_id:
        return
    reasons = _carry_out(turn, event)
    if number:
        turn.state.control_id = number
        turn.records.append(ControlAnswer(control_id=number, accepted=not reasons, reasons=tuple(reasons)))
    elif reasons:
        turn.alert("warning", "operator", event.actor, "; ".join(reasons))


def _carry_out(turn: Turn, event: Operator) -> list[str]:
    """Do what was ordered; return why not, empty when it was done."""
    action, actor = event.action, event.actor
    bot = getattr(action, "bot", None)
    if bot is not None and bot not in turn.state.bot_policies:
        return [f"there is no bot {bot}"]
    return ACTIONS[type(action)](turn, action, actor)


def _scope(bot: BotId | None) -> str:
    return ALL if bot is None else bot_scope(bot)


# --- stops


def _kill(turn: Turn, action: Kill, actor: str) -> list[str]:
    scope = _scope(action.bot)
    ordered = LatchKind.FLATTEN if action.flatten else LatchKind.KILL
    if not turn.state.latches.has(scope, ordered):
        turn.alert("critical", "kill", scope, f"{ordered} was ordered by {actor}")
    if action.flatten:
        flatten.begin(turn, scope, actor, "flatten was ordered")
        return []
    turn.set_latch(scope, LatchKind.KILL, actor, "kill was ordered")
    flatten.stop_in_flight(turn, action.bot)
    return []


def _release(turn: Turn, action: Release, actor: str) -> list[str]:
    scope = _scope(action.bot)
    if turn.state.latches.has(scope, LatchKind.FLATTEN):
        return ["it is still closing positions: release is possible once it is halted"]
    if scope == ALL and turn.state.quarantined:
        numbers = ", ".join(map(str, sorted(turn.state.quarantined)))
        return [f"entries {numbers} set events aside: leave each out with `fadearena journal skip SEQ` first"]
    ended = [kind for kind in sorted(ENDED_BY_RELEASE) if turn.end_latch(scope, kind, actor, "released")]
    if not ended:
        return ["nothing here is halted"]
    turn.alert("info", "kill", scope, f"released by {actor}")
    for policy in turn.state.policy.bots:
        if action.bot in {None, policy.id}:
            _start_again(turn, policy, rejoin=action.rejoin)
    return []


def _skip(turn: Turn, action: SkipQuarantined, actor: str) -> list[str]:
    """Give an event up that was set aside; with the last of them the halt ends as by a release."""
    open_ones = turn.state.quarantined
    if open_ones.pop(action.seq, None) is None:
        return [f"entry {action.seq} set no event aside, or it was left out already"]
    if not open_ones:
        turn.end_latch(ALL, LatchKind.QUARANTINE, actor, f"what entry {action.seq} set aside is left out")
        for policy in turn.state.policy.bots:
            _start_again(turn, policy, rejoin=False)
    return []


def _start_again(turn: Turn, policy: BotPolicy, *, rejoin: bool) -> None:
    """Release is a new start with `follow_changes` for what no sleeve holds, or a join."""
    for coin in turn.state.bots[policy.id].coins:
        if rejoin:
            _rejoin(turn, policy, coin)
        elif not _size(turn, policy, coin):
            _restart(turn, policy, coin, Start(policy=StartPolicy.FOLLOW_CHANGES))
        else:
            turn.sleeve(policy.id, coin).growth = None
            sources.retarget(turn, policy, coin)


def _restart(turn: Turn, policy: BotPolicy, coin: Coin, start: Start) -> None:
    follow = turn.state.follows[policy.id, coin]
    before = follow.followed
    following.restart(follow, start)
    sources.after_change(turn, policy, coin, before, following.Applied())


def _resume(turn: Turn, action: Resume, actor: str) -> list[str]:
    scope = account_scope(action.account) if action.account is not None else _scope(action.bot)
    ended = [kind for kind in sorted(ENDED_BY_RESUME) if turn.end_latch(scope, kind, actor, "resumed")]
    if not ended:
        return ["nothing here is paused"]
    if LatchKind.DRAWDOWN in ended:
        turn.state.peak.rebase(total_equity(turn.state))
    if LatchKind.DAILY_LOSS in ended:
        for memory in turn.state.accounts.values():
            memory.purse.rebase_day(memory.purse.total)
    if action.bot is not None:
        memory_of = turn.state.bots[action.bot]
        memory_of.stats.resumed_at = booking.net_of(turn, action.bot)
    return []


def _pause(turn: Turn, action: Pause, actor: str) -> list[str]:
    turn.set_latch(_scope(action.bot), LatchKind.PAUSE, actor, "paused")
    return []


# --- bots


def _for_coins(turn: Turn, action: Rejoin | Reanchor, _actor: str) -> list[str]:
    """Rejoin or re-anchor one coin of a bot, or all where it was ever seen."""
    policy, coins, act = turn.state.bot_policies[action.bot], turn.state.bots[action.bot].coins, _BY_COIN[type(action)]
    if action.coin is not None and action.coin not in coins:
        return [f"{action.bot} was never seen in {action.coin}"]
    for coin in coins if action.coin is None else [action.coin]:
        act(turn, policy, coin)
    return []


def _rejoin(turn: Turn, policy: BotPolicy, coin: Coin) -> None:
    """Permit once to make up for missed increases."""
    sources.retarget(turn, policy, coin)
    sleeve = turn.sleeve(policy.id, coin)
    if sleeve.target != _size(turn, policy, coin):
        sleeve.growth = Growth(source_time=turn.now, received=turn.now, needs_reference=False)
        booking.wants_work(turn, (policy.account, coin), policy.id)


def _reanchor(turn: Turn, policy: BotPolicy, coin: Coin) -> None:
    """Take the anchor anew, by the settings of now; a larger target still waits for the next growth."""
    sleeve, track = turn.sleeve(policy.id, coin), turn.state.follows[policy.id, coin].now
    if track is not None and track.followed:
        sleeve.anchor = take_anchor(
            policy, track.followed, track.leg, track.peak, sources.inputs_of(turn, policy, coin)
        )
        sources.retarget(turn, policy, coin)


def _size(turn: Turn, policy: BotPolicy, coin: Coin) -> Size:
    return turn.book(policy.account, coin).book.size_of(policy.id)


def _accept_drift(turn: Turn, action: AcceptDrift, _actor: str) -> list[str]:
    memory = turn.state.books.get((action.account, action.coin))
    if memory is None or not accounts.accept_drift(turn, (action.account, action.coin), memory):
        return [f"{action.account} {action.coin} has no drift that could be accepted"]
    return []


def _letter(turn: Turn, action: RetryDeadLetter | DiscardDeadLetter, _actor: str) -> list[str]:
    letter = turn.state.letters.get(action.letter)
    if letter is None or letter.state != "open":
        return [f"there is no open dead letter {action.letter}"]
    if isinstance(action, DiscardDeadLetter):
        letter.state = "discarded"
    else:
        policy, coin = turn.state.bot_policies.get(letter.bot or ""), letter.coin
        if policy is None or coin is None or (policy.id, coin) not in turn.state.sleeves:
            return ["this dead letter cannot be decided again; discard it"]
        letter.state, letter.attempts = "retried", letter.attempts + 1
        _rejoin(turn, policy, coin)
    letters.show(turn, action.letter, letter)
    return []


def _what_is_open(turn: Turn, _action: LeaveMode, _actor: str) -> list[str]:
    """Name every position and order that is not settled: the mode is left only without any."""
    found = [
        f"{account} {coin}: {memory.book.position}{_also(memory)}"
        for (account, coin), memory in sorted(turn.state.books.items())
        if memory.book.position
        or memory.book.gross
        or memory.watch.theirs
        or memory.open
        or memory.held_fills
        or stop_orders.alive(memory)
    ]
    unread = [account for account, memory in sorted(turn.state.accounts.items()) if not memory.is_read]
    return found + [f"{account}: positions were never read" for account in unread]


def _also(memory: BookMemory) -> str:
    """Tell what else there is to a book than our position."""
    theirs, unsettled, stops = memory.watch.theirs or ZERO, len(memory.open), len(stop_orders.alive(memory))
    found = [f"the exchange holds {theirs}"] if theirs != memory.book.position else []
    found += [f"{unsettled} orders unsettled"] if unsettled else []
    found += [f"{stops} stops at rest"] if stops else []
    return "".join(f", {text}" for text in found)


_BY_COIN: dict[type, Callable[[Turn, BotPolicy, Coin], None]] = {Rejoin: _rejoin, Reanchor: _reanchor}
ACTIONS: dict[type, Callable[[Turn, Any, str], list[str]]] = {
    SetPolicy: settings.set_policy,
    ChangeBots: roster.change_bots,
    Kill: _kill,
    Release: _release,
    Pause: _pause,
    Resume: _resume,
    Rejoin: _for_coins,
    Reanchor: _for_coins,
    AcceptDrift: _accept_drift,
    RetryDeadLetter: _letter,
    DiscardDeadLetter: _letter,
    SkipQuarantined: _skip,
    LeaveMode: _what_is_open,
}
"""How each command is carried out: it returns why it was not, empty when it was. A test compares it with the union."""
