"""
A year of history in a read store, made in about a minute, for measuring what is asked of it.

1. It is projected, as in earnest, in large parts; the curves of every minute, which are too many for that, are made by
   the database itself. The same shape and end give the same rows.
2. A round is what one trade of a bot leads to: ten records, of which two are trades and two are decisions.
"""

import asyncio
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

import msgspec
import sqlalchemy as sa

from fadearena.adapters.sql.database import Location, PostgresDatabase
from fadearena.adapters.sql.engine import engine_of
from fadearena.adapters.sql.migrations import upgrade
from fadearena.adapters.sql.read_store import open_read_store
from fadearena.model.event import Event, SourceFills, Started
from fadearena.model.ids import BotId, Cloid, Coin, cloid_of, order_label
from fadearena.model.market import Quote
from fadearena.model.order import OrderStatus, Purpose
from fadearena.model.record import (
    Alert,
    BotTrade,
    Check,
    Decision,
    EquityPoint,
    FillKind,
    FollowUpdate,
    MyFill,
    OrderUpdate,
    Outcome,
    PartKind,
    Record,
    SleeveUpdate,
    StopUpdate,
)
from fadearena.model.units import DAY_MS, HOUR_MS, MINUTE_MS, ZERO, EpochMs, Side
from fadearena.model.wallet import Feed
from fadearena.ports.journal import JournalEntry
from tests.support.shown import bot_policy, performance, settings

BOTS: Final = tuple(f"bot-{number}" for number in range(1, 7))
COINS: Final = ("BTC", "ETH", "SOL", "HYPE", "DOGE", "XRP", "xyz:NVDA", "BNB", "AVAX", "SUI")
SERIES: Final = ("account:main", *(f"{kind}:{bot}" for kind in ("bot", "mirror") for bot in BOTS))
RECORDS_A_ROUND: Final = 10
_PART = 1_000
_REASONS = ("trading_state", "waits_for_growth", "below_minimum", "bot_exposure")
_CHECKS = tuple(
    Check(name=name, passed=True, value="17.82", limit="10.5")
    for name in ("trading_state", "minimum_notional", "signal_age", "global_exposure", "leverage")
)
_CURVES = {
    "sqlite": """
        WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :count)
        INSERT INTO equity_snapshot (series, grain, time, read, usd)
        SELECT :series, :grain, :since + i * :step, :since + i * :step + 1000,
               CAST(9000 + (i * 7919 + :seed) % 2000 AS TEXT) || '.' || (1 + i % 9)
        FROM n WHERE true ON CONFLICT DO NOTHING
    """,
    "postgresql": """
        INSERT INTO equity_snapshot (series, grain, time, read, usd)
        SELECT :series, :grain, :since + i * :step, :since + i * :step + 1000,
               (9000 + (i * 7919 + :seed) % 2000) + (1 + i % 9) / 10.0
        FROM generate_series(0, CAST(:count AS BIGINT) - 1) AS n(i) ON CONFLICT DO NOTHING
    """,
}


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """How much there is: of the records a fifth are trades, half bots' and half ours, and a fifth are decisions."""

    records: int = 1_000_000
    days: int = 365

    def part(self, n: int) -> "Shape":
        """Return an n-th of it."""
        return Shape(records=self.records // n, days=max(self.days // n, 1))


FULL: Final = Shape()


class History(msgspec.Struct, frozen=True, kw_only=True):
    """What was made: `records` is the last one's number, `until` the time of the newest; order `cloid` has a fill."""

    bots: tuple[BotId, ...] = BOTS
    coins: tuple[Coin, ...] = COINS
    series: tuple[str, ...] = SERIES
    trades: int
    records: int
    since: EpochMs
    until: EpochMs
    cloid: Cloid


def make_history(location: Location, shape: Shape = FULL, until: EpochMs | None = None) -> History:
    """
    Fill a read store in which nothing is yet; its tables are made where they are missing.

    Args:
        location: Where it is.
        shape: How much there shall be.
        until: When the history ends; by default now.
    """
    upgrade(location, "read")
    until = (time.time_ns() // 1_000_000 if until is None else until) // MINUTE_MS * MINUTE_MS
    since = until - shape.days * DAY_MS
    rounds = shape.records // RECORDS_A_ROUND
    records = asyncio.run(_project(location, rounds, since, until))
    _draw_curves(location, since, until)
    return History(
        trades=2 * rounds, records=records, since=since, until=until, cloid=cloid_of(_label(rounds // 2 + 1))
    )


async def _project(location: Location, rounds: int, since: EpochMs, until: EpochMs) -> int:
    async with open_read_store(location, inline=True) as store:
        part: list[JournalEntry] = []
        for entry in _entries(rounds, since, until):
            part.append(entry)
            if len(part) == _PART:
                await store.records.project(part)
                part.clear()
        return (await store.records.project(part)).record_seq


def _entries(rounds: int, since: EpochMs, until: EpochMs) -> Iterator[JournalEntry]:
    """Yield all entries, numbered: the settings, the rounds, and how bots stand at the end."""
    policies = [bot_policy(bot, number) for number, bot in enumerate(BOTS, 1)]
    record_seq = 0
    wallets = [policy.wallet for policy in policies]
    for seq, (event, told) in enumerate(_told(wallets, rounds, since, until), 1):
        records = told if seq > 1 else (settings(*policies),)
        record_seq += len(records)
        yield JournalEntry(seq=seq, event=event, records=records, record_seq=record_seq)


def _told(
    wallets: list[str], rounds: int, since: EpochMs, until: EpochMs
) -> Iterator[tuple[Event, tuple[Record, ...]]]:
    yield Started(time=since, received=since, rules_version=4, worker="made up"), ()
    for n in range(rounds):
        at = since + (n + 1) * (until - since) // (rounds + 1)
        bot, coin = n * 7_919 % len(BOTS), COINS[(n * 104_729 % 100) ** 2 // 1_000]
        price = Decimal(1_000 + n % 997) / 8
        event = SourceFills(
            time=at,
            received=at + 40,
            wallet=wallets[bot],
            feed=Feed.TAPE,
            fills=(),
            quotes=(Quote(coin=coin, mark=price, mark_time=at),),
        )
        yield event, _round(n, at, BOTS[bot], wallets[bot], coin, price)
    stopped = Started(time=until, received=until, rules_version=4, worker="made up")
    yield stopped, tuple(performance(bot) for bot in BOTS)


def _round(n: int, at: EpochMs, bot: BotId, wallet: str, coin: Coin, price: Decimal) -> tuple[Record, ...]:
    """Return what follows from one trade of a bot."""
    size, side = Decimal(1 + n % 97) / 1_000, Side.BUY if n % 3 else Side.SELL
    label, cloid = _label(n), cloid_of(_label(n))
    done = OrderStatus.REJECTED if n % 200 == 0 else OrderStatus.FILLED
    order = OrderUpdate(
        cloid=cloid,
        label=label,
        account="main",
        bot=bot,
        coin=coin,
        side=side.opposite,
        quantity=size,
        limit=price,
        reduce_only=n % 2 == 0,
        purpose=Purpose.REDUCE if n % 2 == 0 else Purpose.INCREASE,
        status=OrderStatus.SUBMITTED,
        filled=ZERO,
        average_price=None,
    )
    chosen = Decision(
        bot=bot,
        account="main",
        coin=coin,
        outcome=Outcome.EXECUTE,
        reason="increase",
        delta=size,
        target=size,
        sleeve=ZERO,
        quantity=size,
        limit=price,
        cloid=cloid,
        checks=_CHECKS,
    )
    skipped = msgspec.structs.replace(
        chosen, outcome=Outcome.SKIP, reason=_REASONS[n % 4], quantity=None, limit=None, cloid=None
    )
    return (
        BotTrade(
            bot=bot,
            wallet=wallet,
            feed=Feed.TAPE,
            key=f"{at}:{coin}:{n}:B",
            coin=coin,
            time=at,
            side=side,
            price=price,
            quantity=size * 20,
            start_position=ZERO,
            is_followed=True,
        ),
        skipped,
        chosen,
        order,
        msgspec.structs.replace(order, status=done, filled=size, average_price=price),
        MyFill(
            key=f"{cloid}:answer:0",
            kind=FillKind.ORDER,
            account="main",
            coin=coin,
            part=PartKind.SLEEVE,
            bot=bot,
            side=side.opposite,
            quantity=size,
            price=price,
            fee=size / 100,
            realised=size if n % 2 == 0 else ZERO,
            cloid=cloid,
        ),
        SleeveUpdate(
            bot=bot,
            account="main",
            coin=coin,
            size=size,
            cost=size * price,
            target=size,
            ratio=Decimal("0.05"),
            realised=ZERO,
            fees=ZERO,
            funding=ZERO,
        ),
        FollowUpdate(
            bot=bot,
            coin=coin,
            confidence="confirmed",
            position=-size * 20,
            baseline=ZERO,
            followed=-size * 20,
            entry=price,
        ),
        EquityPoint(series=SERIES[n % len(SERIES)], usd=9_000 + price),
        _tenth(n, cloid, bot, coin, price),
    )


def _tenth(n: int, cloid: Cloid, bot: BotId, coin: Coin, price: Decimal) -> Record:
    """Return an alert now and then, else what only the log tells of."""
    if n % 50 == 0:
        level = "critical" if n % 100 else "warning"
        return Alert(level=level, category=("drift", "feed", "latency")[n % 3], subject=bot, text="look at it")
    return StopUpdate(
        cloid=cloid,
        label="stop",
        account="main",
        coin=coin,
        side=Side.SELL,
        quantity=Decimal(1),
        trigger=price,
        status="resting",
    )


def _label(n: int) -> str:
    return order_label(f"0x{n:040x}", 0, 0, 0)


def _draw_curves(location: Location, since: EpochMs, until: EpochMs) -> None:
    """Draw every minute and hour of every series, and let PostgreSQL look at what it has."""
    engine = engine_of(location, "read")
    try:
        with engine.begin() as connection:
            statement = sa.text(_CURVES[connection.dialect.name])
            for seed, series in enumerate(SERIES):
                for grain, step in (("minute", MINUTE_MS), ("hour", HOUR_MS)):
                    first = since - since % step
                    span = {"since": first, "step": step, "count": (until - first) // step}
                    asked = {"series": series, "grain": grain, "seed": seed * 104_729}
                    connection.execute(statement, span | asked)
        if isinstance(location, PostgresDatabase):
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(sa.text("VACUUM ANALYZE"))
                connection.execute(sa.text("CHECKPOINT"))  # else it comes while somebody measures
    finally:
        engine.dispose()
