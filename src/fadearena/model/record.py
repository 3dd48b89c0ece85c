"""Records: everything that is shown. They are written with the event that caused them, and never computed again."""

from enum import StrEnum

import msgspec

from fadearena.model.ids import AccountId, Address, BotId, Cloid, Coin
from fadearena.model.order import OrderStatus, Purpose
from fadearena.model.policy import Policy
from fadearena.model.units import EpochMs, Price, Quantity, Ratio, Side, Size, Usd
from fadearena.model.wallet import Feed


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


class FillKind(StrEnum):
    """Why a part of a book moved."""

    ORDER = "order"
    CROSS = "cross"
    DUST = "dust"
    OPERATOR = "operator"
    LIQUIDATION = "liquidation"
    ADL = "adl"
    SETTLEMENT = "settlement"
    FLATTEN = "flatten"
    CORRECTION = "correction"


class PartKind(StrEnum):
    """The three kinds of parts of a book."""

    SLEEVE = "sleeve"
    RESIDUE = "residue"
    EXTERNAL = "external"


class BotTrade(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="bot-trade"):
    """A fill of a watched wallet, counted once."""

    bot: BotId
    wallet: Address
    feed: Feed
    key: str
    coin: Coin
    time: EpochMs
    side: Side
    price: Price
    quantity: Quantity
    start_position: Size | None
    is_followed: bool


class PositionChange(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="position-change"):
    """A source position moved without fills that explain it."""

    bot: BotId
    coin: Coin
    before: Size
    after: Size
    reason: str


class Gap(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="gap"):
    """The chain of a source's fills has a hole: `expected` was our position, the fill began at `reported`."""

    bot: BotId
    coin: Coin
    expected: Size
    reported: Size


class FollowUpdate(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="follow-update"):
    """What is known of a source position now."""

    bot: BotId
    coin: Coin
    confidence: str
    position: Size
    baseline: Size
    followed: Size
    entry: Price | None


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


class OrderUpdate(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="order-update"):
    """One transition of an order."""

    cloid: Cloid
    label: str
    account: AccountId
    bot: BotId | None
    coin: Coin
    side: Side
    quantity: Quantity
    limit: Price
    reduce_only: bool
    purpose: Purpose
    status: OrderStatus
    filled: Quantity
    average_price: Price | None
    reason: str = ""


class MyFill(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="my-fill"):
    """A part of a book moved. `realised` is gross of `fee`. A correction has quantity 0 and moves only money."""

    key: str
    kind: FillKind
    account: AccountId
    coin: Coin
    part: PartKind
    bot: BotId | None
    side: Side
    quantity: Quantity
    price: Price
    fee: Usd
    realised: Usd
    cloid: Cloid | None = None
    saved: Usd = Usd(0)


class SleeveUpdate(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="sleeve-update"):
    """A sleeve after a change."""

    bot: BotId
    account: AccountId
    coin: Coin
    size: Size
    cost: Usd
    target: Size
    ratio: Ratio | None
    realised: Usd
    fees: Usd
    funding: Usd


class FundingBooked(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="funding-booked"):
    """Funding of one part of a book; `bot` is None for residue and external."""

    account: AccountId
    coin: Coin
    bot: BotId | None
    usd: Usd


class CashBooked(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="cash-booked"):
    """A deposit, a withdrawal, or an adjustment of our sum to a confirmed reading of equity."""

    account: AccountId
    usd: Usd
    reason: str


class EquityPoint(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="equity-point"):
    """Equity of one series (`account:ID`, `bot:ID` the source's, `mirror:ID` our PnL from it); None is unknown."""

    series: str
    usd: Usd | None


class BotPerformance(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="bot-performance"):
    """
    What a bot brought us so far.

    `net` is realised + unrealised - fees + funding, `day_net` the same since 00:00 UTC. `slippage_bps` is against the
    source's own prices (> 0: worse for us), `tracking_error` the sum of |sleeve - target| x mark as a ratio of our
    account's equity. None is unknown, or never happened.
    """

    bot: BotId
    round_trips: int
    win_rate: Ratio | None
    net: Usd
    day_net: Usd
    fees: Usd
    funding: Usd
    fills: int
    traded_usd: Usd
    crossed_saved_usd: Usd
    slippage_bps: Ratio | None
    reaction_ms: int | None
    tracking_error: Ratio | None


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


Record = (
    BotTrade
    | PositionChange
    | Gap
    | FollowUpdate
    | Decision
    | OrderUpdate
    | MyFill
    | SleeveUpdate
    | FundingBooked
    | CashBooked
    | EquityPoint
    | BotPerformance
    | TradingStateChange
    | SettingsChange
    | Drift
    | Alert
    | DeadLetter
    | ControlAnswer
)
