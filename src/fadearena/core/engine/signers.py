"""Whether our signers may sign, and for how long: people are told in time to make a new key."""

from fadearena.core.engine.turn import Turn
from fadearena.core.state import AccountMemory
from fadearena.model.event import SignerRead
from fadearena.model.ids import AccountId
from fadearena.model.units import DAY_MS


def on_signer(turn: Turn, event: SignerRead) -> None:
    """Take what the exchange says of an account's signer; of one that is not the settings' own nothing is taken."""
    account, policy = turn.state.accounts.get(event.account), turn.state.account_policies.get(event.account)
    if account is None or policy is None or event.signer != policy.signer:
        return
    view = account.signer
    if (event.is_approved, event.valid_until) != (view.is_approved, view.valid_until):
        view.told = None
    view.is_approved, view.valid_until = event.is_approved, event.valid_until
    _warn(turn, event.account, account)


def watch(turn: Turn) -> None:
    """Warn where the end came nearer since the last reading."""
    for name, account in sorted(turn.state.accounts.items()):
        _warn(turn, name, account)


def _warn(turn: Turn, name: AccountId, account: AccountMemory) -> None:
    stage = account.signer.reach(turn.now)
    if stage is None:
        return
    signer = turn.state.account_policies[name].signer
    advice = "make a new one with `fadearena keys rotate`"
    if not stage:
        text = f"the signer {signer} may not sign for {name}: nothing can be sent, not even a close; {advice}"
    else:
        left = -(-(account.signer.left_ms(turn.now) or 0) // DAY_MS)
        text = f"the signer {signer} may sign for {name} for {left} more days only; {advice}"
    turn.alert("warning" if stage > 1 else "critical", "agent_key", name, text)
