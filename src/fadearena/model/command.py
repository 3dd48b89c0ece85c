"""
Commands: everything that the core wants done. They are durable before anything is done.

Each signed action carries its nonce; waiting is a command too.
"""

import msgspec

from fadearena.model.ids import AccountId, Address, Cloid, Coin, Dex
from fadearena.model.order import OrderIdentity, OrderTerms
from fadearena.model.units import EpochMs, Price, Quantity, Side


class PlaceOrder(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="place-order"):
    """Send one IOC limit order. Made in `core.risk` only."""

    terms: OrderTerms
    identity: OrderIdentity


class CancelOrder(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="cancel-order"):
    """Cancel an order that rests although it should not: one of ours by cloid, any other by the venue's id."""

    account: AccountId
    signer: Address
    cloid: Cloid | None = None
    order_id: int | None = None
    asset_id: int
    nonce: int
    expires_after: EpochMs

    @property
    def subject(self) -> str:
        """What is cancelled, as answers name it."""
        return self.cloid or str(self.order_id)


class BurnNonce(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="burn-nonce"):
    """Send a noop with an order's own nonce: accepted, it proves that the order never ran and never will."""

    account: AccountId
    signer: Address
    cloid: Cloid
    nonce: int


class SetLeverage(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="set-leverage"):
    """Set a book's leverage and margin mode while it is flat, and read it back."""

    account: AccountId
    signer: Address
    coin: Coin
    asset_id: int
    leverage: int
    is_cross: bool
    nonce: int
    expires_after: EpochMs


class PlaceStop(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="place-stop"):
    """
    Leave a stop on the exchange for the hour in which this machine is dead; made in `core.risk` only.

    It is reduce-only, triggered by the mark at `trigger`, and trades at `limit` or better. It rests until it is
    triggered or cancelled, so it is no order that is waited for.
    """

    account: AccountId
    signer: Address
    coin: Coin
    asset_id: int
    side: Side
    quantity: Quantity
    trigger: Price
    limit: Price
    cloid: Cloid
    label: str
    nonce: int
    expires_after: EpochMs


class ScheduleCancel(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="schedule-cancel"):
    """Have the exchange cancel every order of an account at `at_ms`, unless it is moved before; None disarms it."""

    account: AccountId
    signer: Address
    at_ms: EpochMs | None
    nonce: int
    expires_after: EpochMs


class QueryOrder(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="query-order"):
    """Look an order up by cloid."""

    account: AccountId
    cloid: Cloid


class ReadAccount(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="read-account"):
    """Read an account completely, over all dexs."""

    account: AccountId


class ReadOwnFills(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="read-own-fills"):
    """Fetch our fills from `since` (inclusive) on."""

    account: AccountId
    since: EpochMs


class ReadLeverage(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="read-leverage"):
    """Read the leverage that the exchange holds for a book."""

    account: AccountId
    coin: Coin


class ReadBook(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="read-book"):
    """Fetch a coin's prices now."""

    coin: Coin


class ReadSource(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="read-source"):
    """Take a snapshot of a watched wallet on one dex."""

    wallet: Address
    dex: Dex


class RepairSource(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="repair-source"):
    """
    Fetch a watched wallet's fills from `since` (inclusive) on.

    Increases wait for what `is_urgent`; anything else is fetched whenever nothing else is to be asked.
    """

    wallet: Address
    since: EpochMs
    is_urgent: bool = True


class ReadRole(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="read-role"):
    """Ask what a wallet is to the exchange: at once where an increase waits for it, else whenever there is room."""

    wallet: Address
    is_urgent: bool = False


class ReadSourceEquity(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="read-source-equity"):
    """Read a watched wallet's balances over all dexs."""

    wallet: Address


class WakeAt(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="wake-at"):
    """Come back as `Woke(key)` at `at_ms`; a later request for the same key replaces this one."""

    at_ms: EpochMs
    key: str


Command = (
    PlaceOrder
    | CancelOrder
    | BurnNonce
    | SetLeverage
    | PlaceStop
    | ScheduleCancel
    | QueryOrder
    | ReadAccount
    | ReadOwnFills
    | ReadLeverage
    | ReadBook
    | ReadSource
    | RepairSource
    | ReadRole
    | ReadSourceEquity
    | WakeAt
)
