"""What the sandbox can be told about accounts and prices: the bodies of its own door."""

from decimal import Decimal
from typing import Annotated

import msgspec

from fadearena.model.ids import Address, Coin
from fadearena.model.units import EpochMs, Price, Quantity, Side, Usd
from fadearena.sandbox.exchange.state import Pooling
from fadearena.sandbox.gateway import texts
from fadearena.sandbox.listing import FIRST_DEX

_MILLIONTH = Decimal("0.000001")
Times = Annotated[int, msgspec.Meta(ge=0)]


class _OfUser(msgspec.Struct, frozen=True, rename="camel"):
    user: Address

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "user", texts.address(self.user))


class _Money(_OfUser, frozen=True):
    usd: Usd

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.usd.is_finite() or self.usd <= 0 or self.usd % _MILLIONTH:
            raise ValueError(f"{self.usd} is no amount of dollars: above 0, with six places at most")


class Deposit(_Money, frozen=True):
    """Give an address money, or take it away; `balance` is a dex or `spot`."""

    balance: str = FIRST_DEX


class Transfer(_Money, frozen=True):
    """Move money from one balance to another, of one user or to an account of its family."""

    source: str
    destination: str
    to: Address | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.to is not None:
            msgspec.structs.force_setattr(self, "to", texts.address(self.to))


class Agent(_OfUser, frozen=True):
    """Let a wallet act for a user, as if it had signed for that; the zero address only removes the one of that name."""

    agent: Address
    name: str = ""
    valid_until: EpochMs | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        msgspec.structs.force_setattr(self, "agent", texts.address(self.agent))


class SubAccount(_OfUser, frozen=True):
    """Open a sub-account; its address is the answer."""

    name: str


class Mode(_OfUser, frozen=True):
    """Change how an account's balances are pooled."""

    mode: Pooling


class Volume(_Money, frozen=True):
    """Let an account have traded more than it did: some actions ask for it."""


class Trade(_OfUser, frozen=True):
    """Trade at the market, as a user does by hand."""

    coin: Coin
    side: Side
    quantity: Quantity


class Mark(msgspec.Struct, frozen=True):
    """Put a coin's price elsewhere, and hold it there for so long, by the sandbox's time."""

    coin: Coin
    price: Price
    ms: Times = 0

    def __post_init__(self) -> None:
        if not self.price.is_finite() or self.price <= 0:
            raise ValueError(f"{self.price} is no price: above 0")


class Pace(msgspec.Struct, frozen=True):
    """Let the crowd trade so often; 0 lets all traders rest."""

    trades_per_second: Decimal


class NewCoin(msgspec.Struct, frozen=True):
    """List a coin, on the first dex or, as `dex:COIN`, on a builder's."""

    coin: Coin


class Deleverage(_OfUser, frozen=True):
    """Take so much of a position from an account, as auto-deleveraging does."""

    coin: Coin
    quantity: Quantity
