"""What moved books and money: fills, funding, and both with cash as one ledger."""

from typing import Final, assert_never

from fadearena.api.exports.columns import (
    ACCOUNT,
    ASSET,
    BOT,
    NUMBER,
    SIDE,
    Choice,
    Row,
    Rows,
    Table,
    decimal,
    text,
    time,
)
from fadearena.api.exports.merging import Booked, by_time, merged
from fadearena.api.exports.scope import Scope, Sources
from fadearena.model.record import MyFill, PartKind
from fadearena.model.units import ZERO
from fadearena.ports.archive import LoggedCash, LoggedFill, LoggedFunding

PART = text("part", "sleeve, residue or external: which part of the book.")
FEE = decimal("fee", "What was paid for the whole execution, USD, in the first of its rows; negative is a rebate.")
REALISED = decimal("realised", "Realised PnL at average cost, gross of the fee, USD.")


_NOTHING: Final = (None, None, None)


async def _fills(sources: Sources, scope: Scope) -> Rows:
    async for part in sources.archive.all_fills(scope.since, scope.until):
        yield [_fill(logged) for logged in part if scope.has(logged.fill.bot, logged.fill.coin)]


def _fill(logged: LoggedFill) -> Row:
    fill = logged.fill
    where = (fill.account, fill.coin, fill.part.value, fill.bot, fill.kind.value, fill.side.value)
    money = (fill.quantity, fill.price, fill.quantity * fill.price, fill.fee, fill.realised, fill.saved)
    return (logged.time, *where, *money, fill.cloid, fill.key, logged.record_seq)


async def _funding(sources: Sources, scope: Scope) -> Rows:
    async for part in sources.archive.all_funding(scope.since, scope.until):
        yield [_payment(logged) for logged in part if scope.has(logged.funding.bot, logged.funding.coin)]


def _payment(logged: LoggedFunding) -> Row:
    paid = logged.funding
    return (logged.time, paid.account, paid.coin, paid.bot, paid.usd, logged.record_seq)


async def _ledger(sources: Sources, scope: Scope) -> Rows:
    archive, since, until = sources.archive, scope.since, scope.until
    streams = archive.all_fills(since, until), archive.all_funding(since, until), archive.all_cash(since, until)
    async for part in merged(*streams, key=by_time):
        yield [_entry(booked) for booked in part if _is_in(scope, booked)]


def _is_in(scope: Scope, booked: Booked) -> bool:
    match booked:
        case LoggedFill(fill=fill):
            return scope.has(fill.bot, fill.coin)
        case LoggedFunding(funding=funding):
            return scope.has(funding.bot, funding.coin)
        case LoggedCash():
            return scope.has(None, None)
        case _:
            assert_never(booked)


def _entry(booked: Booked) -> Row:
    match booked:
        case LoggedFill():
            what = _traded(booked.fill)
        case LoggedFunding(funding=paid):
            part = PartKind.EXTERNAL if paid.bot is None else PartKind.SLEEVE
            what = (paid.account, paid.coin, part.value, paid.bot, "funding", *_NOTHING, ZERO, ZERO, paid.usd, ZERO, "")
        case LoggedCash(cash=cash):
            what = (cash.account, None, None, None, "cash", *_NOTHING, ZERO, ZERO, ZERO, cash.usd, cash.reason)
        case _:
            assert_never(booked)
    return (booked.time, *what, booked.record_seq)


def _traded(fill: MyFill) -> Row:
    where = (fill.account, fill.coin, fill.part.value, fill.bot, fill.kind.value)
    return (*where, fill.side.value, fill.quantity, fill.price, fill.realised, fill.fee, ZERO, ZERO, fill.key)


FILLS = Table(
    name="fills",
    says="Every part of a book of ours that moved: executions of orders, crossings, corrections, what others did.",
    choice=Choice.BOT_AND_COIN,
    columns=(
        time("time", "When it was executed."),
        ACCOUNT,
        ASSET,
        PART,
        BOT,
        text(
            "kind",
            "Why it moved: order, cross, dust, operator, liquidation, adl, settlement, flatten, correction, stop.",
        ),
        SIDE,
        decimal("size", "Quantity in base units; 0 for a correction, which moves only money."),
        decimal("price", "USD for one base unit."),
        decimal("notional", "Size x price, USD."),
        FEE,
        REALISED,
        decimal("crossingSaved", "What a crossing saved against an order, USD."),
        text("cloid", "The order's client order id; empty where there was no order of ours."),
        text("key", "The execution's key."),
        NUMBER,
    ),
    rows=_fills,
)
FUNDING = Table(
    name="funding",
    says="Funding of each part of a book.",
    choice=Choice.BOT_AND_COIN,
    columns=(
        time("time", "When it was paid."),
        ACCOUNT,
        ASSET,
        BOT,
        decimal("funding", "USD; positive was received, negative was paid."),
        NUMBER,
    ),
    rows=_funding,
)
LEDGER = Table(
    name="ledger",
    says="Everything that moved books or money, in order: fills, funding, cash. With a bot or an asset, without cash.",
    choice=Choice.BOT_AND_COIN,
    columns=(
        time("time", "When it was executed, paid or booked."),
        ACCOUNT,
        text("asset", "The market; empty for cash."),
        text("part", "sleeve, residue or external: which part of the book; empty for cash."),
        BOT,
        text("kind", "The fill's kind, funding or cash."),
        text("side", "buy or sell; empty where nothing was traded."),
        decimal("size", "Quantity in base units; empty where nothing was traded."),
        decimal("price", "USD for one base unit; empty where nothing was traded."),
        REALISED,
        FEE,
        decimal("funding", "USD; positive was received, negative was paid."),
        decimal("cash", "USD; positive came in, negative went out."),
        text("note", "The execution's key, or why the cash moved."),
        NUMBER,
    ),
    rows=_ledger,
)
