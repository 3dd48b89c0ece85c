"""
Events: everything that the core ever learns.

1. `time` is the fact's own time (the exchange's where it has one); `received` is our clock, stamped once by
   the inbox, never decreasing. Both are part of the event, so that replays see the same.
2. `quotes` are the prices that the event uses, attached by the inbox; `heard` is when the socket of the
   source feed was last heard.
3. A failed read is an event of its own; no field ever says "nothing there" for "could not be read".
"""

from enum import StrEnum

import msgspec

from fadearena.model.account import AccountMode, DexState, OpenOrder
from fadearena.model.ids import AccountId, Address, BotId, Cloid, Coin, Dex
from fadearena.model.instrument import Instrument
from fadearena.model.market import Quote
from fadearena.model.order import ActionKind, ActionOutcome, Answer, Found, OwnFill
from fadearena.model.policy import Policy
from fadearena.model.units import EpochMs, Price, Quantity, Ratio, Usd
from fadearena.model.wallet import Feed, SourceFill, SourcePosition, WalletRole


class Header(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What every event carries."""

    time: EpochMs
    received: EpochMs
    quotes: tuple[Quote, ...] = ()
    heard: EpochMs | None = None


# --- what watched wallets do


class SourceFills(Header, frozen=True, kw_only=True, gc=False, tag="source-fills"):
    """One message's fills of one wallet."""

    wallet: Address
    feed: Feed
    fills: tuple[SourceFill, ...]


class SourceSnapshot(Header, frozen=True, kw_only=True, gc=False, tag="source-snapshot"):
    """All positions of a wallet on one dex, read completely; `time` is the exchange's."""

    wallet: Address
    dex: Dex
    positions: tuple[SourcePosition, ...]


class SourceEquity(Header, frozen=True, kw_only=True, gc=False, tag="source-equity"):
    """A wallet's balances, complete over all dexs."""

    wallet: Address
    mode: AccountMode
    dex_values: tuple[Usd, ...] = ()
    spot: Usd | None = None


class SourceUnreadable(Header, frozen=True, kw_only=True, gc=False, tag="source-unreadable"):
    """A read of a wallet failed or was incomplete; what was known stays known, with its age."""

    wallet: Address
    reason: str
    dex: Dex | None = None


class RepairStage(StrEnum):
    """Where the repair of a wallet's history stands."""

    STARTED = "started"
    DONE = "done"
    FAILED = "failed"


class SourceRepair(Header, frozen=True, kw_only=True, gc=False, tag="source-repair"):
    """Missed fills of a wallet are being fetched (after a reconnect or a gap), were, or could not be."""

    wallet: Address
    stage: RepairStage


class RoleRead(Header, frozen=True, kw_only=True, gc=False, tag="role-read"):
    """What a wallet is to the exchange."""

    wallet: Address
    role: WalletRole


# --- markets


class Marks(Header, frozen=True, kw_only=True, gc=False, tag="marks"):
    """Prices, in `quotes`; also the answer to a request for a book."""


class QuoteUnreadable(Header, frozen=True, kw_only=True, gc=False, tag="quote-unreadable"):
    """A book that was asked for could not be read."""

    coin: Coin
    reason: str


class Instruments(Header, frozen=True, kw_only=True, tag="instruments"):
    """Markets as the exchange lists them now; those not named stay as they were."""

    instruments: tuple[Instrument, ...]


# --- our accounts


class OrderSent(Header, frozen=True, kw_only=True, gc=False, tag="order-sent"):
    """The order was handed to the venue."""

    cloid: Cloid


class OrderAnswered(Header, frozen=True, kw_only=True, gc=False, tag="order-answered"):
    """The venue answered an order, or it is certain that it never left, or nobody knows."""

    cloid: Cloid
    answer: Answer


class OrderFound(Header, frozen=True, kw_only=True, gc=False, tag="order-found"):
    """A look-up by cloid succeeded; `quantity` is what it says was executed, None where it does not say."""

    cloid: Cloid
    found: Found
    quantity: Quantity | None = None
    order_id: int | None = None


class ActionAnswered(Header, frozen=True, kw_only=True, gc=False, tag="action-answered"):
    """
    The venue answered a signed action that is no order.

    `subject` is the cloid for a noop or cancel, the coin for leverage.
    """

    account: AccountId
    kind: ActionKind
    subject: str
    outcome: ActionOutcome
    text: str = ""


class OwnFills(Header, frozen=True, kw_only=True, gc=False, tag="own-fills"):
    """Executions on one account of ours. `is_complete_to` is set by a fetch that left nothing out up to then."""

    account: AccountId
    fills: tuple[OwnFill, ...]
    is_complete_to: EpochMs | None = None


class AccountRead(Header, frozen=True, kw_only=True, tag="account-read"):
    """An account of ours, read completely over all dexs, with all orders that rest; `time` is the exchange's."""

    account: AccountId
    mode: AccountMode
    dexs: tuple[DexState, ...]
    orders: tuple[OpenOrder, ...] = ()
    spot: Usd | None = None


class AccountUnreadable(Header, frozen=True, kw_only=True, gc=False, tag="account-unreadable"):
    """A read of an account failed or was incomplete."""

    account: AccountId
    reason: str


class LeverageRead(Header, frozen=True, kw_only=True, gc=False, tag="leverage-read"):
    """The leverage and margin mode that the exchange holds for a book."""

    account: AccountId
    coin: Coin
    leverage: int
    is_cross: bool


class FundingPaid(Header, frozen=True, kw_only=True, gc=False, tag="funding-paid"):
    """Hourly funding of a book: received (> 0) or paid (< 0)."""

    key: str
    account: AccountId
    coin: Coin
    usd: Usd
    rate: Ratio
    oracle: Price


class CashMoved(Header, frozen=True, kw_only=True, gc=False, tag="cash-moved"):
    """A deposit (> 0) or withdrawal (< 0)."""

    key: str
    account: AccountId
    usd: Usd


class BudgetRead(Header, frozen=True, kw_only=True, gc=False, tag="budget-read"):
    """How many signed actions the exchange still allows this address."""

    account: AccountId
    actions_left: int


class DirectlyFlattened(Header, frozen=True, kw_only=True, tag="directly-flattened"):
    """Orders that the emergency way out sent past the journal; their fills are our own flatten."""

    account: AccountId
    cloids: tuple[Cloid, ...]


# --- the process itself


class Started(Header, frozen=True, kw_only=True, gc=False, tag="started"):
    """A worker took over: nothing is decided before orders are settled and positions were read."""

    rules_version: int
    worker: str


class Woke(Header, frozen=True, kw_only=True, gc=False, tag="woke"):
    """A wake that was asked for is due."""

    key: str


class ClockRead(Header, frozen=True, kw_only=True, gc=False, tag="clock-read"):
    """Our clock's offset to the exchange and how much it wavers; None while it is not known."""

    offset_ms: int | None
    spread_ms: int | None


class InputRejected(Header, frozen=True, kw_only=True, gc=False, tag="input-rejected"):
    """Something came in that cannot be read, or bears an impossible time; it is kept as a dead letter."""

    source: str
    error: str
    excerpt: str = ""


class Quarantined(Header, frozen=True, kw_only=True, gc=False, tag="quarantined"):
    """An event on which the core raised was set aside: nothing is sent until somebody looked. `held` is its JSON."""

    subject: str
    error: str
    held: str = ""


class Notice(Header, frozen=True, kw_only=True, gc=False, tag="notice"):
    """Something that people should know: a full queue, a lost connection."""

    level: str
    category: str
    text: str


# --- people


class SetPolicy(msgspec.Struct, frozen=True, kw_only=True, tag="set-policy"):
    """Replace the settings as a whole; refused if `expected_version` is not the present one."""

    policy: Policy
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


Event = (
    SourceFills
    | SourceSnapshot
    | SourceEquity
    | SourceUnreadable
    | SourceRepair
    | RoleRead
    | Marks
    | QuoteUnreadable
    | Instruments
    | OrderSent
    | OrderAnswered
    | OrderFound
    | ActionAnswered
    | OwnFills
    | AccountRead
    | AccountUnreadable
    | LeverageRead
    | FundingPaid
    | CashMoved
    | BudgetRead
    | DirectlyFlattened
    | Started
    | Woke
    | ClockRead
    | InputRejected
    | Quarantined
    | Notice
    | Operator
)
