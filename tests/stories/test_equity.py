"""What an account is worth, by its mode; readings that are not believed at once (rule 8)."""

from fadearena.core.equity import Reading, believe
from fadearena.model.account import AccountMode
from fadearena.model.record import CashBooked, EquityPoint
from tests.support.story import Story, begun
from tests.support.world import D, market


def told() -> Story:
    """Settings, markets and a BTC price are known; no account was read."""
    story = Story()
    story.tell_settings()
    story.mark("BTC", "100000")
    return story


def points(story: Story) -> list[tuple[str, D | None]]:
    """The equity that the last event recorded."""
    return [(point.series, point.usd) for point in story.all(EquityPoint)]


def purse_equity(story: Story) -> D | None:
    """What the account is worth, None while unknown."""
    return story.state.accounts["main"].purse.equity


def test_standard_mode_sums_all_dexs() -> None:
    """In standard mode equity is the sum of accountValue over all dexs; spot does not count."""
    story = told().reading(mode=AccountMode.STANDARD, spot="777", own=("6000", {}), xyz=("1500", {}))
    assert points(story) == [("account:main", D(7500))]


def test_unified_and_portfolio_margin_count_spot() -> None:
    """In unified and portfolio-margin mode equity is what the spot state says."""
    for mode in (AccountMode.UNIFIED, AccountMode.PORTFOLIO_MARGIN):
        story = told().reading(mode=mode, spot="5000", own=("1", {}))
        assert points(story) == [("account:main", D(5000))]


def test_unknown_mode_is_unknown_equity() -> None:
    """In a mode that is not understood equity is unknown, not zero, and nothing is increased."""
    story = told().reading(mode=AccountMode.UNKNOWN, spot="5000", own=("1", {}))
    assert points(story) == [("account:main", None)]
    assert purse_equity(story) is None
    story = begun().holding()
    story.unknown_mode()
    assert (purse_equity(story), points(story)) == (None, [("account:main", None)])
    assert story.source("BTC", "1", "100000").reasons == ["skip:no_collateral"]
    story.read_account(equity="10000")
    assert purse_equity(story) == 10_000


def test_equity_moves_with_the_mark_between_readings() -> None:
    """Between readings equity is cash and positions at mark."""
    story = begun().holding()
    story.mark("BTC", "101000")
    assert purse_equity(story) == 9_950


def test_a_fill_tells_equity_at_once() -> None:
    """With what the price and the fee cost, also where a better price or the fee is known only later."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    story.filled(order, "0.05", "99990")
    assert points(story) == [("account:main", D("9999.5"))]
    story.fills(story.fill_for(order, "0.05", "99980", fee=D("2.25")))
    assert points(story) == [("account:main", D("9996.75"))]
    story.fills(complete=True)
    assert points(story) == []


def test_jump_needs_a_second_reading() -> None:
    """A jump of more than 30 % counts only when a second, later reading says the same."""
    story = begun()
    story.wait(1)
    story.read_account(equity="6999")
    assert (purse_equity(story), points(story)) == (D(10_000), [])
    story.read_account(equity="6999")
    assert purse_equity(story) == 10_000
    story.wait(1)
    story.read_account(equity="6999")
    assert purse_equity(story) == 6_999
    story.wait(1)
    story.read_account(equity="4900")
    assert purse_equity(story) == 4_900


def test_jump_that_is_not_repeated_is_forgotten() -> None:
    """A reading that is followed by a normal one was an error."""
    story = begun()
    for usd in ("20000", "10000", "20000"):
        story.wait(1)
        story.read_account(equity=usd)
        assert purse_equity(story) == 10_000


def test_zero_needs_a_second_reading() -> None:
    """A reading of zero, even the very first, needs a second one."""
    story = told().reading(mode=AccountMode.UNIFIED, spot="0", own=("0", {}))
    assert purse_equity(story) is None
    story.wait(1)
    story.reading(mode=AccountMode.UNIFIED, spot="0", own=("0", {}))
    assert purse_equity(story) == 0


def test_same_reading_twice_is_no_second_one() -> None:
    """The same reading delivered twice does not confirm itself."""
    reading = Reading(confirmed=D(100))
    assert not believe(reading, D(10), 5, D(100), D("0.3"))
    assert not believe(reading, D(10), 5, D(100), D("0.3"))
    assert believe(reading, D(10), 6, D(100), D("0.3"))


def test_reading_sets_our_sum_right() -> None:
    """A confirmed reading sets our sum right; by how much is shown as money that came or went."""
    story = begun().holding()
    story.read_account(equity="9990")
    assert [(row.usd, row.reason) for row in story.all(CashBooked)] == [(D(-10), "adjusted to a confirmed reading")]
    assert purse_equity(story) == 9_990


def test_reading_that_races_a_fill_does_not_count() -> None:
    """A reading within two seconds of a fill, or with an order in flight, may lack it and sets nothing."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    story.read_account(equity="9990")
    assert purse_equity(story) == 10_000
    story.fill(order).wait(1_999)
    story.read_account(equity="9990")
    assert purse_equity(story) == 10_000
    story.wait(1)
    story.read_account(equity="9990")
    assert purse_equity(story) == 9_990


def test_change_of_mode_keeps_the_sum() -> None:
    """When the account's mode changes all cash is pooled anew, and equity stays what it was."""
    story = begun().holding()
    own = {"BTC": "-0.05"}
    story.reading(mode=AccountMode.STANDARD, own=("7000", own), xyz=("3000", {}))
    assert purse_equity(story) == 10_000
    assert story.source("BTC", "1", "100000").reasons == ["execute:increase"]
    story.fill().wait(2_001)
    story.reading(mode=AccountMode.UNIFIED, spot="10000", own=("0", {"BTC": "-0.10"}))
    assert purse_equity(story) == 10_000


def test_change_of_mode_in_a_reading_that_is_not_believed_keeps_the_sum() -> None:
    """A reading that changes the mode and is too odd to be believed still leaves equity as it was."""
    story = begun().holding()
    story.reading(mode=AccountMode.STANDARD, own=("1", {"BTC": "-0.05"}))
    assert purse_equity(story) == 10_000


def test_mode_before_any_money_is_known() -> None:
    """A mode that changes before any equity was confirmed moves no money."""
    story = told().reading(mode=AccountMode.STANDARD, own=("0", {}))
    story.wait(1)
    story.reading(mode=AccountMode.UNIFIED, spot="100", own=("0", {}))
    assert purse_equity(story) in {None, D(100)}


def test_pools_of_other_collateral_count_too() -> None:
    """A market with another collateral token has its own pool; together they are what the account is worth."""
    other = market("xyz:NVDA", 110002, 3, collateral_token=3)
    story = begun(markets=(market("BTC", 0, 5), other)).holding()
    story.wait(1_000)
    story.mark("xyz:NVDA", "180").fills(story.own_fill("xyz:NVDA", "1", "180")).wait(2_001)
    story.read_account(equity="9990")
    assert purse_equity(story) == 9_990


def test_equity_is_recorded_every_minute() -> None:
    """Every full minute the equity of each account and our PnL from each bot are recorded."""
    story = begun().holding()
    story.mark("BTC", "101000").wait(60_000)
    rows = [point for _, turned in story.journal for point in turned.records if isinstance(point, EquityPoint)]
    assert [(row.series, row.usd) for row in rows[-2:]] == [("account:main", D(9_950)), ("mirror:bot", D(-50))]


def test_deposit_between_two_readings_of_zero_is_part_of_the_first_equity() -> None:
    """Money that comes before any equity was believed is in the first one that is."""
    story = told().reading(mode=AccountMode.UNIFIED, spot="0", own=("0", {}))
    story.wait(1_000)
    story.cash("500")
    story.wait(1)
    story.reading(mode=AccountMode.UNIFIED, spot="500", own=("0", {}))
    purse = story.state.accounts["main"].purse
    assert (purse.equity, purse.deposits, purse.opening) == (D(500), D(500), D(0))


def test_dex_of_which_the_first_reading_says_nothing_is_worth_nothing() -> None:
    """A dex where something was wanted, but that the first equity does not name, holds no money."""
    story = told().reading(mode=AccountMode.STANDARD, own=("0", {}))
    story.takes_over("w1").read_all(equity="0")
    story.source("xyz:NVDA", "100", "180").wait(1)
    story.reading(mode=AccountMode.STANDARD, own=("7", {}))
    assert (purse_equity(story), story.state.accounts["main"].purse.pools["dex:xyz"].cash) == (D(7), D(0))
