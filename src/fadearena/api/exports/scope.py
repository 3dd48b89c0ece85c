"""What an export reads from, and what part of history it is about."""

from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from fadearena.model.error import InvalidInput
from fadearena.model.ids import BotId, Coin
from fadearena.model.units import SECOND_MS, EpochMs
from fadearena.ports.archive import Archive
from fadearena.ports.read_store import ReadStore

YEAR_MIN, YEAR_MAX = 2000, 9998


@dataclass(frozen=True)
class Sources:
    """The doors that are read."""

    records: ReadStore
    archive: Archive


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """From `since` to `until`, both inclusive, of one bot or coin; where one of them is not given, of all."""

    since: EpochMs | None = None
    until: EpochMs | None = None
    bot: BotId | None = None
    coin: Coin | None = None

    def __post_init__(self) -> None:
        """
        Refuse what holds nothing.

        Raises:
            InvalidInput: It ends before it begins.
        """
        if self.since is not None and self.until is not None and self.since > self.until:
            raise InvalidInput(f"an export from {self.since} to {self.until} ends before it begins")

    def covers(self, time: EpochMs) -> bool:
        """Tell whether a moment is in it."""
        return (self.since is None or self.since <= time) and (self.until is None or time <= self.until)

    def has(self, bot: BotId | None, coin: Coin | None) -> bool:
        """Tell whether something of a bot and a coin is in it."""
        return self.bot in {None, bot} and self.coin in {None, coin}


def year_of(year: int) -> Scope:
    """
    Return a year of UTC.

    Raises:
        InvalidInput: It is none that could have a history.
    """
    if not YEAR_MIN <= year <= YEAR_MAX:
        raise InvalidInput(f"year must be {YEAR_MIN} to {YEAR_MAX}, not {year}")
    return Scope(since=_start_of(year), until=_start_of(year + 1) - 1)


def _start_of(year: int) -> EpochMs:
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) * SECOND_MS
