"""Questions on settings that the mode has a part in, and that need nothing but the settings."""

from collections.abc import Sequence

from fadearena.model.error import InvalidInput
from fadearena.model.finding import Finding, Level
from fadearena.model.ids import AccountId
from fadearena.model.policy import AccountPolicy, Policy

_NAMED = 6


def account_of(policy: Policy, account: AccountId) -> AccountPolicy:
    """
    Return an account of the settings.

    Raises:
        InvalidInput: There is none of this id.
    """
    for each in policy.accounts:
        if each.id == account:
            return each
    raise InvalidInput(f"there is no account {account}: `fadearena accounts list` shows those that there are")


def limits_missing(policy: Policy) -> list[str]:
    """Return the limits that are not set, as people call them: those of bots by the bots' ids."""
    names = [name for name in policy.gaps_for_real_money() if not name.startswith("bots[")]
    bots = [bot.id for bot in policy.bots if bot.exposure_cap is None]
    return names + ([f"exposureCap of {some(bots)}"] if bots else [])


def some(names: Sequence[str]) -> str:
    """Return names as they fit in a sentence: the first ones, and how many there are beside."""
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def limits_of(policy: Policy, level: Level) -> Finding:
    """Look whether the limits are set without which real money is not put at risk."""
    names = limits_missing(policy)
    if not names:
        return Finding(check="limits", level=Level.OK, text="the caps and the daily loss limit are set")
    advice = "`fadearena mode live` proposes them; `fadearena settings set` and `fadearena bots set` change them"
    return Finding(check="limits", level=level, text=f"no limit is set: {'; '.join(names)}", advice=advice)
