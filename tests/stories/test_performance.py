"""What a bot brought us is recorded every minute (rule 8)."""

from fadearena.core.engine.performance import ROUND
from fadearena.model.record import BotPerformance, EquityPoint
from fadearena.model.units import MINUTE_MS
from tests.support.story import Story
from tests.support.world import D, World, bot, settings


def test_performance_of_a_bot_is_recorded_every_minute() -> None:
    """Round trips, net and daily PnL, fees, slippage and reaction time of a bot, and our equity."""
    world = World().started().source("BTC", "1", "100000").fill(price="99990", fee="2")
    world.now += 1_000
    world.source("BTC", "-1", "101000").fill(price="101010", fee="2").wait(MINUTE_MS)
    last = [t for _, t in world.journal if any(isinstance(r, BotPerformance) for r in t.records)][-1]
    [performance] = [record for record in last.records if isinstance(record, BotPerformance)]
    assert (performance.round_trips, performance.win_rate, performance.fills) == (1, D(0), 2)
    assert (performance.net, performance.day_net, performance.fees) == (D(-55), D(-55), D(4))
    assert performance.slippage_bps is not None
    assert performance.slippage_bps > 0
    assert (performance.reaction_ms, performance.tracking_error) == (0, D(0))
    series = {record.series: record.usd for record in last.records if isinstance(record, EquityPoint)}
    assert series == {"account:main": D(9945), "mirror:bot": D(-55)}


def test_tracking_error_is_a_ratio_of_equity_and_unknown_where_a_price_is() -> None:
    """A sleeve off its target counts at mark; without a mark, or without equity, nobody knows."""
    world = World().started().source("BTC", "1", "100000").wait(MINUTE_MS)
    errors = [r.tracking_error for _, t in world.journal for r in t.records if isinstance(r, BotPerformance)]
    assert errors[-1] == D("0.5")
    bare = World().started().source("BTC", "1", "100000", fresh=False).wait(MINUTE_MS)
    assert [r.tracking_error for _, t in bare.journal for r in t.records if isinstance(r, BotPerformance)][-1] is None


def test_many_bots_are_summed_up_in_rounds() -> None:
    """One event sums up so many bots and coins at most; the next round follows at once, each bot once a minute."""
    bots = [bot(f"b{n}", f"0x{n:040x}") for n in range(ROUND + 1)]
    world = Story(settings(*bots)).tell_settings()
    for each in (bots[0], bots[-1]):
        world.source("BTC", "1", at="100000", wallet=each.wallet)
    world.takes_over()
    told = len(world.journal)
    world.wait(MINUTE_MS)
    summed = [
        (event.received, [record.bot for record in turned.records if isinstance(record, BotPerformance)])
        for event, turned in world.journal[told:]
    ]
    first, second = [(at, names) for at, names in summed if names]
    assert (first[1], second[1]) == ([bots[0].id], [bots[-1].id])
    assert first[0] == second[0]
