"""What a bot brought us is recorded every minute (rule 8), and an event that breaks the core halts everything."""

from fadearena.model.event import Quarantined, Release
from fadearena.model.record import BotPerformance, EquityPoint
from fadearena.model.units import MINUTE_MS
from tests.support.story import begun
from tests.support.world import D, World


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


def test_event_that_was_set_aside_halts_until_it_is_released() -> None:
    """After a quarantined event nothing is sent in either direction before somebody released it."""
    story = begun().holding()
    story.send(Quarantined(time=story.now, received=story.now, subject="event 7", error="a sum is off"))
    assert story.latches() == ["all quarantine"]
    assert story.alerts == ["quarantine"]
    story.source("BTC", "-1", "100000")
    assert story.orders == []
    story.order_by(Release())
    assert story.latches() == []
    assert story.order.terms.reduce_only
