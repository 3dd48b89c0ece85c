"""
A year of realised PnL: a row for each part of a book that was closed, for each fee and funding payment; and totals.

Average cost: each unit that a part holds has the same cost, and what is closed takes its share of it along.
"""

from collections import defaultdict
from collections.abc import AsyncGenerator

from fadearena.api.exports.booked import PART
from fadearena.api.exports.columns import (
    ACCOUNT,
    ASSET,
    BOT,
    NUMBER,
    Choice,
    Row,
    Rows,
    Table,
    count,
    decimal,
    text,
    time,
)
from fadearena.api.exports.merging import Booked, by_record, merged
from fadearena.api.exports.moments import iso
from fadearena.api.exports.scope import Scope, Sources
from fadearena.model.ids import AccountId
from fadearena.model.realised import Realised, Realising, Total
from fadearena.ports.archive import LoggedFill, LoggedFunding

_DAY, _MONTH, _YEAR = len("2026-01-31"), len("2026-01"), len("2026")
_ALL = ""


async def realised(sources: Sources, scope: Scope) -> AsyncGenerator[list[Realised], None]:
    """Yield the rows of a scope, as they were booked; all others are read, too: a part may have been opened before."""
    book, archive = Realising(), sources.archive
    async for part in merged(archive.booked_fills(), archive.booked_funding(), key=by_record):
        yield [row for booked in part for row in _rows_of(book, booked) if scope.covers(row.time)]


def _rows_of(book: Realising, booked: Booked) -> tuple[Realised, ...]:
    match booked:
        case LoggedFill():
            return book.take_fill(booked.record_seq, booked.time, booked.fill)
        case LoggedFunding():
            return (book.take_funding(booked.record_seq, booked.time, booked.funding),)
        case _:  # cash: it realises nothing
            return ()


async def _report(sources: Sources, scope: Scope) -> Rows:
    async for part in realised(sources, scope):
        yield [_row(row) for row in part]


def _row(row: Realised) -> Row:
    where = (iso(row.time)[:_DAY], row.reason.value, row.account, row.coin, row.part.value, row.bot)
    side = None if row.side is None else row.side.value
    money = (row.proceeds, row.cost, row.realised, row.fee, row.funding, row.net)
    return (row.time, *where, side, row.quantity, row.price, *money, row.record_seq)


async def _summary(sources: Sources, scope: Scope) -> Rows:
    totals: defaultdict[tuple[str, AccountId], Total] = defaultdict(Total)
    async for part in realised(sources, scope):
        for row in part:
            for period in (iso(row.time)[:_MONTH], iso(row.time)[:_YEAR]):
                totals[period, row.account].add(row)
                totals[period, _ALL].add(row)
    months_first = sorted(totals, key=lambda key: (len(key[0]) != _MONTH, key[0], key[1] == _ALL, key[1]))
    yield [_total(*key, totals[key]) for key in months_first]


def _total(period: str, account: AccountId, total: Total) -> Row:
    money = (total.proceeds, total.cost, total.realised, total.fees, total.funding, total.net)
    return (period, account, total.closings, *money)


REALISED = Table(
    name="realised",
    says="Realised PnL of a year of UTC at average cost: each closing, each fee, each funding payment. No tax advice.",
    choice=Choice.YEAR,
    columns=(
        time("time", "When it was executed or paid."),
        text("date", "The day of that, UTC."),
        text("kind", "close; correction: of a price that was booked as an average; fee: of an opening; funding."),
        ACCOUNT,
        ASSET,
        PART,
        BOT,
        text("side", "Of the closing execution: sell closes a long, buy a short; empty for fees and funding."),
        decimal("size", "What was closed, base units; 0 where nothing was."),
        decimal("price", "USD for one base unit; empty for fees and funding."),
        decimal("proceeds", "For what it was sold, USD; of a short that was before."),
        decimal("cost", "For what it was bought, USD, at average cost."),
        decimal("realised", "Proceeds - cost, USD: the ledger's realised PnL, gross of fees."),
        decimal("fee", "What was paid, USD; negative is a rebate."),
        decimal("funding", "USD; positive was received, negative was paid."),
        decimal("net", "Realised - fee + funding, USD."),
        NUMBER,
    ),
    rows=_report,
)
SUMMARY = Table(
    name="realised-summary",
    says="The same year summed up: by month, then the whole, for each account and for all of them together.",
    choice=Choice.YEAR,
    columns=(
        text("period", "The month as 2026-01, or the year as 2026."),
        text("account", "Our account; empty: all of them."),
        count("closings", "How many rows closed something."),
        decimal("proceeds", "For what was sold, USD."),
        decimal("cost", "For what was bought, USD."),
        decimal("realised", "Proceeds - cost, USD."),
        decimal("fees", "What was paid, USD."),
        decimal("funding", "USD; positive was received, negative was paid."),
        decimal("net", "Realised - fees + funding, USD."),
    ),
    rows=_summary,
)
