"""
The exchange cancels all orders of an account when nothing was heard from here for so long, where it may be asked.

It is asked anew in each third of that time while something may be sent. An account that may not ask (the exchange
wants a volume for it) is told once, and asked again after a day.
"""

from fadearena.core.engine.placing import spend_action
from fadearena.core.engine.turn import Turn
from fadearena.core.risk import REDUCIBLE
from fadearena.model.command import ScheduleCancel
from fadearena.model.event import ActionAnswered
from fadearena.model.ids import AccountId
from fadearena.model.order import ActionOutcome
from fadearena.model.policy import AccountPolicy
from fadearena.model.units import DAY_MS, EpochMs


def begin(turn: Turn) -> None:
    """Look at every account that wants it, or has asked for it before."""
    for name, policy in sorted(turn.state.account_policies.items()):
        if policy.dead_man_ms is not None or turn.state.accounts[name].dead_man.asked_to > turn.now:
            turn.wake(f"dead-man:{name}", turn.now)


def on_wake(turn: Turn, account: AccountId) -> None:
    """Move the moment on, or take it back where nobody wants it any more."""
    memory, policy = turn.state.accounts.get(account), turn.state.account_policies.get(account)
    if memory is None or policy is None:
        return
    dead_man, wanted = memory.dead_man, policy.dead_man_ms
    if wanted is None:
        if dead_man.asked_to > turn.now:
            ask(turn, policy, None)
        dead_man.asked_to = 0
        return
    turn.wake(f"dead-man:{account}", turn.now + wanted // 3)
    if turn.now >= dead_man.refused_until and turn.trading_state(account) in REDUCIBLE:
        dead_man.asked_to = turn.now + wanted
        ask(turn, policy, dead_man.asked_to)


def ask(turn: Turn, policy: AccountPolicy, at_ms: EpochMs | None) -> None:
    """Have everything of an account cancelled at a moment, None for never."""
    spend_action(turn, policy.id)
    turn.commands.append(
        ScheduleCancel(
            account=policy.id,
            signer=policy.signer,
            at_ms=at_ms,
            nonce=turn.next_nonce(policy.signer),
            expires_after=turn.now + turn.state.policy.tuning.order_life_ms,
        )
    )


def on_answer(turn: Turn, event: ActionAnswered) -> None:
    """Give up for a day where the exchange refuses it."""
    memory = turn.state.accounts.get(event.account)
    if memory is not None and event.outcome is ActionOutcome.REFUSED:
        memory.dead_man.asked_to, memory.dead_man.refused_until = 0, turn.now + DAY_MS
        text = f"the exchange refuses to cancel everything by itself: {event.text}; it is asked again in a day"
        turn.alert_once("warning", "dead_man", event.account, text)
    elif memory is not None and event.outcome is ActionOutcome.ACCEPTED:
        turn.all_clear("dead_man", event.account)
