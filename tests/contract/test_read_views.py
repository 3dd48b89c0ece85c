"""What every read store shows of how things stand: one story for each rule, on every kind."""

from fadearena.model.event import SourceFills, Started
from fadearena.model.order import OrderStatus
from fadearena.model.record import EquityPoint, FillKind, MyFill, PartKind, Record, SettingsChange
from fadearena.model.units import HOUR_MS, MINUTE_MS, EpochMs, Side, Usd
from fadearena.model.wallet import Feed
from fadearena.ports.pairs import PairQuery
from fadearena.ports.read_store import EquityQuery, EquityRow, Grain, SystemView
from tests.support.entries import Writer
from tests.support.read_stores import Doors, Opener, opener, tell
from tests.support.shown import D, bot_policy, follow, latch, letter, order, performance, settings, shadow, sleeve

__all__ = ["opener"]
T = 1_760_000_400_000
"""A full hour."""


async def show(doors: Doors, *groups: tuple[Record, ...], writer: Writer) -> None:
    """Project groups of records, each as one entry, a second apart."""
    await doors.records.project([writer.entry(*records, at=T + 1_000 * n) for n, records in enumerate(groups)])


def test_an_empty_store_knows_nothing(opener: Opener) -> None:
    """Before anything happened there are no settings, no bots, and no times."""

    async def story(doors: Doors) -> None:
        assert await doors.records.settings() is None
        assert await doors.records.system() == SystemView()
        for ask in (doors.records.bots, doors.records.accounts, doors.records.letters, doors.records.orders):
            assert await ask() == ()
        assert await doors.records.equity(EquityQuery(series="account:main")) == ()

    tell(opener, story)


def test_settings_are_shown_as_they_were_set(opener: Opener) -> None:
    """The newest settings are shown whole, with who set them and when; bots and accounts in their order."""
    first = settings(bot_policy("z", 1), bot_policy("a", 2), accounts=("main", "alt"))
    second = settings(bot_policy("a", 2), bot_policy("new", 3), version=2)

    async def story(doors: Doors) -> None:
        writer = Writer()
        await show(doors, (first,), writer=writer)
        view = await doors.records.settings()
        assert view is not None
        assert (view.policy, view.actor, view.changed) == (first.policy, "ann", T)
        assert [bot.id for bot in await doors.records.bots()] == ["z", "a"]
        assert [account.id for account in await doors.records.accounts()] == ["main", "alt"]
        await show(doors, (second,), writer=writer)
        view = await doors.records.settings()
        assert view is not None
        assert view.policy == second.policy
        assert [(bot.id, bot.name, bot.wallet) for bot in await doors.records.bots()] == [
            ("a", "A", f"0x{2:040x}"),
            ("new", "NEW", f"0x{3:040x}"),
        ]
        assert (await doors.records.system()).settings_version == 2

    tell(opener, story)


def test_settings_of_old_rules_change_the_version_only(opener: Opener) -> None:
    """A record that does not say what the settings are does not replace those that are known."""

    async def story(doors: Doors) -> None:
        writer = Writer()
        await show(doors, (SettingsChange(version=1, actor="ann"),), writer=writer)
        assert await doors.records.settings() is None
        await show(doors, (settings(bot_policy("a")),), (SettingsChange(version=7, actor="bob"),), writer=writer)
        view = await doors.records.settings()
        assert view is not None
        assert (view.policy.version, view.actor) == (1, "ann")
        assert (await doors.records.system()).settings_version == 7

    tell(opener, story)


def test_what_a_removed_bot_held_is_forgotten(opener: Opener) -> None:
    """A bot that goes, or gets another wallet or account, leaves nothing behind; others keep everything."""
    before = settings(*(bot_policy(name, n) for n, name in enumerate("abcd")), accounts=("main", "alt"))
    after = settings(
        bot_policy("a", 0), bot_policy("b", 9), bot_policy("c", 2, "alt"), version=2, accounts=("main", "alt")
    )
    things = [
        record
        for name in "abcd"
        for record in (follow(name, position="1"), sleeve(name, target="1"), performance(name))
    ]

    async def story(doors: Doors) -> None:
        writer = Writer()
        await show(doors, (*things, before, *things), writer=writer)
        assert [update.bot for update in await doors.records.sources()] == [*"abcd"]
        await show(doors, (after, follow("b", "ETH", "2")), writer=writer)
        assert [(u.bot, u.coin) for u in await doors.records.sources()] == [("a", "BTC"), ("b", "ETH")]
        assert [update.bot for update in await doors.records.sleeves()] == ["a"]
        performances = [(bot.id, bot.performance is not None) for bot in await doors.records.bots()]
        assert performances == [("a", True), ("b", False), ("c", False)]

    tell(opener, story)


def test_what_was_known_before_the_first_settings_stays(opener: Opener) -> None:
    """A journal that goes back to rules that did not record settings keeps what it tells of its bots."""

    async def story(doors: Doors) -> None:
        await show(doors, (follow("a", position="1"),), (settings(bot_policy("a")),), writer=Writer())
        assert [update.bot for update in await doors.records.sources()] == ["a"]

    tell(opener, story)


def test_the_strictest_latch_decides(opener: Opener) -> None:
    """A scope's state is as its records say; a bot's is the strictest of its own, its account's and that of all."""

    async def states(doors: Doors) -> tuple[str, ...]:
        records = doors.records
        bots, accounts = await records.bots(), await records.accounts()
        return ((await records.system()).state, *(view.state for view in accounts), *(view.state for view in bots))

    async def story(doors: Doors) -> None:
        writer = Writer()
        roster = settings(bot_policy("a", 1), bot_policy("b", 2, "alt"), accounts=("main", "alt"))
        await show(doors, (roster,), writer=writer)
        assert await states(doors) == ("active", "active", "active", "active", "active")
        await show(doors, (latch("bot:a", "pause", "reducing"), latch("bot:a", "kill", "halted")), writer=writer)
        assert await states(doors) == ("active", "active", "active", "halted", "active")
        await show(doors, (latch("bot:a", "kill", "reducing", is_set=False),), writer=writer)
        await show(doors, (latch("account:alt", "own_liquidation", "reducing"),), writer=writer)
        assert await states(doors) == ("active", "active", "reducing", "reducing", "reducing")
        await show(doors, (latch("all", "kill", "halted"),), writer=writer)
        assert await states(doors) == ("halted", "halted", "halted", "halted", "halted")
        await show(doors, (latch("all", "kill", "active", is_set=False),), writer=writer)
        await show(doors, (latch("bot:a", "pause", "active", is_set=False),), writer=writer)
        assert await states(doors) == ("active", "active", "reducing", "active", "reducing")

    tell(opener, story)


def test_latches_say_who_why_and_since_when(opener: Opener) -> None:
    """Each latch is shown until it ends; the end of one leaves the others; one set again begins anew."""

    async def story(doors: Doors) -> None:
        writer = Writer()
        await show(doors, (latch("bot:a", "pause", "reducing"),), (latch("all", "kill", "halted"),), writer=writer)
        found = (await doors.records.system()).latches
        assert [(v.scope, v.latch, v.since) for v in found] == [("all", "kill", T + 1_000), ("bot:a", "pause", T)]
        assert {(v.actor, v.reason) for v in found} == {("ann", "so")}
        ended = latch("all", "kill", "active", is_set=False)
        await show(doors, (ended,), (ended, latch("all", "pause", "reducing"), ended), writer=writer)
        assert [v.latch for v in (await doors.records.system()).latches] == ["pause", "pause"]
        paused, again = latch("bot:a", "pause", "active", is_set=False), latch("bot:a", "pause", "reducing")
        await show(doors, (), (), (), (paused, again), writer=writer)
        assert [v.since for v in (await doors.records.system()).latches] == [T + 1_000, T + 3_000]

    tell(opener, story)


def test_the_times_of_the_system_follow_the_entries(opener: Opener) -> None:
    """Start and rules come from the last start, the last event from sources' fills, the last order from orders."""

    async def story(doors: Doors) -> None:
        started = Started(time=1, received=T, rules_version=2, worker="w")
        fills = SourceFills(time=2, received=T + 1, wallet="0x1", feed=Feed.TAPE, fills=())
        writer = Writer()
        await doors.records.project(
            [writer.entry(event=started), writer.entry(event=fills), writer.entry(order("0x1"), at=T + 2)]
        )
        await doors.records.project([writer.entry(at=T + 3)])
        found = await doors.records.system()
        assert (found.started, found.rules_version) == (T, 2)
        assert (found.last_event_time, found.last_order_time) == (T + 1, T + 2)

    tell(opener, story)


def test_orders_stand_as_they_changed_last(opener: Opener) -> None:
    """The newest order comes first, by when it was made; each bears its last state, and both times."""

    async def story(doors: Doors) -> None:
        writer = Writer()
        await show(doors, (order("0xb"), order("0xa")), (order("0xb", OrderStatus.SUBMITTED),), writer=writer)
        await show(doors, (), (), (order("0xb", OrderStatus.FILLED, "0.5"),), writer=writer)
        first, second = await doors.records.orders()
        assert (first.order, first.created, first.changed) == (order("0xa"), T, T)
        assert (second.order, second.created) == (order("0xb", OrderStatus.FILLED, "0.5"), T)
        assert second.changed == T + 2_000
        assert await doors.records.orders(1) == (first,)

    tell(opener, story)


def test_letters_are_shown_while_they_are_open(opener: Opener) -> None:
    """Open dead letters come with the oldest first; one that was opened again keeps its place."""

    async def story(doors: Doors) -> None:
        writer = Writer()
        await show(doors, (letter("b"), letter("a"), letter("c")), (letter("a", "discarded"),), writer=writer)
        assert [view.letter.id for view in await doors.records.letters()] == ["b", "c"]
        await show(doors, (letter("b", "retried"),), (letter("b"),), writer=writer)
        assert [(view.letter, view.changed) for view in await doors.records.letters()] == [
            (letter("b"), T + 1_000),
            (letter("c"), T),
        ]

    tell(opener, story)


def test_sleeves_and_sources_are_shown_where_there_is_something(opener: Opener) -> None:
    """They come by bot and coin; what is flat and wants nothing is left out. Every digit is kept."""

    async def story(doors: Doors) -> None:
        await show(
            doors,
            (sleeve("b", "ETH", "0.000000000000000000000001"), sleeve("a", "dex:X", "-1"), sleeve("a", target="2")),
            (sleeve("B", size="1"), sleeve("c", size="1"), sleeve("c"), follow("b", position="-1"), follow("a")),
            (follow("b", "BTC2", "7"), follow("b", "ETH", "1E+2")),
            writer=Writer(),
        )
        found = await doors.records.sleeves()
        assert [(s.bot, s.coin) for s in found] == [("B", "BTC"), ("a", "BTC"), ("a", "dex:X"), ("b", "ETH")]
        assert found[3] == sleeve("b", "ETH", "0.000000000000000000000001")
        assert [(s.coin, s.position) for s in await doors.records.sources()] == [
            ("BTC", D(-1)),
            ("BTC2", D(7)),
            ("ETH", D(100)),
        ]

    tell(opener, story)


def test_bots_and_accounts_bear_their_newest_figures(opener: Opener) -> None:
    """Performance and equity come with their times; equity that became unknown is not shown as it was."""

    async def story(doors: Doors) -> None:
        writer = Writer()
        await show(doors, (settings(bot_policy("a"), accounts=("main", "alt")),), writer=writer)
        await show(doors, (performance("a", "1"), equity(D(10))), (performance("a", "2"), equity(D(11))), writer=writer)
        (bot,), (main, alt) = await doors.records.bots(), await doors.records.accounts()
        assert (bot.performance, bot.performance_time) == (performance("a", "2"), T + 1_000)
        assert (main.equity, main.equity_time) == (D(11), T + 1_000)
        assert (alt.equity, alt.equity_time) == (None, None)
        await show(doors, (), (), (equity(None),), writer=writer)
        main, _ = await doors.records.accounts()
        assert (main.equity, main.equity_time) == (None, T + 2_000)

    tell(opener, story)


def equity(usd: Usd | None) -> EquityPoint:
    """Return the equity of an account of ours."""
    return EquityPoint(series="account:main", usd=usd)


def test_a_curve_has_the_last_value_of_each_minute_and_hour(opener: Opener) -> None:
    """Later values of the same minute or hour replace earlier ones, also by "unknown"; parts are asked for by time."""
    values = {0: "1", 59_999: "2", MINUTE_MS: "3", 2 * MINUTE_MS: None, HOUR_MS: "4"}

    async def story(doors: Doors) -> None:
        writer = Writer()
        for at, usd in values.items():
            await doors.records.project([writer.entry(equity(None if usd is None else D(usd)), at=T + at)])

        async def curve(grain: Grain, **query: int) -> list[tuple[EpochMs, Usd | None]]:
            asked = EquityQuery(series="account:main", grain=grain, **query)
            rows: tuple[EquityRow, ...] = await doors.records.equity(asked)
            return [(row.time - T, row.usd) for row in rows]

        minutes = [(0, D(2)), (MINUTE_MS, D(3)), (2 * MINUTE_MS, None), (HOUR_MS, D(4))]
        assert await curve(Grain.MINUTE) == minutes
        assert await curve(Grain.HOUR) == [(0, None), (HOUR_MS, D(4))]
        assert await curve(Grain.MINUTE, since=T + 1, until=T + 2 * MINUTE_MS) == minutes[1:3]
        assert await curve(Grain.MINUTE, limit=2) == minutes[:2]
        assert await doors.records.equity(EquityQuery(series="account:other")) == ()

    tell(opener, story)


def fee_of(cloid: str | None, fee: str, key: str = "k") -> MyFill:
    """Return a fill of an order that cost a fee."""
    return MyFill(
        key=key,
        kind=FillKind.ORDER,
        account="main",
        coin="BTC",
        part=PartKind.SLEEVE,
        bot="a",
        side=Side.SELL,
        quantity=D("0.25"),
        price=D(100),
        fee=D(fee),
        realised=D(0),
        cloid=cloid,
    )


def test_an_order_that_ended_comes_with_its_fees_and_its_shadow(opener: Opener) -> None:
    """The newest first; an order without a shadow is there, one that has not ended is not; the last shadow counts."""
    done = OrderStatus.FILLED

    async def story(doors: Doors) -> None:
        assert await doors.records.pairs(PairQuery()) == ()
        await show(
            doors,
            (order("0x1"), fee_of("0x1", "0.000001"), fee_of("0x1", "0.02", "l"), fee_of(None, "9", "m")),
            (order("0x1", done, "0.5"), shadow("0x1", "0.1"), order("0x2", OrderStatus.REJECTED), order("0x3")),
            (shadow("0x1"), shadow("0x3"), shadow("0x4", "0", None)),
            writer=Writer(),
        )
        rejected, filled = await doors.records.pairs(PairQuery())
        assert (rejected.order.cloid, rejected.fee, rejected.shadow, rejected.created) == ("0x2", D(0), None, T + 1_000)
        assert (filled.order, filled.created) == (order("0x1", done, "0.5"), T)
        assert (filled.fee, filled.shadow) == (D("0.020001"), shadow("0x1"))

    tell(opener, story)


def test_orders_are_compared_by_time_bot_and_coin(opener: Opener) -> None:
    """Each narrows the list down; a limit leaves the newest."""
    done = OrderStatus.FILLED

    async def story(doors: Doors) -> None:
        await show(doors, (order("0x1", done, "1"),), (order("0x2", done, "1"),), writer=Writer())

        async def found(query: PairQuery) -> list[str]:
            return [pair.order.cloid for pair in await doors.records.pairs(query)]

        assert await found(PairQuery(since=T + 1)) == ["0x2"]
        assert await found(PairQuery(bot="a", coin="BTC")) == ["0x2", "0x1"]
        assert await found(PairQuery(bot="b")) == await found(PairQuery(coin="ETH")) == []
        assert await found(PairQuery(limit=1)) == ["0x2"]

    tell(opener, story)
