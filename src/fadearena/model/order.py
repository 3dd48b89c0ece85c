"""Orders, the states they pass through, and what a venue can answer."""

from enum import StrEnum

import msgspec

from fadearena.model.error import InvalidInput
from fadearena.model.ids import AccountId, Address, BotId, Cloid, Coin
from fadearena.model.units import EpochMs, Price, Quantity, Side, Size, Usd
from fadearena.model.wallet import ForcedKind


class OrderStatus(StrEnum):
    """States of an order of ours."""

    PENDING = "pending"
    SUBMITTED = "submitted"
    UNKNOWN = "unknown"
    FILLED = "filled"
    PARTIALLY_FILLED = "partially-filled"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    EXPIRED = "expired"

    @property
    def is_settled(self) -> bool:
        """Whether nothing can happen to the order any more."""
        return self not in _UNSETTLED


_UNSETTLED = frozenset({OrderStatus.PENDING, OrderStatus.SUBMITTED, OrderStatus.UNKNOWN})


class Purpose(StrEnum):
    """Why an order was made."""

    INCREASE = "increase"
    REDUCE = "reduce"
    PROTECT = "protect"
    RESIDUE = "residue"
    FLATTEN = "flatten"


class RejectCode(StrEnum):
    """Reasons of a venue for a clear no, as codes of ours."""

    TICK = "tick"
    LOT = "lot"
    MINIMUM_NOTIONAL = "minimum_notional"
    MARGIN = "margin"
    REDUCE_ONLY = "reduce_only"
    NO_MATCH = "no_match"
    NO_LIQUIDITY = "no_liquidity"
    OPEN_INTEREST = "open_interest"
    PRICE_BAND = "price_band"
    MARGIN_TIER = "margin_tier"
    HALTED = "halted"
    POST_ONLY_PERIOD = "post_only_period"
    SIGNER = "signer"
    NONCE = "nonce"
    EXPIRED = "expired"
    RATE = "rate"
    LEVERAGE = "leverage"
    ALREADY_DONE = "already_done"
    OTHER = "other"


class Filled(msgspec.Struct, frozen=True, kw_only=True, tag="filled"):
    """It traded `quantity` (perhaps less than asked) at `average_price`; an IOC's rest is gone."""

    quantity: Quantity
    average_price: Price
    order_id: int | None = None


class Refused(msgspec.Struct, frozen=True, kw_only=True, tag="refused"):
    """A clear no; nothing traded."""

    code: RejectCode
    text: str = ""


class Resting(msgspec.Struct, frozen=True, kw_only=True, tag="resting"):
    """It rests on the book, which an IOC never should."""

    order_id: int


class Dropped(msgspec.Struct, frozen=True, kw_only=True, tag="dropped"):
    """It never left the process: too late, or a stop came first."""

    reason: str


class NoAnswer(msgspec.Struct, frozen=True, kw_only=True, tag="no-answer"):
    """It may have been sent and processed, or not."""

    reason: str


Answer = Filled | Refused | Resting | Dropped | NoAnswer


class Found(StrEnum):
    """What a look-up by cloid says of an order."""

    OPEN = "open"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    NOT_FOUND = "not-found"


class ActionKind(StrEnum):
    """Signed actions that are not orders."""

    NOOP = "noop"
    CANCEL = "cancel"
    LEVERAGE = "leverage"
    STOP = "stop"
    SCHEDULE = "schedule"


class ActionOutcome(StrEnum):
    """What became of a signed action; one that was dropped never left."""

    ACCEPTED = "accepted"
    DUPLICATE_NONCE = "duplicate-nonce"
    REFUSED = "refused"
    DROPPED = "dropped"
    UNKNOWN = "unknown"


class OwnFill(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """
    One execution on an account of ours, as the venue reported it.

    `closed_pnl` is gross of fees; `fee` was paid, negative is a rebate. `forced` is set where this account
    was liquidated, deleveraged or settled.
    """

    key: str
    account: AccountId
    coin: Coin
    time: EpochMs
    side: Side
    price: Price
    quantity: Quantity
    fee: Usd
    closed_pnl: Usd
    order_id: int | None = None
    cloid: Cloid | None = None
    start_position: Size | None = None
    forced: ForcedKind | None = None

    def __post_init__(self) -> None:
        """Refuse what no execution can be."""
        if self.quantity <= 0 or self.price <= 0:
            raise InvalidInput(f"own fill {self.key}: {self.quantity} @ {self.price}")


class OrderTerms(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What an order asks of the venue, and for whom: an IOC limit, the only form that is used."""

    account: AccountId
    coin: Coin
    asset_id: int
    side: Side
    quantity: Quantity
    limit: Price
    reduce_only: bool
    purpose: Purpose
    bot: BotId | None
    residue_quantity: Quantity

    def __post_init__(self) -> None:
        """Refuse what no order can be."""
        if self.quantity <= 0 or self.limit <= 0 or not 0 <= self.residue_quantity <= self.quantity:
            raise InvalidInput(f"order for {self.coin}: {self.quantity} @ {self.limit}")


class OrderIdentity(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What makes an order unique and bounds its life."""

    cloid: Cloid
    label: str
    signer: Address
    nonce: int
    expires_after: EpochMs
