"""
Bots that come, go, move, are switched off and on.

Changing some of them costs what changes: nothing here looks at all bots.
"""

import msgspec

from fadearena.core import follow as following
from fadearena.core import ledger
from fadearena.core.engine import sources
from fadearena.core.engine.naming import strangers_of_bots
from fadearena.core.engine.turn import Turn
from fadearena.core.engine.valuation import count_bot_anew, revalue
from fadearena.core.latches import LatchKind, bot_scope
from fadearena.core.state import BotMemory
from fadearena.model.command import ReadRole
from fadearena.model.event import ChangeBots
from fadearena.model.ids import AccountId, Address, BotId, dex_of
from fadearena.model.policy import BotPolicy
from fadearena.model.policy.roster import problems_of_bots
from fadearena.model.record import BotsChange
from fadearena.model.units import ZERO


def change_bots(turn: Turn, action: ChangeBots, actor: str) -> list[str]:
    """Put bots in and drop others; return why not, empty when it was done."""
    state, old = turn.state, turn.state.bot_policies
    if action.expected_version is not None and action.expected_version != state.policy.version:
        return [f"the settings are at version {state.policy.version}, not {action.expected_version}"]
    problems = _problems(turn, action) or strangers_of_bots(state, action.put) or _frozen(turn, action)
    if problems:
        return problems
    named = {*action.drop, *(bot.id for bot in action.put)}
    state.change_bots(action.put, action.drop)
    state.policy = msgspec.structs.replace(state.policy, version=state.policy.version + 1)
    for name in sorted(named & old.keys()):
        if has_moved(old[name], state.bot_policies.get(name)):
            drop_bot(turn, name, old[name].account)
    for policy in action.put:
        take_bot(turn, policy, old.get(policy.id), actor)
        count_bot_anew(turn, policy.id)
    state.told = {key: since for key, since in state.told.items() if named.isdisjoint(key.split())}
    turn.records.append(BotsChange(version=state.policy.version, actor=actor, put=action.put, dropped=action.drop))
    return []


def _problems(turn: Turn, action: ChangeBots) -> list[str]:
    """Return what is wrong with a change, beside the bots that it leaves as they are."""
    state, put, gone = turn.state, {bot.id for bot in action.put}, set(action.drop)

    def is_used(wallet: Address) -> bool:
        owner = state.wallets.get(wallet)
        return owner is not None and owner not in put and owner not in gone

    found = problems_of_bots(action.put, state.policy.accounts, is_used)
    found += [f"there is no bot {name}" for name in action.drop if name not in state.bot_policies]
    found += [f"{name} cannot be put in and dropped at once" for name in sorted(put & gone)]
    if len(gone) < len(action.drop):
        found.append("a bot is dropped twice")
    return found if action.put or gone else ["it names no bot, so nothing would change"]


def _frozen(turn: Turn, action: ChangeBots) -> list[str]:
    old, new = turn.state.bot_policies, {bot.id: bot for bot in action.put}
    named = [*action.drop, *(name for name in new if name in old)]
    return [text for name in named if (text := frozen(turn, old[name], new.get(name)))]


def frozen(turn: Turn, bot: BotPolicy, new: BotPolicy | None) -> str:
    """Return why a bot may not become another, empty where it may: it goes, or moves, only while it is flat."""
    if has_moved(bot, new) and _is_open(turn, bot):
        return f"{bot.id} holds positions: close them before it is removed or given another wallet or account"
    return ""


def has_moved(bot: BotPolicy, new: BotPolicy | None) -> bool:
    """Tell whether a bot is gone, or has another wallet or account."""
    return new is None or (new.wallet, new.account) != (bot.wallet, bot.account)


def _is_open(turn: Turn, policy: BotPolicy) -> bool:
    memory = turn.state.bots[policy.id]
    for coin in memory.coins:
        book = turn.state.books[policy.account, coin]
        if book.book.size_of(policy.id) or any(turn.state.orders[c].terms.bot == policy.id for c in book.open):
            return True
    return False


def take_bot(turn: Turn, policy: BotPolicy, old: BotPolicy | None, actor: str) -> None:
    """Take over a bot's settings: its memory, whether it is switched on, and what has to be asked then."""
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
    if not sources.holds_anything(turn, policy, memory):  # what it did while it was off is not asked for
        memory.stop_fetching()
        memory.missed_since = 0
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
    """Ask for what must be known of a bot before it is followed: every dex where it was seen, and its role, once."""
    memory = turn.state.bots[policy.id]
    for dex in sorted({"", *memory.views, *(dex_of(coin) for coin in memory.coins)}):
        sources.read_source(turn, policy.wallet, dex)
    if memory.role is None:
        turn.commands.append(ReadRole(wallet=policy.wallet))


def drop_bot(turn: Turn, bot: BotId, account: AccountId) -> None:
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
        revalue(state, (account, coin), memory)
    del state.bots[bot]
