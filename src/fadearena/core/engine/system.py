"""The process itself: start and takeover, wakes, clock, markets, what could not be read."""

from fadearena.core.engine import fills, flatten, performance, sources, unknown
from fadearena.core.engine.letters import add
from fadearena.core.engine.settings import ask_for_bot
from fadearena.core.engine.turn import Turn
from fadearena.core.engine.valuation import mark_of, move_pool, revalue
from fadearena.core.latches import ALL, LatchKind
from fadearena.core.state import BotMemory, Letter
from fadearena.model.command import ReadAccount, ReadOwnFills, ReadSource, WakeAt
from fadearena.model.error import InvariantBroken
from fadearena.model.event import (
    ClockRead,
    InputRejected,
    Instruments,
    Notice,
    Quarantined,
    QuoteUnreadable,
    Started,
    Woke,
)
from fadearena.model.policy import BotPolicy
from fadearena.model.units import DAY_MS, MINUTE_MS, SECOND_MS, day_start

_PROBE_MS = 5 * SECOND_MS
_FILLS_MS = 10 * MINUTE_MS


def on_started(turn: Turn, event: Started) -> None:
    """Take over: settle every order, read everything, and decide nothing before that is done."""
    state = turn.state
    state.started, state.settling, state.started_at = True, True, turn.now
    for key, at_ms in sorted(state.wakes.items()):
        turn.commands.append(WakeAt(at_ms=at_ms, key=key))
    for memory in (state.books[key] for key in sorted(state.books)):
        memory.quote_asked = 0
        for cloid in list(memory.open):
            order = state.orders[cloid]
            order.is_burnt = False  # what was recorded and not sent before the stop is never sent
            unknown.doubt(turn, order, f"{event.worker} took over")
    for account, known in sorted(state.accounts.items()):
        if known.is_read:
            turn.commands.append(ReadOwnFills(account=account, since=known.fills_to))
        turn.commands.append(ReadAccount(account=account))
    for policy in state.policy.bots:
        if policy.enabled or state.bots[policy.id].coins:
            ask_for_bot(turn, policy)
    turn.wake("day", day_start(turn.now) + DAY_MS)
    turn.wake("equity", turn.now - turn.now % MINUTE_MS + MINUTE_MS)


def try_to_begin(turn: Turn) -> None:
    """
    End the settling after a start.

    Orders must be settled or past their deadline; positions, and fills without a hole, read since.
    """
    state = turn.state
    for order in (state.orders[cloid] for memory in state.books.values() for cloid in memory.open):
        if turn.now < order.verdict_from:
            return
    if any(min(memory.read_time, memory.fills_to) < state.started_at for memory in state.accounts.values()):
        return
    state.settling = False
    turn.dirty.update(key for key, memory in state.books.items() if memory.wanting or memory.book.residue.size)


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
    first, _, second = rest.partition(":")
    match kind:
        case "settle":
            unknown.on_settle_wake(turn, rest)
        case "decide":
            turn.dirty.add((first, second))
        case "held":
            fills.release_held(turn, (first, second))
        case "read":
            _read_again(turn, first, second)
        case "source":
            _check_silence(turn, rest)
        case "reconcile":
            _reconcile(turn, rest)
        case "flatten":
            if turn.state.latches.has(ALL, LatchKind.FLATTEN):
                flatten.read_all(turn)
        case "day":
            turn.wake("day", day_start(turn.now) + DAY_MS)
        case "equity":
            performance.points(turn)
            turn.wake("equity", turn.now - turn.now % MINUTE_MS + MINUTE_MS)
        case _:
            raise InvariantBroken(f"nobody asked for a wake {event.key!r}")


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
    """Keep an input that could not be read."""
    add(turn, f"input:{turn.state.seq}", Letter(kind="input", subject=event.source, error=event.error))
    turn.alert("warning", "input", event.source, event.error)


def on_quarantined(turn: Turn, event: Quarantined) -> None:
    """Halt: what the event would have done is not known, so nothing that is decided now can be trusted."""
    turn.set_latch(ALL, LatchKind.QUARANTINE, "worker", f"{event.subject}: {event.error}")
    turn.alert("critical", "quarantine", event.subject, event.error)


def on_notice(turn: Turn, event: Notice) -> None:
    """Pass on what people should know."""
    turn.alert(event.level, event.category, "system", event.text)


def _reconcile(turn: Turn, account: str) -> None:
    """Read an account's positions; and its fills, where they are not known without a hole up to lately."""
    memory = turn.state.accounts.get(account)
    if memory is None:
        return
    if memory.is_read and (turn.state.settling or turn.now > memory.fills_to + _FILLS_MS):
        turn.commands.append(ReadOwnFills(account=account, since=memory.fills_to))
    turn.commands.append(ReadAccount(account=account))
    turn.wake(f"reconcile:{account}", turn.now + turn.state.policy.tuning.reconcile_ms)


def _read_again(turn: Turn, bot: str, dex: str) -> None:
    policy = turn.state.bot_policies.get(bot)
    if policy is not None:
        turn.commands.append(ReadSource(wallet=policy.wallet, dex=dex))


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
