"""What people are told, and what they changed."""

import msgspec

from fadearena.model.ids import AccountId, BotId, Coin
from fadearena.model.policy import BotPolicy, Policy
from fadearena.model.units import Size


class TradingStateChange(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="trading-state"):
    """A latch was set or ended. `scope` is `all`, `bot:ID` or `account:ID`."""

    scope: str
    state: str
    latch: str
    is_set: bool
    actor: str
    reason: str


class SettingsChange(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="settings-change"):
    """New settings are in force, `policy` as a whole; None in journals from before it was recorded."""

    version: int
    actor: str
    policy: Policy | None = None


class BotsChange(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="bots-change"):
    """Some bots are others now, everything else stayed as it was: `put` stand where those of their ids did, or last."""

    version: int
    actor: str
    put: tuple[BotPolicy, ...] = ()
    dropped: tuple[BotId, ...] = ()


class Drift(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="drift"):
    """The exchange's position of a book and our sum differ, or agree again."""

    account: AccountId
    coin: Coin
    ours: Size
    theirs: Size
    is_open: bool


class Alert(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="alert"):
    """Something that people must know. `level` is `info`, `warning` or `critical`."""

    level: str
    category: str
    subject: str
    text: str


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="dead-letter"):
    """
    What no retry can mend, and what became of it: `open`, `retried` or `discarded`.

    `excerpt` is the beginning of an input that could not be read.
    """

    id: str
    state: str
    kind: str
    subject: str
    error: str
    attempts: int
    excerpt: str = ""


class ControlAnswer(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="control-answer"):
    """What was made of a person's command."""

    control_id: int
    accepted: bool
    reasons: tuple[str, ...] = ()
