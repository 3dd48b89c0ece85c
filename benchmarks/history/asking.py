"""What the API asks of a history, question by question, and how long each takes alone."""

import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from itertools import product

import msgspec

from benchmarks.history.making import History
from fadearena.adapters.sql.read_store import ReadDatabase
from fadearena.model.order import OrderStatus
from fadearena.model.record import Outcome
from fadearena.model.units import DAY_MS, HOUR_MS, MINUTE_MS
from fadearena.ports.archive import (
    CurveQuery,
    Cut,
    DecisionQuery,
    EventQuery,
    FillQuery,
    OrderQuery,
    TradeKind,
    TradeQuery,
)
from fadearena.ports.read_store import LogQuery

Question = Callable[[], Awaitable[object]]
_WARM_UP = 3


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """How long a question took, in milliseconds: the median, the 99th percentile and the longest."""

    name: str
    p50: float
    p99: float
    longest: float


async def ask(database: ReadDatabase, history: History, times: int) -> list[Taken]:
    """Ask every question so many times, one after the other."""
    found = []
    for name, question in questions(database, history):
        for _ in range(_WARM_UP):
            await question()
        taken = sorted([await _timed(question) for _ in range(times)])
        p50, p99 = taken[len(taken) // 2], taken[min(len(taken) - 1, len(taken) * 99 // 100)]
        found.append(Taken(name=name, p50=p50, p99=p99, longest=taken[-1]))
    return found


def questions(database: ReadDatabase, history: History) -> Iterator[tuple[str, Question]]:
    """Yield every question by its name."""
    yield from _standing(database)
    yield from _trades(database, history)
    yield from _decisions(database, history)
    yield from _orders(database, history)
    yield from _fills(database, history)
    yield from _events(database, history)
    yield from _curves(database, history)


async def _timed(question: Question) -> float:
    began = time.perf_counter()
    await question()
    return (time.perf_counter() - began) * 1_000


def _standing(database: ReadDatabase) -> Iterator[tuple[str, Question]]:
    records, archive = database.records, database.archive
    yield "settings", records.settings
    yield "system", records.system
    yield "bots", records.bots
    yield "accounts", records.accounts
    yield "sleeves", records.sleeves
    yield "sources", records.sources
    yield "letters", records.letters
    yield "newest orders", records.orders
    yield "marks", archive.marks
    yield "drifts", archive.drifts
    yield "what is no bot's", archive.loose
    yield "settings' history", partial(archive.settings_history, Cut())
    yield "the log's end", lambda: records.log(LogQuery(after=0, limit=1_000))


def _trades(database: ReadDatabase, history: History) -> Iterator[tuple[str, Question]]:
    middle = (history.since + history.until) // 2
    spans = {"": (None, None), " of a month": (middle, middle + 30 * DAY_MS), " since": (middle + HOUR_MS, None)}
    kinds, bots, coins = (None, *TradeKind), (None, history.bots[1]), (None, "BTC", "SUI", "nothing")
    for kind, bot, coin, (span, (since, until)) in product(kinds, bots, coins, spans.items()):
        last = 4_000 if kind is bot is coin is None else 1_000
        for page in (1, last):
            query = TradeQuery(page=page, kind=kind, bot=bot, coin=coin, since=since, until=until)
            yield f"trades {_said(kind, bot, coin)}{span}, page {page:,}", partial(database.archive.trades, query)


def _decisions(database: ReadDatabase, history: History) -> Iterator[tuple[str, Question]]:
    for bot, coin, outcome in product((None, history.bots[1]), (None, "BTC", "SUI"), (None, *Outcome)):
        for before in (None, history.records // 2):
            query = DecisionQuery(cut=Cut(before=before), bot=bot, coin=coin, outcome=outcome)
            name = f"decisions {_said(bot, coin, outcome)}{' before' if before else ''}"
            yield name, partial(database.archive.decisions, query)
    early = history.since + 10 * DAY_MS
    for bot, outcome in product((None, history.bots[1]), (None, *Outcome)):
        for span, (since, until) in {" early": (early, early + DAY_MS), " since": (early, None)}.items():
            query = DecisionQuery(bot=bot, outcome=outcome, since=since, until=until)
            yield f"decisions {_said(bot, outcome)}{span}", partial(database.archive.decisions, query)


def _orders(database: ReadDatabase, history: History) -> Iterator[tuple[str, Question]]:
    statuses = (None, OrderStatus.FILLED, OrderStatus.REJECTED, OrderStatus.PENDING)
    for bot, account, coin, status in product((None, history.bots[1]), (None, "main"), (None, "BTC", "SUI"), statuses):
        for before in (None, history.records // 2):
            query = OrderQuery(cut=Cut(before=before), bot=bot, account=account, coin=coin, status=status)
            name = f"orders {_said(bot, account, coin, status)}{' before' if before else ''}"
            yield name, partial(database.archive.orders, query)
    yield "one order", lambda: database.archive.order(history.cloid)


def _fills(database: ReadDatabase, history: History) -> Iterator[tuple[str, Question]]:
    early = history.since + 10 * DAY_MS
    spans = {"": (None, None), " early": (early, early + DAY_MS), " until": (None, early), " since": (early, None)}
    for bot, account, coin in product((None, history.bots[1]), (None, "main"), (None, "BTC", "SUI")):
        for span, (since, until) in spans.items():
            query = FillQuery(bot=bot, account=account, coin=coin, since=since, until=until)
            yield f"fills {_said(bot, account, coin)}{span}", partial(database.archive.fills, query)


def _events(database: ReadDatabase, history: History) -> Iterator[tuple[str, Question]]:
    for level, category in product(
        (None, "info", "warning", "critical"), (None, "drift", "decision", "settings-change", "nothing")
    ):
        for after in (0, max(history.records - 5_000, 1)):
            query = EventQuery(after=after, level=level, category=category)
            name = f"events {_said(level, category)}{' at the end' if after else ''}"
            yield name, partial(database.archive.events, query)


def _curves(database: ReadDatabase, history: History) -> Iterator[tuple[str, Question]]:
    archive, until, eight = database.archive, history.until, history.series[:8]
    year, day = max(history.since, until - 365 * DAY_MS), until - DAY_MS

    def curve(since: int, step_ms: int, series: Sequence[str] = eight) -> Question:
        query = CurveQuery(series=tuple(series), since=since, until=until, step_ms=step_ms)
        return lambda: archive.curves(query)

    yield "8 curves: a year at 1h", curve(year, HOUR_MS)
    yield "8 curves: a year at 1d", curve(year, DAY_MS)
    yield "8 curves: a month at 15m", curve(until - 30 * DAY_MS, 15 * MINUTE_MS)
    yield "8 curves: a day at 5m", curve(day, 5 * MINUTE_MS)
    yield "8 curves: a day at 1m", curve(day, MINUTE_MS)
    yield "equity before, 13 series", lambda: archive.equity_before(history.series, day)
    yield "a bot's ledger", lambda: archive.bot_ledgers(history.bots[1:2])
    yield "all bots' ledgers", lambda: archive.bot_ledgers(history.bots)
    yield "marks of what is held", archive.held_marks


def _said(*filters: str | None) -> str:
    return " ".join(str(one) for one in filters if one is not None) or "all"
