"""What every archive does with lists: one story for each rule, on every kind."""

from itertools import product
from typing import Any

import msgspec
import pytest

from fadearena.model.error import InvalidInput
from fadearena.model.event import FundingPaid, OwnFills
from fadearena.model.order import OrderStatus
from fadearena.model.record import (
    Alert,
    BotsChange,
    FillKind,
    FundingBooked,
    Outcome,
    Record,
)
from fadearena.model.units import DAY_MS, MINUTE_MS, EpochMs, Side
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
from tests.support.archived import T0, D, all_of, bot_trade, decision, fill, own_fill, told
from tests.support.entries import Writer
from tests.support.read_stores import Doors, Opener, opener, tell
from tests.support.shown import bot_policy, order, settings, shadow

__all__ = ["opener"]


def test_trades_of_both_kinds_come_by_time_and_are_counted(opener: Opener) -> None:
    """The newest first, whoever's they are; what only moves money is none; a page beyond the last is empty."""
    late = bot_trade("b", "ETH", T0 - DAY_MS, "late")
    fix = fill("fix", kind=FillKind.CORRECTION, quantity=D(0))
    mine = fill("mine", realised=D("-2.5"))

    async def story(doors: Doors) -> None:
        archive = doors.archive
        assert (await archive.trades(TradeQuery())).total == 0
        await told(doors, (T0, [bot_trade("a", "BTC", T0 - 5, "early")]), (T0 + 1, [mine, fix]), (T0 + 2, [late]))
        page = await archive.trades(TradeQuery())
        assert [(trade.key, trade.kind, trade.time) for trade in page.trades] == [
            ("mine", TradeKind.MINE, T0 + 1),
            ("early", TradeKind.BOT, T0 - 5),
            ("late", TradeKind.BOT, T0 - DAY_MS),
        ]
        newest = page.trades[0]
        assert (newest.realised, newest.price, newest.side, newest.bot) == (D("-2.5"), D(100), Side.SELL, "a")
        assert (page.trades[1].realised, page.total) == (None, 3)
        second = await archive.trades(TradeQuery(page=2, limit=2))
        assert (second.trades, second.total) == (page.trades[2:], 3)
        assert (await archive.trades(TradeQuery(page=3, limit=2))).trades == ()

    tell(opener, story)


def test_every_way_to_ask_for_trades(opener: Opener) -> None:
    """Kind, bot, coin and time narrow down together, over many weeks, on every page; the count is the true one."""
    writer = Writer()
    made: list[tuple[EpochMs, Record]] = []
    for number in range(60):
        time = T0 + (number * 37 % 60) * 2 * DAY_MS
        bot, coin = "abc"[number % 3], ("BTC", "ETH")[number % 2]
        made.append((time, bot_trade(bot, coin, time) if number % 5 else fill(f"{number}", None, coin)))
    entries = [writer.entry(record, at=at) for at, record in made]
    spans = [(None, None), (T0 + DAY_MS, T0 + 80 * DAY_MS), (T0 + 11 * DAY_MS, None), (None, T0 + 21 * DAY_MS - 1)]

    async def story(doors: Doors) -> None:
        await doors.records.project(entries)
        everything = (await doors.archive.trades(TradeQuery(limit=200))).trades
        assert len(everything) == 60
        for kind, bot, coin, span in product([None, *TradeKind], [None, "a"], [None, "ETH"], spans):
            expected = [
                trade
                for trade in everything
                if kind in {None, trade.kind}
                and bot in {None, trade.bot}
                and coin in {None, trade.coin}
                and (span[0] is None or span[0] <= trade.time)
                and (span[1] is None or trade.time <= span[1])
            ]
            for page in (1, 3):
                query = TradeQuery(page=page, limit=7, kind=kind, bot=bot, coin=coin, since=span[0], until=span[1])
                found = await doors.archive.trades(query)
                assert found.trades == tuple(expected[7 * (page - 1) : 7 * page]), query
                assert found.total == len(expected)

    tell(opener, story)


def test_a_fill_has_the_time_of_its_execution(opener: Opener) -> None:
    """The venue's, of its parts and corrections too, however late it was told; else the event's, not the journal's."""
    event = OwnFills(time=T0 + 50, received=T0 + 60, account="main", fills=(own_fill("v:1:A", T0 - 9),))
    paid = FundingPaid(
        time=T0 - 3, received=T0 + 70, key="f", account="main", coin="BTC", usd=D(1), rate=D(1), oracle=D(1)
    )
    booked = FundingBooked(account="main", coin="BTC", bot="a", usd=D("0.5"))

    async def story(doors: Doors) -> None:
        writer = Writer()
        parts = fill("v:1:A:0"), fill("v:1:A:fix", kind=FillKind.CORRECTION), fill("x:answer:0")
        await doors.records.project([writer.entry(*parts, event=event), writer.entry(booked, event=paid)])
        found = await doors.archive.fills(FillQuery())
        assert [(one.fill.key, one.time) for one in found] == [
            ("x:answer:0", T0 + 50),
            ("v:1:A:fix", T0 - 9),
            ("v:1:A:0", T0 - 9),
        ]
        assert [trade.time for trade in (await doors.archive.trades(TradeQuery())).trades] == [T0 + 50, T0 - 9]
        assert [(one.time, one.funding) for one in await all_of(doors.archive.all_funding(None, None))] == [
            (T0 - 3, booked)
        ]

    tell(opener, story)


def test_decisions_come_by_cursor(opener: Opener) -> None:
    """The newest first, with all their checks; each filter and all together."""
    made = [decision(bot, coin, outcome) for bot, coin, outcome in product("ab", ("BTC", "ETH"), Outcome)]

    async def story(doors: Doors) -> None:
        archive = doors.archive
        await told(doors, *((T0 + n, [one]) for n, one in enumerate(made)))
        found = await archive.decisions(DecisionQuery())
        assert [one.decision for one in found] == made[::-1]
        assert (found[0].record_seq, found[0].time) == (12, T0 + 11)
        part = await archive.decisions(DecisionQuery(cut=Cut(before=found[3].record_seq, limit=2)))
        assert part == found[4:6]
        for bot, coin, outcome in product([None, "a"], [None, "ETH"], [None, Outcome.EXECUTE]):
            expected = [
                one
                for one in found
                if bot in {None, one.decision.bot}
                and coin in {None, one.decision.coin}
                and outcome in {None, one.decision.outcome}
            ]
            query = DecisionQuery(bot=bot, coin=coin, outcome=outcome)
            assert await archive.decisions(query) == tuple(expected)

    tell(opener, story)


def test_decisions_are_narrowed_down_by_time(opener: Opener) -> None:
    """Both ends are inclusive; several at one moment stay together; every other filter and the cursor hold, too."""
    made = [(T0 + 10 * (n // 3), decision("ab"[n % 2], ("BTC", "ETH")[n % 4 // 2])) for n in range(18)]
    spans = [(None, T0 + 10), (T0 + 10, T0 + 30), (T0 + 11, T0 + 19), (T0 + 45, None), (T0 + 60, None), (None, T0 - 1)]

    async def story(doors: Doors) -> None:
        archive = doors.archive
        await told(doors, *((at, [one]) for at, one in made))
        everything = await archive.decisions(DecisionQuery())
        assert len(everything) == len(made)
        for (since, until), bot, coin in product(spans, [None, "a"], [None, "ETH"]):
            expected = [
                one
                for one in everything
                if bot in {None, one.decision.bot}
                and coin in {None, one.decision.coin}
                and (since is None or since <= one.time)
                and (until is None or one.time <= until)
            ]
            query = DecisionQuery(bot=bot, coin=coin, since=since, until=until)
            assert await archive.decisions(query) == tuple(expected), query
            if expected:
                rest = msgspec.structs.replace(query, cut=Cut(before=expected[0].record_seq, limit=2))
                assert await archive.decisions(rest) == tuple(expected[1:3])

    tell(opener, story)


def test_orders_come_by_cursor_and_tell_their_story(opener: Opener) -> None:
    """An order stands where it was made; its story has its decision, every transition, every fill and its shadow."""
    chosen = msgspec.structs.replace(decision("a", outcome=Outcome.EXECUTE), cloid="0x1")
    done = order("0x1", OrderStatus.FILLED, "0.5")

    async def story(doors: Doors) -> None:
        archive = doors.archive
        assert await archive.orders(OrderQuery()) == ()
        assert await archive.order("0x1") is None
        await told(
            doors,
            (T0, [chosen, order("0x1")]),
            (T0 + 1, [order("0x2")]),
            (T0 + 2, [done, fill("x:0", cloid="0x1"), fill("y:0"), shadow("0x1", "0.1"), shadow("0x1")]),
        )
        second, first = await archive.orders(OrderQuery())
        assert (first.record_seq, first.view.order, first.view.created, first.view.changed) == (2, done, T0, T0 + 2)
        assert await archive.orders(OrderQuery(status=OrderStatus.FILLED)) == (first,)
        assert await archive.orders(OrderQuery(bot="a", account="main", coin="BTC")) == (second, first)
        assert await archive.orders(OrderQuery(coin="ETH")) == await archive.orders(OrderQuery(account="alt")) == ()
        assert await archive.orders(OrderQuery(cut=Cut(before=second.record_seq))) == (first,)
        told_of = await archive.order("0x1")
        assert told_of is not None
        assert (told_of.order, told_of.shadow) == (first, shadow("0x1"))
        assert told_of.decision is not None
        assert told_of.decision.decision == chosen
        assert [(step.time, step.update) for step in told_of.transitions] == [(T0, order("0x1")), (T0 + 2, done)]
        assert [one.fill.key for one in told_of.fills] == ["x:0"]
        other = await archive.order("0x2")
        assert other is not None
        assert (other.decision, other.fills, other.shadow) == (None, (), None)

    tell(opener, story)


def test_fills_are_narrowed_down(opener: Opener) -> None:
    """By bot, account, coin and time, by cursor; all of them also oldest first."""

    async def story(doors: Doors) -> None:
        archive = doors.archive
        made = [fill("1"), fill("2", "b", "ETH"), fill("3", None, account="alt")]
        await told(doors, *((T0 + n, [one]) for n, one in enumerate(made)))
        found = await archive.fills(FillQuery())
        assert [one.fill for one in found] == made[::-1]
        assert await archive.fills(FillQuery(bot="b", coin="ETH", account="main")) == found[1:2]
        assert await archive.fills(FillQuery(account="alt")) == found[:1]
        assert await archive.fills(FillQuery(since=T0 + 1, until=T0 + 1)) == found[1:2]
        assert await archive.fills(FillQuery(cut=Cut(before=3, limit=1))) == found[1:2]
        assert await all_of(archive.all_fills(None, None)) == list(found[::-1])
        assert await all_of(archive.all_fills(T0 + 1, T0 + 1)) == [found[1]]

    tell(opener, story)


def test_the_log_is_read_by_level_and_category(opener: Opener) -> None:
    """Ascending, after a number; what is no alert is `info`, and its category is its kind."""
    alerts = [Alert(level=level, category=c, subject="s", text="t") for level in ("info", "warning") for c in "xy"]

    async def story(doors: Doors) -> None:
        archive = doors.archive
        await told(doors, (T0, [*alerts, decision("a")]), (T0 + 1, alerts))
        found = await archive.events(EventQuery())
        assert [one.logged.record_seq for one in found] == list(range(1, 10))
        assert (found[4].level, found[4].category, found[4].logged.record) == ("info", "decision", decision("a"))
        assert await archive.events(EventQuery(after=4, limit=2)) == found[4:6]
        for level, category in product(["info", "warning", "critical"], ["x", "decision", None]):
            expected = [one for one in found if one.level == level and category in {None, one.category}]
            assert await archive.events(EventQuery(level=level, category=category)) == tuple(expected)
        assert len(await archive.events(EventQuery(category="y"))) == 4

    tell(opener, story)


def test_the_history_of_the_settings(opener: Opener) -> None:
    """The newest first: who changed what, all of it or only bots."""
    first = settings(bot_policy("a"))
    change = BotsChange(version=2, actor="bob", put=(bot_policy("b", 2),), dropped=("a",))

    async def story(doors: Doors) -> None:
        await told(doors, (T0, [first]), (T0 + 1, [change]))
        newest, oldest = await doors.archive.settings_history(Cut())
        assert (newest.record_seq, newest.time, newest.version, newest.actor) == (2, T0 + 1, 2, "bob")
        assert (newest.policy, newest.bots, oldest.policy, oldest.bots) == (None, change, first.policy, None)
        assert await doors.archive.settings_history(Cut(before=2)) == (oldest,)
        assert await doors.archive.settings_history(Cut(limit=1)) == (newest,)

    tell(opener, story)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: TradeQuery(limit=201), "200, not 201"),
        (lambda: TradeQuery(page=0), "page must be at least 1"),
        (lambda: Cut(limit=0), "200, not 0"),
        (lambda: Cut(before=0), "is not positive"),
        (lambda: EventQuery(after=-1), "since must be at least 0"),
        (lambda: CurveQuery(series=(), since=0, until=1, step_ms=59_999), "whole minutes"),
        (lambda: CurveQuery(series=(), since=0, until=366 * DAY_MS, step_ms=MINUTE_MS), "ask for a shorter time"),
    ],
)
def test_impossible_parts_are_refused(make: Any, says: str) -> None:
    """The error says what is possible."""
    with pytest.raises(InvalidInput, match=says):
        make()
