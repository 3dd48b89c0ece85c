"""What every archive does with curves, sums and streams; and all kinds say the same of a whole journal."""

from typing import Any

import msgspec

from fadearena.adapters.sql.database import Location
from fadearena.model.curve import by_time
from fadearena.model.event import Marks
from fadearena.model.market import Quote
from fadearena.model.record import (
    Outcome,
    PartKind,
    Record,
)
from fadearena.model.units import DAY_MS, HOUR_MS, MINUTE_MS, EpochMs, Side
from fadearena.ports.archive import (
    Archive,
    CurveQuery,
    Cut,
    DecisionQuery,
    FillQuery,
    Mark,
    OrderQuery,
    TradeQuery,
)
from tests.support.archived import T0, D, all_of, bot_trade, decision, fill, point, told
from tests.support.entries import Writer, golden
from tests.support.read_stores import Doors, Opener, opener, opener_of, read_location, tell
from tests.support.shown import follow, one_of_each, order, sleeve

__all__ = ["opener", "read_location"]


def test_curves_have_the_last_value_of_each_step(opener: Opener) -> None:
    """By time, then in the order in which series were asked for; a step that was cut begins where it begins."""
    values = {0: "1", MINUTE_MS + 5: "2", 6 * MINUTE_MS: None, HOUR_MS: "4", HOUR_MS + 59_000: "5"}

    async def story(doors: Doors) -> None:
        await told(doors, *((T0 + at, [point("bot:a", usd), point("bot:b", "7")]) for at, usd in values.items()))

        async def curve(step_ms: EpochMs, *series: str, since: EpochMs = 0, until: EpochMs = DAY_MS) -> list[Any]:
            query = CurveQuery(series=series, since=T0 + since, until=T0 + until, step_ms=step_ms)
            return [
                (name, time - T0, usd)
                for time, step in by_time(await doors.archive.curves(query))
                for name, usd in step.items()
            ]

        assert await curve(MINUTE_MS, "bot:a") == [
            ("bot:a", 0, D(1)),
            ("bot:a", MINUTE_MS, D(2)),
            ("bot:a", 6 * MINUTE_MS, None),
            ("bot:a", HOUR_MS, D(5)),
        ]
        assert await curve(5 * MINUTE_MS, "bot:a", since=2 * MINUTE_MS, until=HOUR_MS - 1) == [
            ("bot:a", 0, D(2)),
            ("bot:a", 5 * MINUTE_MS, None),
        ]
        assert await curve(HOUR_MS, "bot:b", "bot:a", "bot:c") == [
            ("bot:b", 0, D(7)),
            ("bot:a", 0, None),
            ("bot:b", HOUR_MS, D(7)),
            ("bot:a", HOUR_MS, D(5)),
        ]
        assert await curve(DAY_MS, "bot:a") == [("bot:a", T0 // DAY_MS * DAY_MS - T0, D(5))]
        assert await curve(DAY_MS) == []

    tell(opener, story)


def test_the_last_known_value_before_a_time(opener: Opener) -> None:
    """What is unknown is passed over, what was read later in the same minute does not count; who has none is absent."""

    async def story(doors: Doors) -> None:
        archive = doors.archive
        await told(
            doors,
            (T0, [point("bot:a", "1")]),
            (T0 + MINUTE_MS, [point("bot:a", None), point("bot:b", "3")]),
            (T0 + 2 * MINUTE_MS + 9, [point("bot:a", "2")]),
        )
        series = ("bot:a", "bot:b", "bot:c")
        assert await archive.equity_before(series, T0 + 2 * MINUTE_MS + 8) == {"bot:a": D(1), "bot:b": D(3)}
        assert await archive.equity_before(series, T0 + 2 * MINUTE_MS + 9) == {"bot:a": D(2), "bot:b": D(3)}
        assert await archive.equity_before(series, T0 - 1) == {}
        assert await archive.equity_before((), T0) == {}

    tell(opener, story)


def test_what_is_summed_up_of_a_bot(opener: Opener) -> None:
    """Every value counts, not only the last of a minute; nothing is known of a bot that was never heard of."""
    curve = ("100", "120", "90", None, "110", "105")

    async def story(doors: Doors) -> None:
        archive = doors.archive
        await told(
            doors,
            *((T0 + n, [point("bot:a", usd), point("mirror:a", usd and f"-{usd}")]) for n, usd in enumerate(curve)),
            (T0 + 9, [decision("a"), decision("a", reason="age"), decision("a"), decision("b"), decision(None)]),
            (T0 + 9, [decision("a", outcome=Outcome.HOLD), bot_trade("a", "BTC", T0), bot_trade("a", "ETH", T0)]),
            (T0 + 9, [bot_trade("b", "BTC", T0), fill("1")]),
        )
        ledgers = await archive.bot_ledgers(("a", "z"))
        found, nobody = ledgers["a"], ledgers["z"]
        assert (found.source_first, found.source_last, found.source_drawdown) == (D(100), D(105), D("0.25"))
        assert (found.drawdown_usd, found.bot_trades, found.skipped) == (D(20), 2, {"age": 1, "cap": 2})
        assert (nobody.drawdown_usd, nobody.source_drawdown, nobody.source_first) == (None, None, None)
        assert (nobody.bot_trades, nobody.skipped) == (0, {})
        await doors.records.clear()
        assert await archive.bot_ledgers(("a",)) == {"a": msgspec.structs.replace(nobody, bot="a")}
        assert await archive.bot_ledgers(()) == {}
        many = tuple(f"b{n}" for n in range(250))
        assert tuple(await archive.bot_ledgers(many)) == many

    tell(opener, story)


def test_the_newest_marks(opener: Opener) -> None:
    """Those heard last count, not those journaled last; a quote without a mark says nothing."""

    def quotes(*marks: tuple[str, str | None, EpochMs]) -> Marks:
        some = tuple(Quote(coin=coin, mark=None if m is None else D(m), mark_time=at) for coin, m, at in marks)
        return Marks(time=T0, received=T0, quotes=some)

    async def story(doors: Doors) -> None:
        writer = Writer()
        assert await doors.archive.marks() == {}
        events = quotes(("BTC", "1.50", T0), ("ETH", "2", T0)), quotes(("BTC", "9", T0 - 1), ("ETH", "3", T0 + 1))
        await doors.records.project([writer.entry(event=event) for event in events])
        await doors.records.project([writer.entry(event=quotes(("BTC", "8", T0), ("ETH", None, T0 + 2)))])
        assert await doors.archive.marks() == {
            "BTC": Mark(coin="BTC", price=D("1.5"), time=T0),
            "ETH": Mark(coin="ETH", price=D(3), time=T0 + 1),
        }

    tell(opener, story)


def test_marks_of_what_is_held(opener: Opener) -> None:
    """Of coins in which a bot, or a sleeve of ours, holds or should hold something; once neither does, no more."""
    coins = ("BTC", "DOGE", "ETH", "SOL", "SUI")
    some = tuple(Quote(coin=coin, mark=D(n), mark_time=T0) for n, coin in enumerate(coins, 1))
    held = follow("a", "BTC", "-2"), sleeve("a", "ETH", size="1"), sleeve("b", "SOL", target="1"), follow("b", "SUI")

    async def story(doors: Doors) -> None:
        writer = Writer()
        await doors.records.project([writer.entry(*held, event=Marks(time=T0, received=T0, quotes=some))])
        found = await doors.archive.held_marks()
        assert sorted(found) == ["BTC", "ETH", "SOL"]
        assert found["ETH"] == Mark(coin="ETH", price=D(3), time=T0)
        gone = follow("a", "BTC"), sleeve("a", "ETH"), sleeve("b", "SOL")
        await doors.records.project([writer.entry(*gone, at=T0 + 1)])
        assert await doors.archive.held_marks() == {}

    tell(opener, story)


def test_books_that_drift_and_what_is_no_bots(opener: Opener) -> None:
    """Drifts that are open; the sum of what moved in residue and external, where it is not zero."""

    async def story(doors: Doors) -> None:
        assert await doors.archive.drifts() == ()
        assert await doors.archive.loose() == ()
        external = fill("3", None, "ETH", part=PartKind.EXTERNAL, side=Side.BUY)
        await told(doors, (T0, one_of_each()), (T0 + 1, [fill("1", None), fill("2", None, "SOL"), external]))
        await told_more(doors, fill("4", None, "SOL", side=Side.BUY), fill("5", None, quantity=D("0.1")))
        (drift,) = await doors.archive.drifts()
        assert (drift.account, drift.coin, drift.ours, drift.theirs, drift.changed) == ("main", "BTC", D(1), D(2), T0)
        assert [(one.coin, one.part, one.size) for one in await doors.archive.loose()] == [
            ("BTC", PartKind.RESIDUE, D("0.4")),
            ("ETH", PartKind.EXTERNAL, D("0.5")),
        ]

    async def told_more(doors: Doors, *records: Record) -> None:
        at = await doors.records.position()
        await doors.records.project([Writer(at.journal_seq, at.record_seq).entry(*records, at=T0 + 2)])

    tell(opener, story)


def test_everything_comes_in_parts_once(opener: Opener) -> None:
    """More than one part's worth at the same time: nothing twice, nothing left out, the oldest first."""
    trades = [bot_trade("a", "BTC", T0 + n // 900, f"{n}") for n in range(1_700)]

    async def story(doors: Doors) -> None:
        archive = doors.archive
        await told(
            doors, (T0, trades), (T0 + 1, [decision("a"), *one_of_each(), order("0x1")]), (T0 + 2, [order("0x2")])
        )
        keys = [one.key for one in await all_of(archive.all_trades(T0, T0 + 5))]
        assert keys == [*(f"{n}" for n in range(1_700)), "k"]
        assert (await all_of(archive.all_trades(T0 + 1, T0 + 1)))[0].key == "900"
        assert len(await all_of(archive.all_trades(None, None))) == 1_702
        assert len(await all_of(archive.all_decisions(T0 + 1, T0 + 1))) == 2
        assert [one.view.order.cloid for one in await all_of(archive.all_orders(None, None))] == ["0x1", "0x2"]
        assert [one.view.created for one in await all_of(archive.all_orders(T0 + 2, None))] == [T0 + 2]
        assert [one.cash.reason for one in await all_of(archive.all_cash(None, T0 + 1))] == ["adjusted"]
        assert await all_of(archive.all_funding(T0 + 2, None)) == []

    tell(opener, story)


async def everything(archive: Archive) -> list[object]:
    """Return all that an archive says of the golden journal."""
    series = ("mirror:grok-4", "bot:grok-4", "account:main", "mirror:qwen3-max")
    trades = [await archive.trades(TradeQuery(page=page, limit=97)) for page in (1, 2, 5)]
    orders = await archive.orders(OrderQuery(cut=Cut(limit=200)))
    lists = [await archive.fills(FillQuery()), await archive.decisions(DecisionQuery()), orders]
    some = DecisionQuery(outcome=Outcome.EXECUTE, since=orders[9].view.created, until=orders[3].view.created)
    lists.append(await archive.decisions(some))
    stories = [await archive.order(one.view.order.cloid) for one in orders[:40]]
    time = orders[0].view.changed
    curves = [
        await archive.curves(CurveQuery(series=series, since=time - DAY_MS, until=time, step_ms=step))
        for step in (MINUTE_MS, 15 * MINUTE_MS, HOUR_MS)
    ]
    ledgers = await archive.bot_ledgers(("grok-4", "qwen3-max"))
    before = await archive.equity_before(series, time)
    streams = [await all_of(archive.all_trades(None, None)), await all_of(archive.all_fills(None, time))]
    more = [await archive.marks(), await archive.held_marks(), await archive.drifts(), await archive.loose(), before]
    return [*trades, *lists, *stories, *curves, ledgers, *streams, *more]


def test_all_kinds_say_the_same_of_a_journal(read_location: Location) -> None:
    """What a database says of the golden journal is what memory says, down to the last digit."""
    entries = golden()

    async def story(doors: Doors) -> list[object]:
        for start in range(0, len(entries), 100):
            await doors.records.project(entries[start : start + 100])
        return await everything(doors.archive)

    in_memory, in_database = tell(opener_of(None), story), tell(opener_of(read_location), story)
    assert in_database == in_memory
    assert in_memory
