"""What a watched wallet does: its fills, its positions, its role."""

from enum import StrEnum

import msgspec

from fadearena.model.error import InvalidInput
from fadearena.model.ids import Coin
from fadearena.model.units import EpochMs, Price, Quantity, Side, Size


class Feed(StrEnum):
    """Where a fill was seen. Only the tape lacks `startPosition`, order id and flags."""

    TAPE = "tape"
    USER = "user"
    POLL = "poll"
    REPLAY = "replay"


class WalletRole(StrEnum):
    """What an address is to the exchange."""

    USER = "user"
    VAULT = "vault"
    SUB_ACCOUNT = "subAccount"
    AGENT = "agent"
    MISSING = "missing"

    @property
    def may_be_followed(self) -> bool:
        """Only what holds positions can be followed."""
        return self in {WalletRole.USER, WalletRole.VAULT, WalletRole.SUB_ACCOUNT}


class ForcedKind(StrEnum):
    """Why a position changed without an order of its owner."""

    LIQUIDATION = "liquidation"
    ADL = "adl"
    SETTLEMENT = "settlement"


class SourceFill(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """
    One execution of a watched wallet.

    `key` names the execution across feeds: (time, coin, tid, side), or where a record has no tid everything
    else that it has. `start_position` is the position before the fill; None on the tape. `forced` is set
    where the wallet itself was liquidated, deleveraged or settled.
    """

    key: str
    coin: Coin
    time: EpochMs
    side: Side
    price: Price
    quantity: Quantity
    start_position: Size | None = None
    order_id: int | None = None
    forced: ForcedKind | None = None
    is_twap: bool = False

    def __post_init__(self) -> None:
        """Refuse what no execution can be."""
        if self.quantity <= 0 or self.price <= 0:
            raise InvalidInput(f"fill {self.key}: {self.quantity} @ {self.price}")

    @property
    def change(self) -> Size:
        """What the fill adds to the position."""
        return self.quantity if self.side is Side.BUY else -self.quantity


class SourcePosition(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One position of a snapshot; a flat coin is absent."""

    coin: Coin
    size: Size
    entry: Price | None = None
