"""What moved: parts of books, and money."""

from enum import StrEnum

import msgspec

from fadearena.model.ids import AccountId, BotId, Cloid, Coin
from fadearena.model.units import BPS, Price, Quantity, Ratio, Side, Size, Usd


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
    STOP = "stop"


class PartKind(StrEnum):
    """The three kinds of parts of a book."""

    SLEEVE = "sleeve"
    RESIDUE = "residue"
    EXTERNAL = "external"


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

    @property
    def slippage_usd(self) -> Usd | None:
        """`slippage_bps` on all that was traded; what had no price of the source's is taken to be like the rest."""
        return None if self.slippage_bps is None else self.slippage_bps * BPS * self.traded_usd
