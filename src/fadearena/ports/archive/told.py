"""What the archive tells."""

from typing import TypeAlias

import msgspec

from fadearena.model.ids import AccountId, BotId, Coin
from fadearena.model.policy import Policy
from fadearena.model.record import (
    BotsChange,
    CashBooked,
    Decision,
    FundingBooked,
    MyFill,
    OrderUpdate,
    PartKind,
    ShadowFill,
)
from fadearena.model.units import EpochMs, Price, Quantity, Ratio, Side, Size, Usd
from fadearena.ports.archive.queries import TradeKind
from fadearena.ports.read_store import LoggedRecord, OrderView


class Trade(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """
    One execution: a followed wallet's, or a part of a book of ours that moved.

    `realised` is gross of fees; None for others, and where nothing was closed. `bot` is None where no bot has a part.
    """

    kind: TradeKind
    record_seq: int
    key: str
    bot: BotId | None
    time: EpochMs
    coin: Coin
    side: Side
    quantity: Quantity
    price: Price
    realised: Usd | None = None


class TradePage(msgspec.Struct, frozen=True, kw_only=True):
    """Trades, the newest first, and how many there are on all pages."""

    trades: tuple[Trade, ...]
    total: int


class LoggedDecision(msgspec.Struct, frozen=True, kw_only=True):
    """A decision, with its place in the log and its time."""

    record_seq: int
    time: EpochMs
    decision: Decision


class LoggedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order as it stands; `record_seq` is that of the record that it was made by."""

    record_seq: int
    view: OrderView


class Transition(msgspec.Struct, frozen=True, kw_only=True):
    """One transition of an order, and when it was journaled."""

    record_seq: int
    time: EpochMs
    update: OrderUpdate


class LoggedFill(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a book that moved; `time` is the execution's, or where the venue does not tell it the event's."""

    record_seq: int
    time: EpochMs
    fill: MyFill


class OrderStory(msgspec.Struct, frozen=True, kw_only=True):
    """An order from its decision to its last fill; `shadow` is what simulation would have paid, where it is known."""

    order: LoggedOrder
    decision: LoggedDecision | None
    transitions: tuple[Transition, ...]
    fills: tuple[LoggedFill, ...]
    shadow: ShadowFill | None


class LoggedFunding(msgspec.Struct, frozen=True, kw_only=True):
    """Funding that was booked."""

    record_seq: int
    time: EpochMs
    funding: FundingBooked


class LoggedCash(msgspec.Struct, frozen=True, kw_only=True):
    """Money that came or went without a trade."""

    record_seq: int
    time: EpochMs
    cash: CashBooked


class DriftView(msgspec.Struct, frozen=True, kw_only=True):
    """A book of which the exchange holds something else than we sum up, since `changed`."""

    account: AccountId
    coin: Coin
    ours: Size
    theirs: Size
    changed: EpochMs


class LoosePart(msgspec.Struct, frozen=True, kw_only=True):
    """What a book holds that is no sleeve's: `part` is residue or external."""

    account: AccountId
    coin: Coin
    part: PartKind
    size: Size


class LoggedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A record of the log with its level (`info`, `warning`, `critical`) and its category."""

    logged: LoggedRecord
    level: str
    category: str


class SettingsStep(msgspec.Struct, frozen=True, kw_only=True):
    """One change of the settings: `policy` where all were set, `bots` where only bots changed, else it is not known."""

    record_seq: int
    time: EpochMs
    version: int
    actor: str
    policy: Policy | None = None
    bots: BotsChange | None = None


Curve: TypeAlias = dict[EpochMs, Usd | None]
"""The last value of each step, by the step's beginning; None is unknown, a step without a value is absent."""


class BotLedger(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a bot cost and brought us since the beginning, and how far its curves fell.

    `drawdown_usd` is the largest fall of our mirror of it from its peak, `source_drawdown` that of its own equity as a
    ratio of the peak; `source_first` and `source_last` are its first and last known equity. `skipped` counts decisions
    that were skipped, by reason.
    """

    bot: BotId
    drawdown_usd: Usd | None = None
    source_drawdown: Ratio | None = None
    source_first: Usd | None = None
    source_last: Usd | None = None
    bot_trades: int = 0
    skipped: dict[str, int] = {}


class Mark(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The newest mark price of a coin that was journaled, and when it was heard."""

    coin: Coin
    price: Price
    time: EpochMs
