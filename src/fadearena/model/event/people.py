"""What people order."""

import msgspec

from fadearena.model.event.header import Header
from fadearena.model.ids import AccountId, BotId, Coin
from fadearena.model.policy import BotPolicy, Policy


class SetPolicy(msgspec.Struct, frozen=True, kw_only=True, tag="set-policy"):
    """Replace the settings as a whole; refused if `expected_version` is not the present one."""

    policy: Policy
    expected_version: int | None = None


class ChangeBots(msgspec.Struct, frozen=True, kw_only=True, tag="change-bots"):
    """
    Put bots in, each in the place of the one of its id or at the end, and drop others; all of it, or nothing.

    Refused if `expected_version` is not the present one. What it costs depends on what it changes, however many bots
    there are beside.
    """

    put: tuple[BotPolicy, ...] = ()
    drop: tuple[BotId, ...] = ()
    expected_version: int | None = None


class Kill(msgspec.Struct, frozen=True, kw_only=True, tag="kill"):
    """Stop everything, or one bot; with `flatten` close everything first."""

    flatten: bool = False
    bot: BotId | None = None


class Release(msgspec.Struct, frozen=True, kw_only=True, tag="release"):
    """End a kill; with `rejoin` take up the positions that the bots hold now."""

    rejoin: bool = False
    bot: BotId | None = None


class Pause(msgspec.Struct, frozen=True, kw_only=True, tag="pause"):
    """Only reduce from now on."""

    bot: BotId | None = None


class Resume(msgspec.Struct, frozen=True, kw_only=True, tag="resume"):
    """End pauses and breached limits."""

    bot: BotId | None = None
    account: AccountId | None = None


class Rejoin(msgspec.Struct, frozen=True, kw_only=True, tag="rejoin"):
    """Make up now for increases that were missed."""

    bot: BotId
    coin: Coin | None = None


class Reanchor(msgspec.Struct, frozen=True, kw_only=True, tag="reanchor"):
    """Size open sleeves by the settings as they are now."""

    bot: BotId
    coin: Coin | None = None


class AcceptDrift(msgspec.Struct, frozen=True, kw_only=True, tag="accept-drift"):
    """Book what the exchange holds beyond our sum as an operator trade."""

    account: AccountId
    coin: Coin


class RetryDeadLetter(msgspec.Struct, frozen=True, kw_only=True, tag="retry-dead-letter"):
    """Decide anew, from the present state, what a dead letter wanted."""

    letter: str


class DiscardDeadLetter(msgspec.Struct, frozen=True, kw_only=True, tag="discard-dead-letter"):
    """Give a dead letter up."""

    letter: str


class SkipQuarantined(msgspec.Struct, frozen=True, kw_only=True, tag="skip-quarantined"):
    """Leave out for good the event that entry `seq` of the journal set aside, and go on without it."""

    seq: int


class LeaveMode(msgspec.Struct, frozen=True, kw_only=True, tag="leave-mode"):
    """Prepare for the other mode: refused unless every book is flat and every order settled."""


OperatorAction = (
    SetPolicy
    | ChangeBots
    | Kill
    | Release
    | Pause
    | Resume
    | Rejoin
    | Reanchor
    | AcceptDrift
    | RetryDeadLetter
    | DiscardDeadLetter
    | SkipQuarantined
    | LeaveMode
)


class Operator(Header, frozen=True, kw_only=True, tag="operator"):
    """
    A person's command. `control_id` grows; one that is not newer than the last was applied already.

    0 is for what did not come through the queue of commands, as a stop by a file or a signal: it is always carried
    out, and nobody waits for an answer.
    """

    control_id: int
    actor: str
    action: OperatorAction
