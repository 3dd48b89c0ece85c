"""Funding, deposits and withdrawals: booked once, to whom they belong (rule 8)."""

from fadearena.model.event import BudgetRead
from fadearena.model.record import CashBooked, FundingBooked
from tests.support.story import Story, begun
from tests.support.world import OTHER, T0, D, bot, settings


def test_funding_goes_to_each_sleeve_by_its_size_and_the_rest_to_external() -> None:
    """Each sleeve gets size x oracle x rate, with sign; what is left of the payment belongs to external."""
    story = begun(settings(bot(), bot("two", OTHER))).holding("BTC", "1").holding("BTC", "-3", wallet=OTHER)
    story.funding("BTC", "-11", rate="0.001", oracle="100000")
    assert [(row.bot, row.usd) for row in story.all(FundingBooked)] == [
        ("bot", D(5)),
        ("two", D(-15)),
        (None, D(-1)),
    ]
    assert story.equity_of() == 9_989


def test_funding_is_booked_once() -> None:
    """The same hour's payment counts once."""
    story = begun().holding()
    story.wait(1)
    story.funding("BTC", "5", "0.001", "100000", key="h").funding("BTC", "5", "0.001", "100000", key="h")
    assert story.all(FundingBooked) == []
    assert story.equity_of() == 10_005


def test_funding_that_a_reading_holds_already_is_not_counted_twice() -> None:
    """A payment from before the last reading is in it already: it is only named."""
    story = begun().holding()
    story.read_account(equity="10005")
    story.funding("BTC", "5", "0.001", "100000")
    assert (story.equity_of(), len(story.all(FundingBooked))) == (D(10_005), 1)


def test_deposit_and_withdrawal_are_booked_once() -> None:
    """Money that came or went counts once and is no profit."""
    story = begun().holding()
    for _ in range(2):
        story.cash("500", key="one")
    story.cash("-200", key="two")
    assert (story.equity_of(), [row.usd for row in story.all(CashBooked)]) == (D(10_300), [D(-200)])
    assert story.state.accounts["main"].purse.day_profit() == 0


def test_deposit_that_a_reading_holds_already_is_only_named() -> None:
    """A deposit from before the last reading changes no equity, and is taken out of what could not be explained."""
    story = begun()
    story.wait(1)
    story.read_account(equity="12000")
    story.cash("2000")
    purse = story.state.accounts["main"].purse
    assert (story.equity_of(), purse.deposits, purse.adjusted, purse.day_profit()) == (D(12_000), D(2_000), D(0), D(0))


def test_money_from_before_the_first_reading_is_part_of_it() -> None:
    """Deposits and funding from before the first reading are in what it showed."""
    story = Story()
    story.tell_settings()
    story.mark("BTC", "100000").wait(10_000)
    story.cash("9000").funding("BTC", "5", "0.001", "100000")
    assert story.turn.records == []
    story.read_account(BTC="1").wait(1_000)
    story.cash("9000", ago=5_000)
    assert (story.turn.records, story.equity_of()) == ([], D(10_000))


def test_strangers_money_is_ignored() -> None:
    """Money and budgets of an account that is not ours change nothing."""
    story = begun()
    story.cash("5", account="stranger")
    assert story.turn.records == []
    story.send(BudgetRead(time=story.now, received=story.now, account="stranger", actions_left=5))
    assert story.turn.records == []


def test_fees_of_foreign_fills_are_paid_by_external() -> None:
    """A fee of a trade that no bot ordered lowers equity, and belongs to no bot."""
    story = begun().holding()
    story.wait(5_001)
    story.fills(story.own_fill("ETH", "1", "2000", fee=D(3)))
    assert (story.equity_of(), story.state.books["main", "ETH"].book.external.fees) == (D(9_997), D(3))


def test_budget_of_actions_is_counted_down_and_grows_with_volume() -> None:
    """Each signed action costs one of the address's budget, each dollar traded earns one."""
    story = begun()
    order = story.opened("BTC", "1", "100000")
    assert story.state.accounts["main"].actions_left == 9_999
    story.fill(order)
    assert story.state.accounts["main"].actions_left == 14_999


def test_deposit_of_the_very_moment_of_the_first_reading_is_in_the_days_base() -> None:
    """A deposit stamped as the first reading is part of it: neither profit nor loss of the day."""
    story = begun()
    story.cash("500", ago=story.now - T0)
    purse = story.state.accounts["main"].purse
    assert (purse.equity, purse.day_deposits, purse.day_profit()) == (D(10_000), D(0), D(0))
