"""What was decided, and why."""

from enum import StrEnum

import msgspec

from fadearena.model.ids import AccountId, BotId, Cloid, Coin
from fadearena.model.units import Price, Quantity, Size


class Effect(StrEnum):
    """What a failed check did."""

    NONE = "none"
    SKIP = "skip"
    CLAMP = "clamp"
    HOLD = "hold"


class Check(msgspec.Struct, frozen=True, gc=False):
    """One risk check of one decision. `value` and `limit` are texts with their units."""

    name: str
    passed: bool
    value: str = ""
    limit: str = ""
    effect: Effect = Effect.NONE


class Outcome(StrEnum):
    """What was decided for a sleeve."""

    EXECUTE = "execute"
    SKIP = "skip"
    HOLD = "hold"


class Decision(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="decision"):
    """What was decided for a sleeve and why, with every check; written when the outcome changes."""

    bot: BotId | None
    account: AccountId
    coin: Coin
    outcome: Outcome
    reason: str
    delta: Size
    target: Size
    sleeve: Size
    quantity: Quantity | None = None
    limit: Price | None = None
    cloid: Cloid | None = None
    checks: tuple[Check, ...] = ()
