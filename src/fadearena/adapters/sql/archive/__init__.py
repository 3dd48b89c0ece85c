"""What happened, in the read store's database; see `ports/archive.py`."""

from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection, Row

from fadearena.adapters.sql import tables
from fadearena.adapters.sql.archive import books, curves, lists, streams, trades
from fadearena.adapters.sql.lane import Lane
from fadearena.adapters.sql.statements import filled
from fadearena.model.ids import BotId, Cloid, Coin
from fadearena.model.record import CashBooked, FundingBooked
from fadearena.model.units import EpochMs, Usd
from fadearena.ports.archive import (
    BotLedger,
    Curve,
    CurveQuery,
    Cut,
    DecisionQuery,
    DriftView,
    EventQuery,
    FillQuery,
    LoggedCash,
    LoggedDecision,
    LoggedEvent,
    LoggedFill,
    LoggedFunding,
    LoggedOrder,
    LoosePart,
    Mark,
    OrderQuery,
    OrderStory,
    SettingsStep,
    Trade,
    TradePage,
    TradeQuery,
)

T = TypeVar("T")


class SqlArchive:
    """The archive behind its port: every question is a transaction that sees one moment; a stream has many of them."""

    def __init__(self, reading: Lane) -> None:
        self._reading = reading

    async def trades(self, query: TradeQuery) -> TradePage:
        """Return trades, the newest first by time, and their true count."""
        return await self._reading.run(partial(trades.trades, query=query))

    async def decisions(self, query: DecisionQuery) -> tuple[LoggedDecision, ...]:
        """Return decisions, the newest first."""
        return await self._reading.run(partial(lists.decisions, query=query))

    async def orders(self, query: OrderQuery) -> tuple[LoggedOrder, ...]:
        """Return orders, the newest first."""
        return await self._reading.run(partial(lists.orders, query=query))

    async def order(self, cloid: Cloid) -> OrderStory | None:
        """Return everything about one order; None where there is none of this id."""
        return await self._reading.run(partial(lists.order, cloid=cloid))

    async def fills(self, query: FillQuery) -> tuple[LoggedFill, ...]:
        """Return our fills, the newest first by record."""
        return await self._reading.run(partial(lists.fills, query=query))

    async def events(self, query: EventQuery) -> tuple[LoggedEvent, ...]:
        """Return records of the log, the oldest first."""
        return await self._reading.run(partial(lists.events, query=query))

    async def settings_history(self, cut: Cut) -> tuple[SettingsStep, ...]:
        """Return changes of the settings, the newest first."""
        return await self._reading.run(partial(lists.settings_history, cut=cut))

    async def curves(self, query: CurveQuery) -> dict[str, Curve]:
        """Return the curves by their series, in the order in which these were asked for; one may have no values."""
        ask = self._reading.together if curves.is_short(query) else self._reading.run
        return await ask(partial(curves.curves, query=query))

    async def equity_before(self, series: tuple[str, ...], time: EpochMs) -> dict[str, Usd]:
        """Return the last known value of each series at or before `time`; a series without one is absent."""
        return await self._reading.together(partial(curves.equity_before, series=series, time=time))

    async def bot_ledgers(self, bots: tuple[BotId, ...]) -> dict[BotId, BotLedger]:
        """Return what is summed up of each of these bots."""
        return await self._reading.together(partial(curves.bot_ledgers, bots=bots))

    async def marks(self) -> dict[Coin, Mark]:
        """Return the newest marks that were journaled, by coin."""
        return await self._reading.together(curves.marks)

    async def held_marks(self) -> dict[Coin, Mark]:
        """Return those of the marks in whose coins a bot, or a sleeve of ours, holds or should hold something."""
        return await self._reading.together(curves.held_marks)

    async def drifts(self) -> tuple[DriftView, ...]:
        """Return the books that drift, by account and coin."""
        return await self._reading.together(books.drifts)

    async def loose(self) -> tuple[LoosePart, ...]:
        """Return what belongs to no bot where it is not zero, by account, coin and part."""
        return await self._reading.run(books.loose)

    def all_trades(self, since: EpochMs | None, until: EpochMs | None) -> AsyncIterator[tuple[Trade, ...]]:
        """Yield all trades in parts, the oldest first."""
        return streams.parts(self._reading, tables.trade, (since, until), _trades)

    def all_fills(self, since: EpochMs | None, until: EpochMs | None) -> AsyncIterator[tuple[LoggedFill, ...]]:
        """Yield all our fills in parts, the oldest first by time."""
        return streams.parts(self._reading, tables.my_fill, (since, until), _each(lists.fill_of))

    def all_funding(self, since: EpochMs | None, until: EpochMs | None) -> AsyncIterator[tuple[LoggedFunding, ...]]:
        """Yield all funding that was booked in parts, the oldest first by time."""
        return streams.parts(self._reading, tables.funding_booked, (since, until), _each(_funding))

    def all_decisions(self, since: EpochMs | None, until: EpochMs | None) -> AsyncIterator[tuple[LoggedDecision, ...]]:
        """Yield all decisions in parts, the oldest first."""
        return streams.parts(self._reading, tables.strategy_decision, (since, until), _each(lists.decision_of))

    def all_orders(self, since: EpochMs | None, until: EpochMs | None) -> AsyncIterator[tuple[LoggedOrder, ...]]:
        """Yield all orders as they stand in parts, the oldest first by when they were made."""
        return streams.parts(self._reading, tables.my_trade, (since, until), _each(lists.order_of), "created")

    def all_cash(self, since: EpochMs | None, until: EpochMs | None) -> AsyncIterator[tuple[LoggedCash, ...]]:
        """Yield all money that came or went without a trade in parts, the oldest first by time."""
        return streams.parts(self._reading, tables.cash_booked, (since, until), _each(_cash))

    def booked_fills(self) -> AsyncIterator[tuple[LoggedFill, ...]]:
        """Yield all our fills in parts, in the order in which they were booked: late ones came after newer ones."""
        return streams.parts(self._reading, tables.my_fill, (None, None), _each(lists.fill_of), "record_seq")

    def booked_funding(self) -> AsyncIterator[tuple[LoggedFunding, ...]]:
        """Yield all funding in parts, in the order in which it was booked."""
        return streams.parts(self._reading, tables.funding_booked, (None, None), _each(_funding), "record_seq")


def _each(turn: Callable[[Row[Any]], T]) -> Callable[[Connection, Sequence[Row[Any]]], tuple[T, ...]]:
    return lambda _connection, rows: tuple(map(turn, rows))


def _trades(connection: Connection, rows: Sequence[Row[Any]]) -> tuple[Trade, ...]:
    return trades.told(connection, [(row.record_seq, row.kind) for row in rows])


def _funding(row: Row[Any]) -> LoggedFunding:
    return LoggedFunding(record_seq=row.record_seq, time=row.time, funding=filled(FundingBooked, row))


def _cash(row: Row[Any]) -> LoggedCash:
    return LoggedCash(record_seq=row.record_seq, time=row.time, cash=filled(CashBooked, row))
