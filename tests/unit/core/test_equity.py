"""Equity: cash and positions, readings that must be confirmed, the day's loss and the drawdown."""

from decimal import Decimal as D

import pytest

from fadearena.core.equity import Peak, Pool, Purse, Reading, believe
from fadearena.model.units import DAY_MS

JUMP = D("0.30")


def take(reading: Reading, usd: str, time: int, reference: str | None = "1000") -> bool:
    """Take a reading beside our own sum."""
    return believe(reading, D(usd), time, None if reference is None else D(reference), JUMP)


# --- readings


@pytest.mark.parametrize("usd", ["1000", "1300", "700"])
def test_a_reading_within_thirty_percent_is_believed(usd: str) -> None:
    """What differs by no more than 30 % from our own sum needs no second reading."""
    reading = Reading()
    assert take(reading, usd, 5)
    assert (reading.confirmed, reading.time) == (D(usd), 5)


@pytest.mark.parametrize("usd", ["0", "1300.01", "699.99", "-5"])
def test_zero_or_a_jump_needs_a_second_reading(usd: str) -> None:
    """Nothing is sized on zero or on a jump of more than 30 % before a later reading says the same."""
    reading = Reading(confirmed=D(1000), time=1)
    assert not take(reading, usd, 5)
    assert (reading.confirmed, reading.time) == (D(1000), 1)
    assert take(reading, usd, 6)
    assert (reading.confirmed, reading.time, reading.candidate) == (D(usd), 6, None)


def test_the_same_reading_twice_is_one_reading() -> None:
    """A second reading must be newer than the first."""
    reading = Reading()
    assert not take(reading, "0", 5)
    assert not take(reading, "0", 5)
    assert take(reading, "0", 6)


def test_two_different_jumps_confirm_nothing() -> None:
    """The second reading must be near the first, not only as strange."""
    reading = Reading()
    assert not take(reading, "5000", 5)
    assert not take(reading, "10000", 6)
    assert take(reading, "10500", 7)


def test_a_plain_reading_forgets_a_strange_one() -> None:
    """After a reading that fits, a jump begins anew."""
    reading = Reading()
    take(reading, "0", 5)
    take(reading, "1000", 6)
    assert not take(reading, "0", 7)


def test_a_first_reading_has_nothing_to_be_compared_with() -> None:
    """The first reading is believed, unless it is zero."""
    assert take(Reading(), "25", 1, reference=None)
    assert not take(Reading(), "0", 1, reference=None)


# --- pools


def test_equity_is_cash_and_positions() -> None:
    """What is paid for a position leaves cash and comes back as its value."""
    pool = Pool(cash=D(1000))
    pool.pay(D(600))
    pool.holdings += D(650)
    assert pool.equity == D(1050)


def test_a_pool_without_a_reading_is_unknown() -> None:
    """Before its first reading a pool has no equity, whatever is paid."""
    pool = Pool(holdings=D(50))
    pool.pay(D(10))
    assert pool.equity is None
    assert pool.settle(D(900)) == D(0)
    assert pool == Pool(cash=D(850), holdings=D(50))


def test_a_reading_sets_cash_right() -> None:
    """A confirmed reading is the truth; by how much our sum was off is told."""
    pool = Pool(cash=D(1000), holdings=D(50))
    assert pool.settle(D(1040)) == D(-10)
    assert pool == Pool(cash=D(990), holdings=D(50))


# --- a purse


def purse(usd: str = "1000", time: int = 10) -> Purse:
    """Return a purse with one pool whose equity was read once."""
    made = Purse()
    believe(made.reading, D(usd), time, None, JUMP)
    made.pool("main").settle(D(usd))
    made.open(D(usd))
    made.rebase_day(D(usd))
    return made


def test_equity_is_the_sum_of_what_is_known() -> None:
    """All pools that are known count; before any reading equity is unknown."""
    made = purse()
    made.pool("other").settle(D(50))
    made.pools["unread"] = Pool(holdings=D(7))
    assert (made.equity, made.total) == (D(1050), D(1050))
    assert Purse().equity is Purse().day_profit() is None


def test_equity_is_unknown_while_the_account_cannot_be_understood() -> None:
    """With an unknown mode there is no equity and no profit of the day, but our own sum goes on."""
    made = purse()
    made.is_readable = False
    assert (made.equity, made.day_profit(), made.total, made.day_result()) == (None, None, D(1000), D(0))


def test_the_day_counts_from_the_last_confirmed_equity_however_old() -> None:
    """A worker that starts days later still counts from what it last knew."""
    made = purse()
    made.turn_day(3 * DAY_MS)
    made.pool("main").pay(D(120))
    assert (made.day_open, made.day_profit()) == (D(1000), D(-120))


def test_a_day_turns_once() -> None:
    """Events of the same day leave its base alone."""
    made = purse()
    made.turn_day(DAY_MS)
    believe(made.reading, D(900), DAY_MS + 5, D(1000), JUMP)
    made.turn_day(DAY_MS)
    assert made.day_open == D(1000)
    made.turn_day(2 * DAY_MS)
    assert made.day_open == D(900)


@pytest.mark.parametrize("usd", ["500", "-500"])
def test_deposits_and_withdrawals_are_no_profit(usd: str) -> None:
    """Money that comes or goes changes equity, not the day's profit."""
    made = purse()
    made.take_cash(made.pool("main"), D(usd), time=20)
    assert (made.equity, made.day_profit(), made.deposits) == (D(1000) + D(usd), D(0), D(usd))


def test_a_deposit_that_a_reading_holds_already_is_not_added_again() -> None:
    """News of a deposit that come after the reading that showed it only give the difference its name."""
    made = purse()
    believe(made.reading, D(1200), 30, D(1000), JUMP)
    made.adjusted += made.pool("main").settle(D(1200))
    made.take_cash(made.pool("main"), D(200), time=25)
    assert (made.equity, made.deposits, made.adjusted, made.day_profit()) == (D(1200), D(200), D(0), D(0))


def test_a_deposit_before_midnight_belongs_to_the_base_of_the_next_day() -> None:
    """Money that came after the last reading and before midnight is neither profit nor loss of the new day."""
    made = purse()
    made.take_cash(made.pool("main"), D(500), time=20)
    made.turn_day(DAY_MS)
    assert (made.day_open, made.day_profit()) == (D(1500), D(0))


def test_a_late_word_of_a_deposit_before_the_day_began_is_no_loss_of_the_day() -> None:
    """A deposit that the day's base holds already does not count against the day."""
    made = purse(time=DAY_MS - 5)
    made.turn_day(DAY_MS)
    made.take_cash(made.pool("main"), D(500), time=DAY_MS - 10)
    assert made.day_profit() == D(0)


def test_a_resume_counts_the_day_from_here() -> None:
    """Rebasing forgets the day's loss and its deposits."""
    made = purse()
    made.take_cash(made.pool("main"), D(500), time=20)
    made.pool("main").pay(D(300))
    made.rebase_day(made.equity)
    assert (made.day_profit(), made.day_open) == (D(0), D(1200))


def test_a_change_of_mode_brings_all_cash_to_one_pool() -> None:
    """Cash follows the account's new mode whole, and no other pool keeps any."""
    made = purse()
    made.pool("other").settle(D(50))
    made.pool_anew("token:0")
    assert {name: pool.cash for name, pool in made.pools.items()} == {"main": D(0), "other": D(0), "token:0": D(1050)}
    assert made.total == D(1050)


def test_a_change_of_mode_without_cash_makes_none() -> None:
    """An account that was never read stays unknown in its new mode."""
    made = Purse()
    made.pool("main")
    made.pool_anew("token:0")
    assert [pool.cash for pool in made.pools.values()] == [None]


def test_a_pool_of_which_a_first_reading_says_nothing_is_worth_nothing() -> None:
    """What is held for a collateral that no reading names changes equity from then on by its profit only."""
    made = Purse()
    made.pool("token:5").holdings += D(300)
    made.pool("token:0").settle(D(1000))
    believe(made.reading, D(1000), 10, None, JUMP)
    made.open(D(1000))
    made.pool("token:5").holdings += D(20)
    made.pool("token:9").pay(D(5))
    assert made.total == D(1015)


# --- the peak


def test_the_drawdown_counts_from_the_peak() -> None:
    """The peak only rises; the drawdown is what is missing to it, as a ratio."""
    peak = Peak()
    assert [peak.see(D(usd)) for usd in (1000, 900, 1200, 900)] == [D(0), D("0.1"), D(0), D("0.25")]


def test_deposits_and_withdrawals_move_the_peak() -> None:
    """A withdrawal is no drawdown and a deposit hides none."""
    peak = Peak(usd=D(1000))
    peak.shift(D(-400))
    assert peak.see(D(600)) == D(0)
    peak.shift(D(400))
    assert peak.see(D(900)) == D("0.1")
    empty = Peak()
    empty.shift(D(100))
    assert empty.usd is None


def test_a_resume_begins_a_new_peak() -> None:
    """After an operator's resume the drawdown counts from the equity of that moment."""
    peak = Peak(usd=D(1000))
    peak.rebase(D(700))
    assert peak.see(D(630)) == D("0.1")


def test_a_peak_of_nothing_has_no_drawdown() -> None:
    """Where there never was money there is no ratio of it."""
    assert Peak(usd=D(0)).see(D(-5)) == D(0)
