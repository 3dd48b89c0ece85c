"""
The door to what is shown: the log of records, and tables of how things stand, from which everything is fed.

Every table follows from the journal's entries alone; a rebuild makes them anew from there.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

from fadearena.model.error import InvalidInput
from fadearena.model.ids import AccountId, Address, BotId
from fadearena.model.policy import Policy
from fadearena.model.record import BotPerformance, DeadLetter, FollowUpdate, OrderUpdate, Record, SleeveUpdate
from fadearena.model.units import HOUR_MS, MINUTE_MS, EpochMs, Usd
from fadearena.ports.journal import JournalEntry
from fadearena.ports.pairs import OrderPair, PairQuery

LIMIT_MAX = 1_000


def check_limit(limit: int) -> None:
    """
    Refuse to give out nothing, or too much at once.

    Raises:
        InvalidInput: `limit` is not 1 to 1,000.
    """
    if not 1 <= limit <= LIMIT_MAX:
        raise InvalidInput(f"a limit of {limit} is not 1 to {LIMIT_MAX}")


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """Up to which journal entry and which record (inclusive) everything is in; 0 at first."""

    journal_seq: int = 0
    record_seq: int = 0

    def after(self, entry: JournalEntry) -> "Position":
        """
        Return the position once `entry` is in, too.

        Raises:
            InvalidInput: Another entry is next, or its records are not numbered from the next record on.
        """
        if entry.seq != self.journal_seq + 1:
            raise InvalidInput(f"journal entry {entry.seq} came, {self.journal_seq + 1} is next")
        before = entry.record_seq - len(entry.records)
        if before != self.record_seq:
            raise InvalidInput(f"the records of journal entry {entry.seq} begin after {before}, not {self.record_seq}")
        return Position(journal_seq=entry.seq, record_seq=entry.record_seq)


class LoggedRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One record with its place. `record_seq` counts from 1, gapless; it is what clients resume from."""

    record_seq: int
    journal_seq: int
    time: EpochMs
    record: Record


class LogQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which part of the log is wanted: after `after`, at most `limit`, of `kinds` (tags) only if given."""

    after: int = 0
    limit: int = 50
    kinds: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """
        Refuse what is no part of a log.

        Raises:
            InvalidInput: `after` is negative or `limit` is not 1 to 1,000.
        """
        check_limit(self.limit)
        if self.after < 0:
            raise InvalidInput(f"the log begins after record 0, not after {self.after}")


class LogPage(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the log, oldest first. `next_after` asks for the next part; None at the end."""

    records: tuple[LoggedRecord, ...]
    next_after: int | None


class LatchView(msgspec.Struct, frozen=True, kw_only=True):
    """One reason to stop: `scope` is `all`, `bot:ID` or `account:ID`."""

    scope: str
    latch: str
    actor: str
    since: EpochMs
    reason: str


class SystemView(msgspec.Struct, frozen=True, kw_only=True):
    """
    How things stand. `state` is that of everything; times are None until something happened.

    `snapshot_round_ms` is how long one round of snapshots of the followed wallets takes, as the feed told it last.
    """

    state: str = "active"
    latches: tuple[LatchView, ...] = ()
    mode: str = "simulation"
    settings_version: int = 0
    started: EpochMs | None = None
    rules_version: int | None = None
    last_event_time: EpochMs | None = None
    last_order_time: EpochMs | None = None
    snapshot_round_ms: EpochMs | None = None

    @property
    def is_killed(self) -> bool:
        """Whether the kill switch is on, also while everything is being closed because of it."""
        return any(latch.scope == "all" and latch.latch in {"kill", "flatten"} for latch in self.latches)


class BotView(msgspec.Struct, frozen=True, kw_only=True):
    """A bot as its settings and its latches have it, and what it brought us; None until that was summed up."""

    id: BotId
    name: str
    wallet: Address
    enabled: bool
    state: str
    performance: BotPerformance | None = None
    performance_time: EpochMs | None = None


class AccountView(msgspec.Struct, frozen=True, kw_only=True):
    """An account of ours; equity is None while it is unknown."""

    id: AccountId
    address: Address
    state: str
    equity: Usd | None = None
    equity_time: EpochMs | None = None


class OrderView(msgspec.Struct, frozen=True, kw_only=True):
    """An order of ours as it stands, when it was made and when it changed last."""

    order: OrderUpdate
    created: EpochMs
    changed: EpochMs


class LetterView(msgspec.Struct, frozen=True, kw_only=True):
    """A dead letter as it stands, and when it changed last."""

    letter: DeadLetter
    changed: EpochMs


class SettingsView(msgspec.Struct, frozen=True, kw_only=True):
    """The settings in force, who set them and when."""

    policy: Policy
    actor: str
    changed: EpochMs


class Grain(StrEnum):
    """How fine a curve of equity is."""

    MINUTE = "minute"
    HOUR = "hour"

    @property
    def ms(self) -> int:
        """How long one of its steps is."""
        return MINUTE_MS if self is Grain.MINUTE else HOUR_MS


class EquityQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which part of a curve is wanted: from `since` to `until`, both inclusive, at most `limit` points."""

    series: str
    grain: Grain = Grain.MINUTE
    since: EpochMs = 0
    until: EpochMs | None = None
    limit: int = 1_000

    def __post_init__(self) -> None:
        """
        Refuse what is no part of a curve.

        Raises:
            InvalidInput: `limit` is not positive.
        """
        if self.limit < 1:
            raise InvalidInput(f"a limit of {self.limit} points is not positive")


class EquityRow(msgspec.Struct, frozen=True, kw_only=True):
    """The last value in the minute or hour that begins at `time`; None is unknown."""

    time: EpochMs
    usd: Usd | None


class ReadStore(Protocol):
    """Keeps what is shown and gives it out. Every method may raise `StorageUnavailable`."""

    async def position(self) -> Position:
        """Return how far everything is in."""
        ...

    async def project(self, entries: Sequence[JournalEntry]) -> Position:
        """
        Take entries in, in one transaction with the position, and return it; those already in change nothing.

        Answers to people's commands end their entries in the same transaction.

        Raises:
            InvalidInput: An entry is missing between the position and the first of these, or between two of them;
                nothing was taken in then.
        """
        ...

    async def clear(self, at: Position = Position()) -> None:  # noqa: B008  # frozen
        """
        Forget everything that follows from the journal, so that it can be projected again.

        The next entry is then the one after `at`: where old segments were deleted, the first that is kept.
        """
        ...

    async def log(self, query: LogQuery) -> LogPage:
        """Return a part of the log."""
        ...

    async def settings(self) -> SettingsView | None:
        """Return the settings in force; None before any were set."""
        ...

    async def system(self) -> SystemView:
        """Return how things stand."""
        ...

    async def bots(self) -> tuple[BotView, ...]:
        """Return the bots of the settings, in their order."""
        ...

    async def accounts(self) -> tuple[AccountView, ...]:
        """Return the accounts of the settings, in their order."""
        ...

    async def sleeves(self) -> tuple[SleeveUpdate, ...]:
        """Return all sleeves that hold or want something, by bot and coin."""
        ...

    async def sources(self) -> tuple[FollowUpdate, ...]:
        """Return what is known of the bots' own positions where it is not zero, by bot and coin."""
        ...

    async def orders(self, limit: int = 50) -> tuple[OrderView, ...]:
        """
        Return orders, the newest first, at most `limit`.

        Raises:
            InvalidInput: `limit` is not 1 to 1,000.
        """
        ...

    async def pairs(self, query: PairQuery) -> tuple[OrderPair, ...]:
        """Return orders that ended, the newest first, each with what simulation would have made of it."""
        ...

    async def letters(self) -> tuple[LetterView, ...]:
        """Return the dead letters that are open, the oldest first."""
        ...

    async def equity(self, query: EquityQuery) -> tuple[EquityRow, ...]:
        """Return a part of a curve, oldest first."""
        ...
