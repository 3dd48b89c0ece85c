"""Records made up for tests of the archive, and ways to have them told."""

from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from fadearena.model.order import OwnFill
from fadearena.model.record import (
    BotTrade,
    Decision,
    EquityPoint,
    FillKind,
    MyFill,
    Outcome,
    PartKind,
    Record,
)
from fadearena.model.units import DAY_MS, EpochMs, Side
from fadearena.model.wallet import Feed
from tests.support.entries import Writer
from tests.support.read_stores import Doors

T = TypeVar("T")
D = Decimal
T0 = 1_760_000_000_000 - 1_760_000_000_000 % (7 * DAY_MS)
"""The beginning of a week."""


def bot_trade(bot: str, coin: str, time: EpochMs, key: str = "k") -> BotTrade:
    """Return a trade of a followed wallet."""
    return BotTrade(
        bot=bot,
        wallet="0x1",
        feed=Feed.TAPE,
        key=key,
        coin=coin,
        time=time,
        side=Side.BUY,
        price=D("1.5"),
        quantity=D("0.25"),
        start_position=None,
        is_followed=True,
    )


def fill(key: str, bot: str | None = "a", coin: str = "BTC", **fields: Any) -> MyFill:
    """Return a part of a book that moved."""
    made = MyFill(
        key=key,
        kind=FillKind.ORDER,
        account="main",
        coin=coin,
        part=PartKind.SLEEVE if bot else PartKind.RESIDUE,
        bot=bot,
        side=Side.SELL,
        quantity=D("0.5"),
        price=D(100),
        fee=D("0.01"),
        realised=D(0),
    )
    return msgspec.structs.replace(made, **fields)


def decision(bot: str | None, coin: str = "BTC", outcome: Outcome = Outcome.SKIP, reason: str = "cap") -> Decision:
    """Return a decision."""
    return Decision(
        bot=bot, account="main", coin=coin, outcome=outcome, reason=reason, delta=D(1), target=D(2), sleeve=D(1)
    )


def own_fill(key: str, time: EpochMs) -> OwnFill:
    """Return an execution as the venue told it."""
    return OwnFill(
        key=key,
        account="main",
        coin="BTC",
        time=time,
        side=Side.SELL,
        price=D(100),
        quantity=D(1),
        fee=D(0),
        closed_pnl=D(0),
    )


def point(series: str, usd: str | None) -> EquityPoint:
    """Return a value of a curve."""
    return EquityPoint(series=series, usd=None if usd is None else D(usd))


async def all_of(parts: AsyncIterator[tuple[T, ...]]) -> list[T]:
    """Return what comes in parts."""
    return [one async for part in parts for one in part]


async def told(doors: Doors, *entries: tuple[EpochMs, Sequence[Record]]) -> None:
    """Project records at their times."""
    writer = Writer()
    await doors.records.project([writer.entry(*records, at=at) for at, records in entries])
