"""
What was realised, execution by execution: the rows of a year's report.

1. A row's `realised` is the ledger's own, at average cost, gross of fees; its fee and its funding stand beside it.
2. Summed up by account, coin and part, rows are what the ledger holds: nothing is left out, nothing told twice.
3. The fee of an order is its bot's, also where it closed residue. That of an execution which was no bot's order, such
   as a liquidation, belongs to no bot: it has a row of its own, as external.
"""

from collections import OrderedDict
from decimal import Context, Inexact, localcontext
from enum import StrEnum
from typing import TypeAlias

import msgspec

from fadearena.model.ids import AccountId, BotId, Cloid, Coin
from fadearena.model.record import FillKind, FundingBooked, MyFill, PartKind
from fadearena.model.units import ZERO, EpochMs, Price, Quantity, Side, Size, Usd, sign

_ORDERS_MAX = 1_000
"""So many orders are remembered with their bots: their executions come close together."""
_WIDE = Context(prec=100, traps=[Inexact])
"""Sums and products have more digits than what they are made of; none is rounded away."""
_ORDERED = frozenset({FillKind.ORDER, FillKind.CORRECTION})


class Reason(StrEnum):
    """Why there is a row."""

    CLOSE = "close"
    CORRECTION = "correction"
    FEE = "fee"
    FUNDING = "funding"


class Realised(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """
    One row. `quantity` is what was closed, bought for `cost` and sold for `proceeds`; 0 where nothing was.

    `side` is that of the closing execution. `fee` was paid (negative: a rebate), `funding` received (negative: paid).
    """

    time: EpochMs
    record_seq: int
    reason: Reason
    account: AccountId
    coin: Coin
    part: PartKind
    bot: BotId | None
    side: Side | None = None
    quantity: Quantity = ZERO
    price: Price | None = None
    proceeds: Usd = ZERO
    cost: Usd = ZERO
    realised: Usd = ZERO
    fee: Usd = ZERO
    funding: Usd = ZERO

    @property
    def net(self) -> Usd:
        """What it brought: realised - fee + funding."""
        with localcontext(_WIDE):
            return self.realised - self.fee + self.funding


class Total(msgspec.Struct, kw_only=True):
    """What rows come to, to the last digit. `closings` counts those that closed something."""

    closings: int = 0
    proceeds: Usd = ZERO
    cost: Usd = ZERO
    realised: Usd = ZERO
    fees: Usd = ZERO
    funding: Usd = ZERO

    @property
    def net(self) -> Usd:
        """What it brought: realised - fees + funding."""
        with localcontext(_WIDE):
            return self.realised - self.fees + self.funding

    def add(self, row: Realised) -> None:
        """Add a row."""
        self.closings += row.reason is Reason.CLOSE
        with localcontext(_WIDE):
            self.proceeds += row.proceeds
            self.cost += row.cost
            self.realised += row.realised
            self.fees += row.fee
            self.funding += row.funding


Where: TypeAlias = tuple[AccountId, Coin, PartKind, BotId | None]


class Realising:
    """Tells what executions closed, and remembers what each part holds: it has to see all of them from the first on."""

    def __init__(self) -> None:
        self._sizes: dict[Where, Size] = {}
        self._owners: OrderedDict[Cloid, BotId] = OrderedDict()

    def take_fill(self, record_seq: int, time: EpochMs, fill: MyFill) -> tuple[Realised, ...]:
        """Return the rows of an execution; none where it only opened something, free of charge."""
        closed, owner = self._move(fill), self._owner_of(fill)
        charged = (PartKind.EXTERNAL, None) if owner is None else (PartKind.SLEEVE, owner)
        moves = bool(closed or fill.realised)
        is_one_row = moves and charged == (fill.part, fill.bot)
        row = Realised(
            time=time,
            record_seq=record_seq,
            reason=Reason.CLOSE if closed else Reason.CORRECTION,
            account=fill.account,
            coin=fill.coin,
            part=fill.part,
            bot=fill.bot,
        )
        rows: list[Realised] = []
        if moves:
            rows.append(_with_money(row, fill, closed, fill.fee if is_one_row else ZERO))
        if fill.fee and not is_one_row:
            part, bot = charged
            rows.append(msgspec.structs.replace(row, reason=Reason.FEE, part=part, bot=bot, fee=fill.fee))
        return tuple(rows)

    def take_funding(self, record_seq: int, time: EpochMs, funding: FundingBooked) -> Realised:
        """Return the row of a funding payment."""
        return Realised(
            time=time,
            record_seq=record_seq,
            reason=Reason.FUNDING,
            account=funding.account,
            coin=funding.coin,
            part=PartKind.EXTERNAL if funding.bot is None else PartKind.SLEEVE,
            bot=funding.bot,
            funding=funding.usd,
        )

    def _move(self, fill: MyFill) -> Quantity:
        """Move a part, and return how much of it was closed."""
        where = (fill.account, fill.coin, fill.part, fill.bot)
        before, change = self._sizes.get(where, ZERO), fill.side.signed(fill.quantity)
        after = before + change
        if after:
            self._sizes[where] = after
        else:
            self._sizes.pop(where, None)
        return min(abs(before), abs(change)) if sign(before) == -sign(change) else ZERO

    def _owner_of(self, fill: MyFill) -> BotId | None:
        """Return the bot whose the fee is."""
        if fill.kind not in _ORDERED or fill.cloid is None:
            return None
        if fill.bot is not None:
            self._owners[fill.cloid] = fill.bot
            if len(self._owners) > _ORDERS_MAX:
                self._owners.popitem(last=False)
        return self._owners.get(fill.cloid)


def _with_money(row: Realised, fill: MyFill, closed: Quantity, fee: Usd) -> Realised:
    """Say for how much the closed part was bought and sold: of a short the buying is this execution."""
    with localcontext(_WIDE):
        here = closed * fill.price
        sold = here if fill.side is Side.SELL else here + fill.realised
        bought = sold - fill.realised
    return msgspec.structs.replace(
        row,
        side=fill.side,
        quantity=closed,
        price=fill.price,
        proceeds=sold,
        cost=bought,
        realised=fill.realised,
        fee=fee,
    )
