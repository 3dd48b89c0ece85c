"""What can be asked of the archive."""

from enum import StrEnum

import msgspec

from fadearena.model.error import InvalidInput
from fadearena.model.ids import AccountId, BotId, Coin
from fadearena.model.order import OrderStatus
from fadearena.model.record import (
    Outcome,
)
from fadearena.model.units import MINUTE_MS, EpochMs

PAGE_MAX = 200
STEPS_MAX = 40_000


def check_page(limit: int) -> None:
    """
    Refuse an empty page, or one that is too long.

    Raises:
        InvalidInput: `limit` is not 1 to 200.
    """
    if not 1 <= limit <= PAGE_MAX:
        raise InvalidInput(f"limit must be 1 to {PAGE_MAX}, not {limit}")


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a list, newest first: records with a number below `before`, or the newest ones; at most `limit`."""

    before: int | None = None
    limit: int = 50

    def __post_init__(self) -> None:
        """
        Refuse what is no part of a list.

        Raises:
            InvalidInput: `limit` is not 1 to 200, or `before` is not positive.
        """
        check_page(self.limit)
        if self.before is not None and self.before < 1:
            raise InvalidInput(f"a cursor of {self.before} is not positive")


class TradeKind(StrEnum):
    """Whose trade it is: a followed wallet's, or ours."""

    BOT = "bot"
    MINE = "mine"


class TradeQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which trades: page `page` (from 1) of `limit`; of one kind, bot or coin; `since` and `until` are inclusive."""

    page: int = 1
    limit: int = 50
    kind: TradeKind | None = None
    bot: BotId | None = None
    coin: Coin | None = None
    since: EpochMs | None = None
    until: EpochMs | None = None

    def __post_init__(self) -> None:
        """
        Refuse what is no page.

        Raises:
            InvalidInput: `page` is not positive, or `limit` is not 1 to 200.
        """
        check_page(self.limit)
        if self.page < 1:
            raise InvalidInput(f"page must be at least 1, not {self.page}")


class DecisionQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which decisions: of one bot, coin or outcome; `since` and `until` are inclusive, of when it was decided."""

    cut: Cut = Cut()
    bot: BotId | None = None
    coin: Coin | None = None
    outcome: Outcome | None = None
    since: EpochMs | None = None
    until: EpochMs | None = None


class OrderQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which orders: of one bot, account, coin or status. `cut` counts the record that an order was made by."""

    cut: Cut = Cut()
    bot: BotId | None = None
    account: AccountId | None = None
    coin: Coin | None = None
    status: OrderStatus | None = None


class FillQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which of our fills: of one bot, account or coin; `since` and `until` are inclusive, of the execution."""

    cut: Cut = Cut()
    bot: BotId | None = None
    account: AccountId | None = None
    coin: Coin | None = None
    since: EpochMs | None = None
    until: EpochMs | None = None


class EventQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which records of the log, ascending: after number `after`, of a level or category where they are given."""

    after: int = 0
    limit: int = 50
    level: str | None = None
    category: str | None = None

    def __post_init__(self) -> None:
        """
        Refuse what is no part of a log.

        Raises:
            InvalidInput: `after` is negative, or `limit` is not 1 to 200.
        """
        check_page(self.limit)
        if self.after < 0:
            raise InvalidInput(f"since must be at least 0, not {self.after}")


class CurveQuery(msgspec.Struct, frozen=True, kw_only=True):
    """
    Which curves: points of `series` from `since` to `until` inclusive, the last of each `step_ms`.

    A point stands at the beginning of its step. Series are those of `EquityPoint`: `account:ID`, `bot:ID`, `mirror:ID`.
    """

    series: tuple[str, ...]
    since: EpochMs
    until: EpochMs
    step_ms: EpochMs

    def __post_init__(self) -> None:
        """
        Refuse steps that are no steps of a curve, and too many of them.

        Raises:
            InvalidInput: `step_ms` is not a multiple of a minute, or there are more than 40,000 steps.
        """
        if self.step_ms < MINUTE_MS or self.step_ms % MINUTE_MS:
            raise InvalidInput(f"a step of {self.step_ms} ms is not a number of whole minutes")
        if (self.until - self.since) // self.step_ms > STEPS_MAX:
            raise InvalidInput(f"that is more than {STEPS_MAX:,} steps: ask for a shorter time, or for longer steps")
