"""What can be exported as it was recorded."""

import msgspec

from fadearena.api.exports.booked import FILLS, FUNDING, LEDGER
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
    count,
    decimal,
    flag,
    text,
    time,
)
from fadearena.api.exports.curves import EQUITY
from fadearena.api.exports.scope import Scope, Sources
from fadearena.ports.archive import LoggedDecision, LoggedOrder, Trade

_ENCODER = msgspec.json.Encoder(decimal_format="string")


async def _trades(sources: Sources, scope: Scope) -> Rows:
    async for part in sources.archive.all_trades(scope.since, scope.until):
        yield [_trade(trade) for trade in part if scope.has(trade.bot, trade.coin)]


def _trade(trade: Trade) -> Row:
    notional = trade.quantity * trade.price
    what = (trade.side.value, trade.quantity, trade.price, notional, trade.realised, trade.key)
    return (trade.time, trade.kind.value, trade.bot, trade.coin, *what, trade.record_seq)


async def _decisions(sources: Sources, scope: Scope) -> Rows:
    async for part in sources.archive.all_decisions(scope.since, scope.until):
        yield [_decision(logged) for logged in part if scope.has(logged.decision.bot, logged.decision.coin)]


def _decision(logged: LoggedDecision) -> Row:
    made = logged.decision
    what = (made.outcome.value, made.reason, made.delta, made.target, made.sleeve, made.quantity, made.limit)
    checks = _ENCODER.encode(made.checks).decode()
    return (logged.time, made.account, made.coin, made.bot, *what, made.cloid, checks, logged.record_seq)


async def _orders(sources: Sources, scope: Scope) -> Rows:
    async for part in sources.archive.all_orders(scope.since, scope.until):
        yield [_order(logged) for logged in part if scope.has(logged.view.order.bot, logged.view.order.coin)]


def _order(logged: LoggedOrder) -> Row:
    view, order = logged.view, logged.view.order
    asked = (order.side.value, order.quantity, order.limit, order.reduce_only, order.purpose.value)
    became = (order.status.value, order.filled, order.average_price, order.reason)
    names = (order.cloid, order.label, order.account, order.coin, order.bot)
    return (view.created, view.changed, *names, *asked, *became, logged.record_seq)


TRADES = Table(
    name="trades",
    says="Executions of the followed wallets and of ours, the oldest first.",
    choice=Choice.BOT_AND_COIN,
    columns=(
        time("time", "When it was executed."),
        text("type", "bot: a followed wallet's; mine: a part of a book of ours that moved."),
        BOT,
        ASSET,
        SIDE,
        decimal("size", "Quantity in base units."),
        decimal("price", "USD for one base unit."),
        decimal("notional", "Size x price, USD."),
        decimal("realised", "Realised PnL gross of fees, USD; empty for others' and where nothing was closed."),
        text("key", "The execution's key."),
        NUMBER,
    ),
    rows=_trades,
)
DECISIONS = Table(
    name="decisions",
    says="The decision ledger: every outcome that changed, with every check.",
    choice=Choice.BOT_AND_COIN,
    columns=(
        time("time", "When it was decided."),
        ACCOUNT,
        ASSET,
        BOT,
        text("outcome", "execute, skip or hold."),
        text("reason", "Why."),
        decimal("delta", "What was wanted: target - sleeve, signed base units."),
        decimal("target", "The size that the sleeve should have, signed base units."),
        decimal("sleeve", "The size that it had, signed base units."),
        decimal("size", "What was ordered, base units; empty where nothing was."),
        decimal("limitPrice", "The order's limit, USD; empty where nothing was ordered."),
        text("cloid", "The order's client order id; empty where nothing was ordered."),
        text("checks", "JSON: each check with its name, value, limit, whether it passed, and its effect."),
        NUMBER,
    ),
    rows=_decisions,
)
ORDERS = Table(
    name="orders",
    says="Our orders, each as it stood when its row was read.",
    choice=Choice.BOT_AND_COIN,
    columns=(
        time("created", "When it was made."),
        time("changed", "When it changed last."),
        text("cloid", "Client order id."),
        text("label", "The text that the client order id is made of."),
        ACCOUNT,
        ASSET,
        BOT,
        SIDE,
        decimal("size", "What was ordered, base units."),
        decimal("limitPrice", "Limit, USD for one base unit."),
        flag("reduceOnly", "Whether it may only reduce."),
        text("purpose", "increase, reduce, protect, residue or flatten."),
        text("status", "Its status."),
        decimal("filled", "What of it traded, base units."),
        decimal("averagePrice", "Average price of that, USD; empty where nothing traded."),
        text("reason", "Why it has this status."),
        count("seq", "The number of the record that it was made by."),
    ),
    rows=_orders,
)
KINDS = (TRADES, FILLS, DECISIONS, ORDERS, EQUITY, FUNDING, LEDGER)
