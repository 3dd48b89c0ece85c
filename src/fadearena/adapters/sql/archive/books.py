"""Books of our accounts: which of them drift, and what in them belongs to no bot."""

import sqlalchemy as sa
from sqlalchemy import Connection

from fadearena.adapters.sql import tables
from fadearena.adapters.sql.statements import filled
from fadearena.model.ids import AccountId, Coin
from fadearena.model.record import PartKind
from fadearena.model.units import ZERO, Side, Size
from fadearena.ports.archive import DriftView, LoosePart


def drifts(connection: Connection) -> tuple[DriftView, ...]:
    """Return the books that drift, by account and coin."""
    found = (filled(DriftView, row) for row in connection.execute(sa.select(tables.drift)))
    return tuple(sorted(found, key=lambda view: (view.account, view.coin)))


def loose(connection: Connection) -> tuple[LoosePart, ...]:
    """Return what belongs to no bot where it is not zero, by account, coin and part."""
    fill = tables.my_fill.c
    asked = sa.select(fill.account, fill.coin, fill.part, fill.side, fill.quantity).where(sa.text("part <> 'sleeve'"))
    sizes: dict[tuple[AccountId, Coin, str], Size] = {}
    for account, coin, part, side, quantity in connection.execute(asked):
        key = account, coin, part
        sizes[key] = sizes.get(key, ZERO) + Side(side).signed(quantity)
    return tuple(
        LoosePart(account=account, coin=coin, part=PartKind(part), size=size)
        for (account, coin, part), size in sorted(sizes.items())
        if size
    )
