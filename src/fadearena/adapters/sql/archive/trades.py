"""
Trades of both kinds, the newest first, with their true count.

1. How many there are is counted by week while they come in. A page is looked for in its own weeks only: neither the
   last page nor the count goes through years.
2. A week that `since` or `until` cuts through is counted in the index.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection, Table

from fadearena.adapters.sql import tables
from fadearena.adapters.sql.tables import ANY, WEEK_MS
from fadearena.model.units import EpochMs, Side
from fadearena.ports.archive import Trade, TradeKind, TradePage, TradeQuery

_TRADE = tables.trade.c
_KEYS = sa.select(_TRADE.record_seq, _TRADE.kind)
_BEGINNING, _END = -(1 << 62), 1 << 62


class _Week(msgspec.Struct, frozen=True, gc=False):
    """First and last moment, and how many trades there are that are asked for."""

    start: EpochMs
    end: EpochMs
    count: int


def trades(connection: Connection, query: TradeQuery) -> TradePage:
    """Return a page of trades, and how many there are on all pages."""
    weeks = _weeks(connection, query)
    total, skipped = sum(week.count for week in weeks), query.limit * (query.page - 1)
    if skipped >= total:
        return TradePage(trades=(), total=total)
    while skipped >= weeks[0].count:
        skipped -= weeks.pop(0).count
    until = list(accumulate(week.count for week in weeks))
    oldest = weeks[min(bisect_left(until, skipped + query.limit), len(weeks) - 1)]
    part = _KEYS.where(*_those(query), _TRADE.time.between(oldest.start, weeks[0].end))
    part = part.order_by(_TRADE.time.desc(), _TRADE.record_seq.desc()).limit(query.limit).offset(skipped)
    found = [(seq, kind) for seq, kind in connection.execute(part)]
    return TradePage(trades=told(connection, found), total=total)


def told(connection: Connection, found: Sequence[tuple[int, str]]) -> tuple[Trade, ...]:
    """Return the trades of these numbers and kinds, in their order."""
    theirs = [seq for seq, kind in found if kind == TradeKind.BOT.value]
    ours = [seq for seq, kind in found if kind == TradeKind.MINE.value]
    by_seq = {trade.record_seq: trade for trade in _bot_trades(connection, theirs)}
    by_seq |= {trade.record_seq: trade for trade in _my_trades(connection, ours)}
    return tuple(by_seq[seq] for seq, _ in found)


def _weeks(connection: Connection, query: TradeQuery) -> list[_Week]:
    """Return the weeks with trades that are asked for, the newest first; the first and the last may be cut."""
    first = _BEGINNING if query.since is None else query.since
    last = _END if query.until is None else query.until
    cell = tables.trade_count.c
    asked = (
        sa.select(cell.week, sa.func.sum(cell["count"]))
        .where(cell.bot == (query.bot or ANY), cell.coin == (query.coin or ANY))
        .where(cell.week.between(first // WEEK_MS, last // WEEK_MS))
        .group_by(cell.week)
        .order_by(cell.week.desc())
    )
    if query.kind is not None:
        asked = asked.where(cell.kind == query.kind.value)
    found: list[_Week] = []
    for week, count in connection.execute(asked):
        start, end = max(week * WEEK_MS, first), min((week + 1) * WEEK_MS - 1, last)
        is_whole = end - start == WEEK_MS - 1
        found.append(_Week(start, end, int(count) if is_whole else _counted(connection, query, start, end)))
    return found


def _counted(connection: Connection, query: TradeQuery, start: EpochMs, end: EpochMs) -> int:
    asked = sa.select(sa.func.count()).select_from(tables.trade).where(*_those(query), _TRADE.time.between(start, end))
    return connection.execute(asked).scalar_one()


def _those(query: TradeQuery) -> Iterator[ColumnElement[bool]]:
    if query.kind is not None:
        yield _TRADE.kind == query.kind.value
    if query.bot is not None:
        yield _TRADE.bot == query.bot
    if query.coin is not None:
        yield _TRADE.coin == query.coin


def _of(table: Table, numbers: Sequence[int], *names: str) -> sa.Select[Any]:
    return sa.select(*(table.c[name] for name in names)).where(table.c.record_seq.in_(numbers))


def _bot_trades(connection: Connection, numbers: Sequence[int]) -> Iterator[Trade]:
    names = ("record_seq", "key", "bot", "time", "coin", "side", "quantity", "price")
    if numbers:
        for seq, key, bot, time, coin, side, quantity, price in connection.execute(
            _of(tables.bot_trade_event, numbers, *names)
        ):
            yield Trade(
                kind=TradeKind.BOT,
                record_seq=seq,
                key=key,
                bot=bot,
                time=time,
                coin=coin,
                side=Side(side),
                quantity=quantity,
                price=price,
            )


def _my_trades(connection: Connection, numbers: Sequence[int]) -> Iterator[Trade]:
    names = ("record_seq", "key", "bot", "time", "coin", "side", "quantity", "price", "realised")
    if numbers:
        for seq, key, bot, time, coin, side, quantity, price, realised in connection.execute(
            _of(tables.my_fill, numbers, *names)
        ):
            yield Trade(
                kind=TradeKind.MINE,
                record_seq=seq,
                key=key,
                bot=bot,
                time=time,
                coin=coin,
                side=Side(side),
                quantity=quantity,
                price=price,
                realised=realised or None,
            )
