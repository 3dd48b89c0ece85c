"""The door itself."""

from collections.abc import AsyncIterator
from typing import Protocol

from fadearena.model.ids import BotId, Cloid, Coin
from fadearena.model.units import EpochMs, Usd
from fadearena.ports.archive.queries import (
    CurveQuery,
    Cut,
    DecisionQuery,
    EventQuery,
    FillQuery,
    OrderQuery,
    TradeQuery,
)
from fadearena.ports.archive.told import (
    BotLedger,
    Curve,
    DriftView,
    LoggedCash,
    LoggedDecision,
    LoggedEvent,
    LoggedFill,
    LoggedFunding,
    LoggedOrder,
    LoosePart,
    Mark,
    OrderStory,
    SettingsStep,
    Trade,
    TradePage,
)


class Archive(Protocol):
    """Gives out what happened. Every method may raise `StorageUnavailable`."""

    async def trades(self, query: TradeQuery) -> TradePage:
        """Return trades, the newest first by time, and their true count."""
        ...

    async def decisions(self, query: DecisionQuery) -> tuple[LoggedDecision, ...]:
        """Return decisions, the newest first."""
        ...

    async def orders(self, query: OrderQuery) -> tuple[LoggedOrder, ...]:
        """Return orders, the newest first."""
        ...

    async def order(self, cloid: Cloid) -> OrderStory | None:
        """Return everything about one order; None where there is none of this id."""
        ...

    async def fills(self, query: FillQuery) -> tuple[LoggedFill, ...]:
        """Return our fills, the newest first by record."""
        ...

    async def events(self, query: EventQuery) -> tuple[LoggedEvent, ...]:
        """Return records of the log, the oldest first."""
        ...

    async def settings_history(self, cut: Cut) -> tuple[SettingsStep, ...]:
        """Return changes of the settings, the newest first."""
        ...

    async def curves(self, query: CurveQuery) -> dict[str, Curve]:
        """Return the curves by their series, in the order in which these were asked for; one may have no values."""
        ...

    async def equity_before(self, series: tuple[str, ...], time: EpochMs) -> dict[str, Usd]:
        """Return the last known value of each series at or before `time`; a series without one is absent."""
        ...

    async def bot_ledgers(self, bots: tuple[BotId, ...]) -> dict[BotId, BotLedger]:
        """Return what is summed up of each of these bots."""
        ...

    async def marks(self) -> dict[Coin, Mark]:
        """Return the newest marks that were journaled, by coin."""
        ...

    async def held_marks(self) -> dict[Coin, Mark]:
        """Return those of the marks in whose coins a bot, or a sleeve of ours, holds or should hold something."""
        ...

    def all_trades(self, since: EpochMs | None, until: EpochMs | None) -> AsyncIterator[tuple[Trade, ...]]:
        """Yield all trades in parts, the oldest first."""
        ...

    def all_fills(self, since: EpochMs | None, until: EpochMs | None) -> AsyncIterator[tuple[LoggedFill, ...]]:
        """Yield all our fills in parts, the oldest first by time."""
        ...

    def all_funding(self, since: EpochMs | None, until: EpochMs | None) -> AsyncIterator[tuple[LoggedFunding, ...]]:
        """Yield all funding that was booked in parts, the oldest first by time."""
        ...

    def all_decisions(self, since: EpochMs | None, until: EpochMs | None) -> AsyncIterator[tuple[LoggedDecision, ...]]:
        """Yield all decisions in parts, the oldest first."""
        ...

    def all_orders(self, since: EpochMs | None, until: EpochMs | None) -> AsyncIterator[tuple[LoggedOrder, ...]]:
        """Yield all orders as they stand in parts, the oldest first by when they were made."""
        ...

    def all_cash(self, since: EpochMs | None, until: EpochMs | None) -> AsyncIterator[tuple[LoggedCash, ...]]:
        """Yield all money that came or went without a trade in parts, the oldest first by time."""
        ...

    def booked_fills(self) -> AsyncIterator[tuple[LoggedFill, ...]]:
        """Yield all our fills in parts, in the order in which they were booked: late ones came after newer ones."""
        ...

    def booked_funding(self) -> AsyncIterator[tuple[LoggedFunding, ...]]:
        """Yield all funding in parts, in the order in which it was booked."""
        ...

    async def drifts(self) -> tuple[DriftView, ...]:
        """Return the books that drift, by account and coin."""
        ...

    async def loose(self) -> tuple[LoosePart, ...]:
        """Return what belongs to no bot where it is not zero, by account, coin and part."""
        ...
