"""Executions: of one user, and on the tape."""
# ruff: noqa: N815 - the names are the exchange's own

from typing import Literal, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

Side: TypeAlias = Literal["A", "B"]
"""B: this user bought (bid); A: sold (ask). On the tape it is the aggressor's side."""


class Liquidation(msgspec.Struct, frozen=True, kw_only=True):
    """Who was liquidated in a fill; both sides of the trade carry it."""

    liquidatedUser: str
    markPx: str
    method: str


class Fill(msgspec.Struct, frozen=True, kw_only=True):
    """One row of `userFills`; the form of 2023 has neither `tid` nor `feeToken`."""

    coin: str
    px: str
    sz: str
    side: Side
    time: int
    startPosition: str
    dir: str
    closedPnl: str
    hash: str
    oid: int
    crossed: bool
    fee: str
    tid: int | UnsetType = UNSET
    cloid: str | UnsetType | None = UNSET
    feeToken: str | UnsetType = UNSET
    builderFee: str | UnsetType | None = UNSET
    twapId: int | UnsetType | None = UNSET
    liquidation: Liquidation | UnsetType | None = UNSET
    feeTrialEscrow: str | UnsetType = UNSET


class RecordedLiquidation(Liquidation, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same in a recorded file."""


class RecordedFill(Fill, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of a recorded file: a fill, and perhaps whose it is; nothing else."""

    user: str | UnsetType = UNSET
    liquidation: RecordedLiquidation | UnsetType | None = UNSET


class TwapSliceFill(msgspec.Struct, frozen=True, kw_only=True):
    """One row of `userTwapSliceFills`; `userFillsByTime` leaves these fills out."""

    fill: Fill
    twapId: int


class TapeTrade(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a trade of the tape is to its two parties; `users` are buyer and seller, in lower case."""

    coin: str
    px: str
    sz: str
    time: int
    tid: int
    users: tuple[str, str]


class Trade(TapeTrade, frozen=True, kw_only=True, gc=False):
    """One trade of the tape, whole; `side` is the aggressor's."""

    side: Side
    hash: str
