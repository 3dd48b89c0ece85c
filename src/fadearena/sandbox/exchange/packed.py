"""
Fills in little room: a hundred bytes each instead of seven hundred, for accounts of which there are many.

A fill that says more than most do, of a forced trade or a slice, is kept as it is.
"""

from collections.abc import Iterable, MutableSequence
from decimal import Decimal
from struct import Struct
from typing import overload

from fadearena.model.ids import Address
from fadearena.model.units import Side
from fadearena.sandbox.exchange.trading import direction
from fadearena.sandbox.listing import Listed
from fadearena.sandbox.nouns import Fill

_ROW = Struct("<qIB7q32s")
_PLACES = 6
_BUYS, _TAKES = 1, 2


class PackedFills(MutableSequence[Fill]):
    """
    The fills of one account.

    Args:
        user: Whose they are.
        listed: The coins, whose ids stand for their names.
    """

    def __init__(self, user: Address, listed: Listed) -> None:
        self._user = user
        self._listed = listed
        self._rows: list[bytes | Fill] = []

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> Fill: ...
    @overload
    def __getitem__(self, place: slice) -> list[Fill]: ...
    def __getitem__(self, place: int | slice) -> Fill | list[Fill]:
        """Return one, or some of them."""
        rows = self._rows[place]
        return [self._unpacked(row) for row in rows] if isinstance(rows, list) else self._unpacked(rows)

    @overload
    def __setitem__(self, place: int, fills: Fill) -> None: ...
    @overload
    def __setitem__(self, place: slice, fills: Iterable[Fill]) -> None: ...
    def __setitem__(self, place: int | slice, fills: Fill | Iterable[Fill]) -> None:
        """Put others in their place."""
        if isinstance(place, slice):
            self._rows[place] = [] if isinstance(fills, Fill) else [self._packed(fill) for fill in fills]
        elif isinstance(fills, Fill):
            self._rows[place] = self._packed(fills)

    def __delitem__(self, place: int | slice) -> None:
        """Forget one, or some of them."""
        del self._rows[place]

    def insert(self, index: int, value: Fill) -> None:
        """Put one before another."""
        self._rows.insert(index, self._packed(value))

    def _packed(self, fill: Fill) -> bytes | Fill:
        if fill.liquidation is not None or fill.twap_id is not None or fill.cloid is not None:
            return fill
        return _ROW.pack(
            fill.time,
            self._listed.assets[fill.coin].asset_id,
            (_BUYS if fill.side is Side.BUY else 0) | (_TAKES if fill.is_taker else 0),
            *(int(one.scaleb(_PLACES)) for one in (fill.price, fill.quantity, fill.start, fill.closed_pnl, fill.fee)),
            fill.order_id,
            fill.trade_id,
            bytes.fromhex(fill.hash[2:]),
        )

    def _unpacked(self, row: bytes | Fill) -> Fill:
        if isinstance(row, Fill):
            return row
        time, asset_id, flags, *numbers, order_id, trade_id, hash_ = _ROW.unpack(row)
        price, quantity, start, closed_pnl, fee = (Decimal(number).scaleb(-_PLACES) for number in numbers)
        side = Side.BUY if flags & _BUYS else Side.SELL
        return Fill(
            user=self._user,
            coin=self._listed.by_id[asset_id].coin,
            time=time,
            side=side,
            price=price,
            quantity=quantity,
            start=start,
            direction=direction(start, side.signed(quantity)),
            closed_pnl=closed_pnl,
            fee=fee,
            order_id=order_id,
            trade_id=trade_id,
            hash=f"0x{hash_.hex()}",
            is_taker=bool(flags & _TAKES),
        )
