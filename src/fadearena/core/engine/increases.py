"""Increases: decided once for each growth of the source; refused, clamped, or held while they only have to wait."""

from fadearena.core import pricing, risk, sizing
from fadearena.core.engine import leverage
from fadearena.core.engine.facts import Want, case_of, lowest_price, snapshot_age
from fadearena.core.engine.saying import say, send
from fadearena.core.engine.turn import Turn
from fadearena.core.state import DexView, Growth
from fadearena.model.command import ReadRole, ReadSource
from fadearena.model.ids import dex_of
from fadearena.model.order import Purpose
from fadearena.model.record import Outcome
from fadearena.model.trading import TradingState
from fadearena.model.units import MINUTE_MS, SECOND_MS, ZERO, side_of, sign

SNAPSHOT_WAIT_MS = 5 * SECOND_MS
_ROLE_WAIT_MS = 10 * SECOND_MS


def try_increase(turn: Turn, want: Want, growth: Growth) -> bool:
    """Carry an increase out, refuse it, or hold it; tell whether an order was released."""
    state, tuning = turn.state, turn.state.policy.tuning
    ready_at = growth.received + tuning.coalesce_ms
    if turn.now < ready_at:
        turn.wake(f"decide:{want.key[0]}:{want.coin}", ready_at)
        return False
    instrument, quote = state.instruments.get(want.coin), state.quotes.get(want.coin)
    reference = want.sleeve.reference if growth.needs_reference else None
    limit = None
    if instrument is not None:
        limit = pricing.increase_limit(instrument, quote, side_of(want.step.delta), reference, state.policy.slippage)
    prepare(turn, want, growth)
    price = None if limit is None else lowest_price(turn, want.coin, limit)
    verdict = risk.judge(case_of(turn, want, price, minimum_exempt=False))
    if price is not None and sizing.in_dead_band(want.step, want.sleeve.target, price, ZERO, tuning.dead_band):
        return _refuse(turn, want, "dead_band", verdict)
    if verdict.is_hold:
        say(turn, want, Outcome.HOLD, verdict.reason, verdict)
        turn.wake(f"decide:{want.key[0]}:{want.coin}", growth.source_time + state.policy.max_signal_age_ms + 1)
        return False
    if instrument is None or limit is None or not verdict.quantity:
        return _refuse(turn, want, verdict.reason, verdict)
    delta = sign(want.step.delta) * verdict.quantity
    order = delta + sizing.residue_share(delta, want.memory.book.residue.size)
    reduce_only = sizing.is_reduce_only(order, want.memory.book.position)
    send(turn, want, verdict, (order, limit), instrument, Purpose.INCREASE, reduce_only=reduce_only)
    return True


def _refuse(turn: Turn, want: Want, reason: str, verdict: risk.Verdict) -> bool:
    """Skip an increase: the permission is used up, the rest waits for the next growth."""
    want.sleeve.growth = None
    want.sleeve.said = ""
    say(turn, want, Outcome.SKIP, reason, verdict)
    want.memory.wanting.remove(want.bot)
    return False


def prepare(turn: Turn, want: Want, growth: Growth) -> None:
    """Ask for what an increase may have to wait for: leverage, the source's role, and a snapshot of it."""
    if turn.now - growth.source_time > turn.state.policy.max_signal_age_ms:
        return
    if turn.state.latches.strictest(*turn.scopes(want.bot, want.key[0])) is not TradingState.ACTIVE:
        return
    if want.policy.coins.permits(want.coin):
        leverage.prepare(turn, want.key, want.memory)
        _prepare_role(turn, want)
        _prepare_snapshot(turn, want)


def _prepare_role(turn: Turn, want: Want) -> None:
    """Ask at once for a role that nobody knows yet: the question that was asked at the beginning may wait for long."""
    memory = want.bot_memory
    if memory.role is None and turn.now - memory.role_asked > _ROLE_WAIT_MS:
        memory.role_asked = turn.now
        turn.commands.append(ReadRole(wallet=want.policy.wallet, is_urgent=True))


def _prepare_snapshot(turn: Turn, want: Want) -> None:
    """Ask for a snapshot on demand where the present round brought none; at most N a minute."""
    tuning, dex = turn.state.policy.tuning, dex_of(want.coin)
    view = want.bot_memory.views.setdefault(dex, DexView())
    age = snapshot_age(turn, view)
    if age is not None and age <= turn.state.snapshot_round_ms:
        return
    if turn.now - max(view.requested, view.failed) <= SNAPSHOT_WAIT_MS:
        return
    view.requested = 0
    times = [time for time in turn.state.snapshot_times if time > turn.now - MINUTE_MS]
    if len(times) < tuning.snapshots_per_minute:
        times.append(turn.now)
        view.requested = turn.now
        turn.commands.append(ReadSource(wallet=want.policy.wallet, dex=dex))
        turn.wake(f"decide:{want.key[0]}:{want.coin}", turn.now + SNAPSHOT_WAIT_MS + 1)
    turn.state.snapshot_times = times
