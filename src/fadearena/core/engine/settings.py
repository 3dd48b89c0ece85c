"""New settings as a whole: accounts that come, go and move, and all bots with them."""

import msgspec

from fadearena.core.engine import dead_man, roster, stop_orders
from fadearena.core.engine.naming import strangers_of
from fadearena.core.engine.turn import Turn
from fadearena.core.engine.valuation import count_bots_anew
from fadearena.core.signer import SignerView
from fadearena.core.state import AccountMemory
from fadearena.model.command import ReadAccount
from fadearena.model.event import SetPolicy
from fadearena.model.ids import AccountId
from fadearena.model.policy import AccountPolicy, Policy
from fadearena.model.record import SettingsChange


def set_policy(turn: Turn, action: SetPolicy, actor: str) -> list[str]:
    """Take over new settings as a whole; return why not, empty when it was done."""
    state, new = turn.state, action.policy
    if action.expected_version is not None and action.expected_version != state.policy.version:
        return [f"the settings are at version {state.policy.version}, not {action.expected_version}"]
    if state.accounts and new.mode != state.policy.mode:
        return [f"these are the settings of {state.policy.mode}: `fadearena mode` changes the mode, not the settings"]
    problems = new.problems() or strangers_of(state, new) or _frozen(turn, new)
    if problems:
        return problems
    old, old_accounts = state.bot_policies, state.account_policies
    version = state.policy.version + 1 if state.accounts else state.policy.version
    state.set_policy(msgspec.structs.replace(new, version=version))
    gone = {name for name, account in old_accounts.items() if _has_gone(account, new.accounts)}
    for bot in old.values():
        if bot.account in gone or roster.has_moved(bot, state.bot_policies.get(bot.id)):
            roster.drop_bot(turn, bot.id, bot.account)
    for name in sorted(gone):
        _drop_account(turn, old_accounts[name])
    for account in new.accounts:
        if account.id not in state.accounts:
            state.accounts[account.id] = AccountMemory()
            if state.started:
                turn.commands.append(ReadAccount(account=account.id))
    for policy in new.bots:
        roster.take_bot(turn, policy, old.get(policy.id), actor)
    count_bots_anew(turn)
    _look_at_accounts(turn, old_accounts)
    turn.records.append(SettingsChange(version=state.policy.version, actor=actor, policy=state.policy))
    return []


def _has_gone(account: AccountPolicy, new: tuple[AccountPolicy, ...]) -> bool:
    return not any((other.id, other.address) == (account.id, account.address) for other in new)


def _frozen(turn: Turn, new: Policy) -> list[str]:
    """Wallet and account of a bot change, and bots and accounts go, only when they are flat."""
    bots = {bot.id: bot for bot in new.bots}
    problems = [
        text
        for name, policy in turn.state.bot_policies.items()
        if (text := roster.frozen(turn, policy, bots.get(name)))
    ]
    for name, account in turn.state.account_policies.items():
        books = (turn.state.books[name, coin] for coin in turn.state.accounts[name].coins)
        is_open = any(b.book.gross or b.open or b.held_fills or stop_orders.alive(b) for b in books)
        if is_open and _has_gone(account, new.accounts):
            problems.append(f"account {name} holds positions or stops: close them before it is removed or moved")
    return problems


def _look_at_accounts(turn: Turn, old: dict[AccountId, AccountPolicy]) -> None:
    """A new signer is not known yet; stops and the dead man's switch are looked at; what lasts is told again."""
    state = turn.state
    state.told = {}
    for name, memory in state.accounts.items():
        before = old.get(name)
        if before is not None and before.signer != state.account_policies[name].signer:
            memory.signer = SignerView()
        turn.guarded.update((name, coin) for coin in memory.coins)
    if state.started:
        dead_man.begin(turn)


def _drop_account(turn: Turn, policy: AccountPolicy) -> None:
    """Forget an account that holds nothing; its money leaves the high-water mark as a withdrawal does."""
    state = turn.state
    if state.accounts[policy.id].dead_man.asked_to > turn.now:
        dead_man.ask(turn, policy, None)
    gone = state.accounts.pop(policy.id)
    for coin in gone.coins:
        del state.books[policy.id, coin]
    if gone.purse.total is not None:
        state.peak.shift(-gone.purse.total)
