"""Wakes: what was put off comes due."""

from collections.abc import Callable

from fadearena.core.engine import dead_man, fills, flatten, performance, signers, sources, stop_orders, unknown
from fadearena.core.engine.turn import Turn
from fadearena.core.state import BotMemory
from fadearena.model.command import ReadAccount, ReadOwnFills, ReadSource, WakeAt
from fadearena.model.error import InvariantBroken
from fadearena.model.event import Woke
from fadearena.model.policy import BotPolicy
from fadearena.model.units import DAY_MS, MINUTE_MS, SECOND_MS, day_start

_PROBE_MS = 5 * SECOND_MS
_FILLS_MS = 10 * MINUTE_MS


def on_woke(turn: Turn, event: Woke) -> None:
    """Do what was put off until now; a wake that came too early is asked for again."""
    at_ms = turn.state.wakes.get(event.key)
    if at_ms is None:
        return
    if turn.now < at_ms:
        turn.commands.append(WakeAt(at_ms=at_ms, key=event.key))
        return
    del turn.state.wakes[event.key]
    kind, _, rest = event.key.partition(":")
    if kind not in HANDLERS:
        raise InvariantBroken(f"nobody asked for a wake {event.key!r}")
    HANDLERS[kind](turn, rest)


def begin_rounds(turn: Turn) -> None:
    """Ask for the wakes that come back every day and every minute."""
    turn.wake("day", day_start(turn.now) + DAY_MS)
    turn.wake("equity", turn.now - turn.now % MINUTE_MS + MINUTE_MS)


def _decide(turn: Turn, book: str) -> None:
    account, _, coin = book.partition(":")
    turn.dirty.add((account, coin))


def _release_held(turn: Turn, book: str) -> None:
    account, _, coin = book.partition(":")
    fills.release_held(turn, (account, coin))


def _read_again(turn: Turn, view: str) -> None:
    bot, _, dex = view.partition(":")
    policy = turn.state.bot_policies.get(bot)
    if policy is not None:
        turn.commands.append(ReadSource(wallet=policy.wallet, dex=dex))


def _flatten(turn: Turn, _rest: str) -> None:
    flatten.on_wake(turn)


def _day(turn: Turn, _rest: str) -> None:
    """Every event begins a new day that is due; this one sees to it that there is one."""
    begin_rounds(turn)


def _equity(turn: Turn, _rest: str) -> None:
    performance.points(turn)
    signers.watch(turn)
    begin_rounds(turn)


def _reconcile(turn: Turn, account: str) -> None:
    """Read an account's positions; and its fills, where they are not known without a hole up to lately."""
    memory = turn.state.accounts.get(account)
    if memory is None:
        return
    if memory.is_read and (turn.state.settling or turn.now > memory.fills_to + _FILLS_MS):
        turn.commands.append(ReadOwnFills(account=account, since=memory.fills_to))
    turn.commands.append(ReadAccount(account=account))
    turn.wake(f"reconcile:{account}", turn.now + turn.state.policy.tuning.reconcile_ms)


def _check_silence(turn: Turn, bot: str) -> None:
    """Ask a silent source; alert when it stays silent, and give it up after `orphan_after`."""
    policy, memory = turn.state.bot_policies.get(bot), turn.state.bots.get(bot)
    if policy is None or memory is None or not sources.holds_anything(turn, policy, memory):
        return
    silent = turn.now - memory.last_read
    if silent < sources.SILENCE_MS:
        turn.wake(f"source:{bot}", memory.last_read + sources.SILENCE_MS)
        return
    if not memory.silence_probed:
        memory.silence_probed = True
        for dex in sorted(memory.views) or [""]:
            sources.read_source(turn, policy.wallet, dex)
        turn.wake(f"source:{bot}", turn.now + _PROBE_MS)
        return
    if not memory.silence_alerted:
        memory.silence_alerted = True
        turn.alert("critical", "source_silent", bot, f"its wallet could not be read for {silent // SECOND_MS} s")
    _orphan(turn, policy, memory, silent)


def _orphan(turn: Turn, policy: BotPolicy, memory: BotMemory, silent: int) -> None:
    memory.silence_probed = False
    wait = sources.SILENCE_MS
    if policy.orphan_after_ms is not None and not memory.is_orphaned:
        if silent >= policy.orphan_after_ms:
            memory.is_orphaned = True
            turn.alert("critical", "orphan", policy.id, "its sleeves are closed: nobody knows what the source holds")
            for coin in memory.coins:
                sources.retarget(turn, policy, coin)
        else:
            wait = min(wait, policy.orphan_after_ms - silent)
    turn.wake(f"source:{policy.id}", turn.now + wait)


HANDLERS: dict[str, Callable[[Turn, str], None]] = {
    "settle": unknown.on_settle_wake,
    "decide": _decide,
    "held": _release_held,
    "read": _read_again,
    "source": _check_silence,
    "reconcile": _reconcile,
    "flatten": _flatten,
    "day": _day,
    "equity": _equity,
    "performance": performance.points_of_bots,
    "new-day": performance.begin_days_of_bots,
    "stop": stop_orders.on_wake,
    "dead-man": dead_man.on_wake,
}
"""What is done for the wakes of each kind: the part of a key before its first colon; the rest of it is passed on."""
