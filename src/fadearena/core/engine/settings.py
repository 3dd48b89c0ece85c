"""New settings: bots and accounts that come, go, move, are switched off and on."""

import msgspec

from fadearena.core import follow as following
from fadearena.core import ledger
from fadearena.core.engine import dead_man, sources, stop_orders
from fadearena.core.engine.turn import Turn
from fadearena.core.engine.valuation import count_bots_anew
from fadearena.core.latches import LatchKind, bot_scope
from fadearena.core.signer import SignerView
from fadearena.core.state import AccountMemory, BotMemory
from fadearena.model.command import ReadAccount, ReadRole
from fadearena.model.event import SetPolicy
from fadearena.model.ids import AccountId, BotId, dex_of
from fadearena.model.policy import AccountPolicy, BotPolicy, Policy
from fadearena.model.record import SettingsChange
from fadearena.model.units import ZERO


def set_policy(turn: Turn, action: SetPolicy, actor: str) -> list[str]:
    """Take over new settings as a whole; return why not, empty when it was done."""
    state, new = turn.state, action.policy
    if action.expected_version is not None and action.expected_version != state.policy.version:
        return [f"the settings are at version {state.policy.version}, not {action.expected_version}"]
    if state.accounts and new.mode != state.policy.mode:
        return [f"these are the settings of {state.policy.mode}: `fadearena mode` changes the mode, not the settings"]
    problems = new.problems() or _frozen(turn, new)
    if problems:
        return problems
    old, old_accounts = state.bot_policies, state.account_policies
    version = state.policy.version + 1 if state.accounts else state.policy.version
    state.set_policy(msgspec.structs.replace(new, version=version))
    gone = {name for name, account in old_accounts.items() if _has_gone(account, new.accounts)}
    for bot in old.values():
        if bot.account in gone or _has_moved(bot, state.bot_policies.get(bot.id)):
            _drop_bot(turn, bot.id, bot.account)
    for name in sorted(gone):
        _drop_account(turn, old_accounts[name])
    for account in new.accounts:
        if account.id not in state.accounts:
            state.accounts[account.id] = AccountMemory()
            if state.started:
                turn.commands.append(ReadAccount(account=account.id))
    for policy in new.bots:
        _take_bot(turn, policy, old.get(policy.id), actor)
    count_bots_anew(turn)
    _look_at_accounts(turn, old_accounts)
    turn.records.append(SettingsChange(version=state.policy.version, actor=actor, policy=state.policy))
    return []


def _has_gone(account: AccountPolicy, new: tuple[AccountPolicy, ...]) -> bool:
    return not any((other.id, other.address) == (account.id, account.address) for other in new)


def _has_moved(bot: BotPolicy, new: BotPolicy | None) -> bool:
    return new is None or (new.wallet, new.account) != (bot.wallet, bot.account)


def _frozen(turn: Turn, new: Policy) -> list[str]:
    """Wallet and account of a bot change, and bots and accounts go, only when they are flat."""
    bots = {bot.id: bot for bot in new.bots}
    problems = [
        f"{bot} holds positions: close them before it is removed or given another wallet or account"
        for bot, policy in turn.state.bot_policies.items()
        if _has_moved(policy, bots.get(bot)) and _is_open(turn, policy)
    ]
    for name, account in turn.state.account_policies.items():
        books = (turn.state.books[name, coin] for coin in turn.state.accounts[name].coins)
        is_open = any(b.book.gross or b.open or b.held_fills or stop_orders.alive(b) for b in books)
        if is_open and _has_gone(account, new.accounts):
            problems.append(f"account {name} holds positions or stops: close them before it is removed or moved")
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
    if policy.id not in state.bots:
        state.bots[policy.id], old = BotMemory(), None
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
    memory.views, memory.since = {}, turn.now
    for coin in memory.coins:
        sleeve = turn.sleeve(policy.id, coin)
        held, anchor = turn.book(policy.account, coin).book.size_of(policy.id), sleeve.anchor
        followed = held / anchor.ratio * anchor.direction.sign if held and anchor and anchor.ratio else ZERO
        following.forget(turn.state.follows[policy.id, coin], followed)
        sleeve.growth = None
        sources.retarget(turn, policy, coin)
    if turn.state.started:
        ask_for_bot(turn, policy)


def ask_for_bot(turn: Turn, policy: BotPolicy) -> None:
    """Ask for what must be known of a bot before it is followed: its role, and every dex where it was seen."""
    turn.commands.append(ReadRole(wallet=policy.wallet))
    memory = turn.state.bots[policy.id]
    for dex in sorted({"", *memory.views, *(dex_of(coin) for coin in memory.coins)}):
        sources.read_source(turn, policy.wallet, dex)


def _drop_bot(turn: Turn, bot: BotId, account: AccountId) -> None:
    """Forget a bot that holds nothing. Its latches stay: only a release ends a stop, not a removal."""
    state = turn.state
    for coin in state.bots[bot].coins:
        del state.follows[bot, coin], state.sleeves[bot, coin]
        state.off_target.pop((bot, coin), None)
        memory = state.books[account, coin]
        memory.bots.remove(bot)
        memory.limited = [other for other in memory.limited if other != bot]
        ledger.forget(memory.book, bot)
        if bot in memory.wanting:
            memory.wanting.remove(bot)
    del state.bots[bot]


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
