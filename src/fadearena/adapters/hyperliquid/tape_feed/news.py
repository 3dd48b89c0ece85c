"""What the tape tells. All times are the exchange's."""

from typing import TypeAlias

import msgspec

from fadearena.model.event import InputRejected
from fadearena.model.ids import Address, Coin
from fadearena.model.units import EpochMs
from fadearena.model.wallet import SourceFill


class TapeFills(msgspec.Struct, frozen=True):
    """What one message of the tape says of one watched wallet; each fill is told once."""

    wallet: Address
    fills: tuple[SourceFill, ...]


class TapeLost(msgspec.Struct, frozen=True):
    """The connection of these coins is gone; all of them was heard up to `since`."""

    coins: tuple[Coin, ...]
    since: EpochMs


class TapeGap(msgspec.Struct, frozen=True):
    """Trades of these coins from `since` on may have been missed for good; `TapeWhole` says until when."""

    coins: tuple[Coin, ...]
    since: EpochMs


class TapeWhole(msgspec.Struct, frozen=True):
    """From `since` on nothing of these coins is missed; without a gap before it, neither was anything while lost."""

    coins: tuple[Coin, ...]
    since: EpochMs


TapeNews: TypeAlias = TapeFills | TapeLost | TapeGap | TapeWhole | InputRejected
