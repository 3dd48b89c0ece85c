"""What people order: settings, stops and releases, rejoin, dead letters. `step` alone judges."""

from collections.abc import Callable

import msgspec

from fadearena.core import follow as following
from fadearena.core.engine import accounts, booking, flatten, letters, sources
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
from fadearena.core.state import AccountMemory, BotMemory, Growth
from fadearena.core.target import take_anchor
from fadearena.model.command import ReadAccount, ReadRole
from fadearena.model.event import (
    AcceptDrift,
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
)
from fadearena.model.ids import AccountId, BotId, Coin
from fadearena.model.policy import BotPolicy, Policy, StartPolicy
from fadearena.model.record import ControlAnswer, SettingsChange
from fadearena.model.units import ZERO, Size


def on_operator(turn: Turn, event: Operator) -> None:
    """Judge a person's command once, and answer it."""
    if event.control_id <= turn.state.control_id:
        return
    turn.state.control_id = event.control_id
    reasons = _carry_out(turn, event)
    turn.records.append(ControlAnswer(control_id=event.control_id, accepted=not reasons, reasons=tuple(reasons)))


def _carry_out(turn: Turn, event: Operator) -> list[str]:  # noqa: PLR0911 - one row a command
    """Do what was ordered; return why not, empty when it was done."""
    action, actor = event.action, event.actor
    bot = getattr(action, "bot", None)
    if bot is not None and bot not in turn.state.bot_policies:
        return [f"there is no bot {bot}"]
    match action:
        case SetPolicy():
            return _set_policy(turn, action, actor)
        case Kill():
            return _kill(turn, action, actor)
        case Release():
            return _release(turn, action, actor)
        case Pause():
            turn.set_latch(_scope(action.bot), LatchKind.PAUSE, actor, "paused")
            return []
        case Resume():
            return _resume(turn, action, actor)
        case Rejoin():
            return _for_coins(turn, action.bot, action.coin, _rejoin)
        case Reanchor():
            return _for_coins(turn, action.bot, action.coin, _reanchor)
        case AcceptDrift():
            return _accept_drift(turn, action)
        case RetryDeadLetter() | DiscardDeadLetter():
            return _letter(turn, action)
        case LeaveMode():
            return what_is_open(turn)


def _scope(bot: BotId | None) -> str:
    return ALL if bot is None else bot_scope(bot)


# --- stops


def _kill(turn: Turn, action: Kill, actor: str) -> list[str]:
    scope = _scope(action.bot)
    if action.flatten:
        flatten.begin(turn, scope, actor, "flatten was ordered")
        return []
    turn.set_latch(scope, LatchKind.KILL, actor, "kill was ordered")
    if action.bot is None:
        flatten.stop_in_flight(turn)
    return []


def _release(turn: Turn, action: Release, actor: str) -> list[str]:
    scope = _scope(action.bot)
    if turn.state.latches.has(scope, LatchKind.FLATTEN):
        return ["it is still closing positions: release is possible once it is halted"]
    ended = [kind for kind in sorted(ENDED_BY_RELEASE) if turn.end_latch(scope, kind, actor, "released")]
    if not ended:
        return ["nothing here is halted"]
    for policy in turn.state.policy.bots:
        if action.bot in {None, policy.id}:
            _start_again(turn, policy, rejoin=action.rejoin)
    return []


def _start_again(turn: Turn, policy: BotPolicy, *, rejoin: bool) -> None:
    """Release is a new start with `follow_changes` for what no sleeve holds, or a join."""
    for coin in turn.state.bots[policy.id].coins:
        if rejoin:
            _rejoin(turn, policy, coin)
        elif not _size(turn, policy, coin):
            _restart(turn, policy, coin, Start(policy=StartPolicy.FOLLOW_CHANGES))
        else:
            sources.retarget(turn, policy, coin)


def _restart(turn: Turn, policy: BotPolicy, coin: Coin, start: Start) -> None:
    follow = turn.state.follows[policy.id, coin]
    before = (follow.followed, follow.now.leg if follow.now else 0)
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
            memory.purse.day_open, memory.purse.day_deposits = memory.purse.equity, ZERO
    if action.bot is not None:
        memory_of = turn.state.bots[action.bot]
        memory_of.stats.resumed_at = booking.net_of(turn, action.bot, memory_of.coins)
    return []


# --- bots


def _for_coins(turn: Turn, bot: BotId, coin: Coin | None, act: Callable[[Turn, BotPolicy, Coin], None]) -> list[str]:
    policy, coins = turn.state.bot_policies[bot], turn.state.bots[bot].coins
    if coin is not None and coin not in coins:
        return [f"{bot} was never seen in {coin}"]
    for each in coins if coin is None else [coin]:
        act(turn, policy, each)
    return []


def _rejoin(turn: Turn, policy: BotPolicy, coin: Coin) -> None:
    """Permit once to make up for missed increases."""
    sources.retarget(turn, policy, coin)
    sleeve = turn.sleeve(policy.id, coin)
    if sleeve.target != _size(turn, policy, coin):
        sleeve.growth = Growth(source_time=turn.now, received=turn.now, needs_reference=False, by_operator=True)
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


def _accept_drift(turn: Turn, action: AcceptDrift) -> list[str]:
    memory = turn.state.books.get((action.account, action.coin))
    if memory is None or not accounts.accept_drift(turn, (action.account, action.coin), memory):
        return [f"{action.account} {action.coin} has no drift that could be accepted"]
    return []


def _letter(turn: Turn, action: RetryDeadLetter | DiscardDeadLetter) -> list[str]:
    letter = turn.state.letters.get(action.letter)
    if letter is None or letter.state != "open":
        return [f"there is no open dead letter {action.letter}"]
    if isinstance(action, DiscardDeadLetter):
        letter.state = "discarded"
    else:
        policy = turn.state.bot_policies.get(letter.bot or "")
        if policy is None or letter.coin is None:
            return ["this dead letter cannot be decided again; discard it"]
        letter.state = "retried"
        _rejoin(turn, policy, letter.coin)
    letters.show(turn, action.letter, letter)
    return []


def what_is_open(turn: Turn) -> list[str]:
    """Name every position and order that is not settled."""
    found = [
        f"{account} {coin}: {memory.book.position}, {len(memory.open)} orders unsettled"
        for (account, coin), memory in sorted(turn.state.books.items())
        if memory.book.position or memory.book.gross or memory.open
    ]
    unread = [account for account, memory in sorted(turn.state.accounts.items()) if not memory.is_read]
    return found + [f"{account}: positions were never read" for account in unread]


# --- settings


def _set_policy(turn: Turn, action: SetPolicy, actor: str) -> list[str]:
    state, new = turn.state, action.policy
    if action.expected_version is not None and action.expected_version != state.policy.version:
        return [f"the settings are at version {state.policy.version}, not {action.expected_version}"]
    problems = new.problems() or _frozen(turn, new)
    if problems:
        return problems
    old = state.bot_policies
    version = state.policy.version + 1 if state.accounts else state.policy.version
    state.set_policy(msgspec.structs.replace(new, version=version))
    for account in new.accounts:
        if account.id not in state.accounts:
            state.accounts[account.id] = AccountMemory()
            if state.started:
                turn.commands.append(ReadAccount(account=account.id))
    for policy in new.bots:
        _take_bot(turn, policy, old.get(policy.id), actor)
    for gone in [bot for bot in old if bot not in state.bot_policies]:
        _drop_bot(turn, gone, old[gone].account)
    for gone_account in [a for a in state.accounts if a not in state.account_policies]:
        del state.accounts[gone_account]
    turn.records.append(SettingsChange(version=state.policy.version, actor=actor))
    return []


def _frozen(turn: Turn, new: Policy) -> list[str]:
    """Wallet and account of a bot change, and bots and accounts go, only when they are flat."""
    bots = {bot.id: bot for bot in new.bots}
    problems: list[str] = []
    for bot, policy in turn.state.bot_policies.items():
        other = bots.get(bot)
        moved = other is None or other.wallet != policy.wallet or other.account != policy.account
        if moved and _is_open(turn, policy):
            problems.append(
                f"{bot} holds positions: close them before it is removed or given another wallet or account"
            )
    kept = {account.id for account in new.accounts}
    for account, memory in turn.state.accounts.items():
        if account not in kept and any(turn.state.books[account, c].book.gross for c in memory.coins):
            problems.append(f"account {account} holds positions: close them before it is removed")
    return problems


def _is_open(turn: Turn, policy: BotPolicy) -> bool:
    memory = turn.state.bots[policy.id]
    for coin in memory.coins:
        book = turn.state.books[policy.account, coin]
        if book.book.size_of(policy.id) or any(turn.state.orders[c].terms.bot == policy.id for c in book.open):
            return True
    return False


def _take_bot(turn: Turn, policy: BotPolicy, old: BotPolicy | None, actor: str) -> None:
    state = turn.state
    if old is not None and (old.wallet != policy.wallet or old.account != policy.account):
        _drop_bot(turn, policy.id, old.account)
        old = None
    if old is None:
        state.bots[policy.id] = BotMemory()
    scope = bot_scope(policy.id)
    if not policy.enabled:
        turn.set_latch(scope, LatchKind.DISABLED, actor, "switched off")
        return
    turn.end_latch(scope, LatchKind.DISABLED, actor, "switched on")
    if old is None or not old.enabled:
        _enable(turn, policy)


def _enable(turn: Turn, policy: BotPolicy) -> None:
    """A bot that is switched on makes a new start for what its sleeves do not hold."""
    memory = turn.state.bots[policy.id]
    memory.views = {}
    for coin in memory.coins:
        sleeve = turn.sleeve(policy.id, coin)
        held, anchor = _size(turn, policy, coin), sleeve.anchor
        followed = held / anchor.ratio * anchor.direction.sign if held and anchor and anchor.ratio else ZERO
        following.forget(turn.state.follows[policy.id, coin], followed)
    if turn.state.started:
        ask_for_bot(turn, policy)


def ask_for_bot(turn: Turn, policy: BotPolicy) -> None:
    """Ask for what must be known of a bot before it is followed."""
    turn.commands.append(ReadRole(wallet=policy.wallet))
    sources.read_source(turn, policy.wallet, "")


def _drop_bot(turn: Turn, bot: BotId, account: AccountId) -> None:
    state = turn.state
    for coin in state.bots[bot].coins:
        state.follows.pop((bot, coin), None)
        state.sleeves.pop((bot, coin), None)
        state.off_target.pop((bot, coin), None)
        memory = state.books.get((account, coin))
        if memory is not None:
            memory.bots.remove(bot)
            if bot in memory.todo:
                memory.todo.remove(bot)
    del state.bots[bot]
    for kind in list(state.latches.by_scope.get(bot_scope(bot), {})):
        turn.end_latch(bot_scope(bot), kind, "core", "the bot was removed")
