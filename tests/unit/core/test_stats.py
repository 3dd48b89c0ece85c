"""Statistics of a bot: what its sleeves earned, at what cost, and how fast."""

from decimal import Decimal as D

import pytest

from fadearena.core.stats import BotStats
from fadearena.model.units import Side


def test_nothing_is_claimed_before_there_is_anything() -> None:
    """Without trips, fills and reactions every figure is unknown, not zero."""
    stats = BotStats()
    assert (stats.win_rate, stats.slippage_bps, stats.mean_reaction_ms) == (None, None, None)


def test_the_win_rate_is_net() -> None:
    """A round trip wins when it earned after fees and funding; nothing earned is no win."""
    stats = BotStats()
    for net in ("5", "-3", "0", "0.01"):
        stats.see_round_trip(D(net))
    assert (stats.round_trips, stats.wins, stats.win_rate) == (4, 2, D("0.5"))


@pytest.mark.parametrize(
    ("side", "price", "bps"), [(Side.BUY, "101", "100"), (Side.BUY, "99", "-100"), (Side.SELL, "99", "100")]
)
def test_slippage_is_what_we_paid_beyond_the_source(side: Side, price: str, bps: str) -> None:
    """Buying higher or selling lower than the source is a cost, the other way round a gain."""
    stats = BotStats()
    stats.see_fill(side, D(2), D(price), D(100))
    assert (stats.slippage_bps, stats.slippage_usd) == (D(bps), D(bps) / 50)


def test_slippage_is_weighted_by_notional_and_leaves_out_what_has_no_source() -> None:
    """A fill without a source's price counts as traded, not as slippage."""
    stats = BotStats()
    stats.see_fill(Side.BUY, D(3), D(101), D(100))
    stats.see_fill(Side.BUY, D(1), D(100), D(100))
    stats.see_fill(Side.SELL, D(1), D(90), None)
    assert (stats.fills, stats.traded_usd, stats.slippage_bps) == (3, D(493), D(75))


def test_the_reaction_time_is_an_average() -> None:
    """From the source's fill to ours; a clock that is a little behind counts as at once."""
    stats = BotStats()
    for source, now in ((1_000, 1_100), (1_000, 1_201), (1_000, 990)):
        stats.see_reaction(source, now)
    assert stats.mean_reaction_ms == 100
