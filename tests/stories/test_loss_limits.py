"""Limits that latch: daily loss, drawdown, a bot's loss (rules 6 and 9)."""

from typing import Any

from fadearena.model.event import Release, Resume
from fadearena.model.policy import AccountPolicy, OnBreach
from fadearena.model.units import DAY_MS
from tests.support.story import Story, begun
from tests.support.world import OTHER, T0, D, bot, settings

MIDNIGHT = T0 - T0 % DAY_MS + DAY_MS
SUB = AccountPolicy(id="sub", address="0x" + "5e" * 20, signer="0x" + "0d" * 20, max_leverage=20)


def holding(**limits: Any) -> Story:
    """One short sleeve of 0.05 BTC at 100,000 with 10,000 USD: a rise of 1,000 costs 50."""
    return begun(settings(**limits)).holding()


def test_daily_loss_sets_reducing() -> None:
    """A loss of the day that reaches the limit sets everything to reducing, with an alert, once."""
    story = holding(daily_loss_limit=D(500))
    assert story.mark("BTC", "109999").alerts == ["limit_near"]
    assert story.mark("BTC", "110000").alerts == ["daily_loss"]
    assert story.latches() == ["all daily_loss"]
    assert story.mark("BTC", "111000").alerts == []
    assert story.source("BTC", "1", "111000").reasons == ["skip:trading_state"]
    assert story.source("BTC", "-2", "111000").orders


def test_daily_loss_ends_at_midnight_and_nothing_is_increased_for_it() -> None:
    """The latch ends at 00:00 UTC with a new base; what was missed waits for the next growth."""
    story = holding(daily_loss_limit=D(500))
    story.mark("BTC", "110000").source("BTC", "1", "110000")
    story.now = MIDNIGHT - 1
    story.mark("BTC", "110000")
    assert story.latches() == ["all daily_loss"]
    story.read_account()
    story.wait(1)
    assert story.latches() == []
    assert not [c for _, turned in story.journal[-3:] for c in turned.commands if hasattr(c, "terms")]
    story.mark("BTC", "119000")
    assert story.latches() == []
    story.mark("BTC", "120000")
    assert story.latches() == ["all daily_loss"]


def test_daily_loss_counts_from_the_last_confirmed_equity_however_old() -> None:
    """A process that was down over midnight, for days, still counts from the last equity confirmed before it."""
    story = holding(daily_loss_limit=D(500))
    story.crash()
    story.now += 3 * DAY_MS
    story.takes_over()
    story.mark("BTC", "109000").fills(complete=True)
    story.read_account()
    assert story.latches() == []
    story.mark("BTC", "110000")
    assert story.latches() == ["all daily_loss"]


def test_loss_while_the_process_was_down_counts() -> None:
    """What was lost between the last confirmed equity and the start counts to the day of the start."""
    story = holding(daily_loss_limit=D(500))
    story.crash()
    story.now += 2 * DAY_MS
    story.takes_over()
    story.mark("BTC", "111000")
    assert story.latches() == ["all daily_loss"]


def test_resume_ends_a_daily_loss_and_begins_anew() -> None:
    """A person's resume ends the latch; the next loss counts from there."""
    story = holding(daily_loss_limit=D(500))
    story.mark("BTC", "110000").order_by(Resume())
    assert story.latches() == []
    story.mark("BTC", "119999")
    assert story.latches() == []
    story.mark("BTC", "120000")
    assert story.latches() == ["all daily_loss"]


def test_deposit_is_no_profit() -> None:
    """A deposit does not hide a loss, a withdrawal is none."""
    story = holding(daily_loss_limit=D(500))
    story.cash("5000")
    story.mark("BTC", "110000")
    assert story.latches() == ["all daily_loss"]
    story = holding(daily_loss_limit=D(500))
    story.cash("-2000")
    assert story.latches() == []


def test_deposit_before_midnight_is_no_profit_of_the_next_day() -> None:
    """A deposit between the last reading and midnight belongs to the next day's base."""
    story = holding(daily_loss_limit=D(500))
    story.read_account()
    story.now = MIDNIGHT - 1_000
    story.cash("5000").wait(1_000)
    story.mark("BTC", "110000")
    assert story.latches() == ["all daily_loss"]


def test_deposit_that_a_reading_showed_first_is_no_profit() -> None:
    """A deposit that was read before it was named neither hides a loss nor counts twice."""
    story = holding(daily_loss_limit=D(500))
    story.read_account(equity="12000").wait(1_000)
    story.cash("2000", ago=2_000)
    assert story.equity_of() == 12_000
    story.mark("BTC", "110000")
    assert story.latches() == ["all daily_loss"]


def test_daily_loss_sums_all_accounts() -> None:
    """The loss of all accounts counts; one that was never read does not keep the limit from binding."""
    policy = settings(bot(), bot("two", OTHER, account="sub"), daily_loss_limit=D(500))
    story = begun(settings(*policy.bots, accounts=(*policy.accounts, SUB), daily_loss_limit=D(500)))
    story.holding("BTC", "1").holding("BTC", "1", wallet=OTHER)
    story.mark("BTC", "104999")
    assert story.latches() == []
    story.mark("BTC", "105000")
    assert story.latches() == ["all daily_loss"]
    story = holding(daily_loss_limit=D(500))
    story.change(settings(accounts=(*story.policy.accounts, SUB), daily_loss_limit=D(500)))
    story.mark("BTC", "110000")
    assert story.latches() == ["all daily_loss"]


def test_drawdown_counts_from_the_peak() -> None:
    """A fall from the high-water mark sets everything to reducing until a person resumes."""
    story = holding(max_drawdown=D("0.10"))
    story.mark("BTC", "90000")
    story.mark("BTC", "110999")
    assert story.latches() == []
    story.mark("BTC", "111000")
    assert (story.latches(), story.alerts) == (["all drawdown"], ["drawdown"])
    story.now += DAY_MS
    story.mark("BTC", "100000")
    assert story.latches() == ["all drawdown"]


def test_resume_ends_a_drawdown_and_begins_from_here() -> None:
    """A person's resume re-bases the high-water mark."""
    story = holding(max_drawdown=D("0.05"))
    story.mark("BTC", "110000").order_by(Resume())
    story.mark("BTC", "119400")
    assert story.latches() == []
    story.mark("BTC", "119600")
    assert story.latches() == ["all drawdown"]


def test_deposits_move_the_peak() -> None:
    """Deposits lift the high-water mark and withdrawals lower it: neither hides nor makes a drawdown."""
    story = holding(max_drawdown=D("0.10"))
    story.cash("-5000")
    assert story.latches() == []
    story.mark("BTC", "109900")
    assert story.latches() == []
    story.mark("BTC", "110000")
    assert story.latches() == ["all drawdown"]
    story = holding(max_drawdown=D("0.05"))
    story.mark("BTC", "108000")
    story.cash("10000")
    story.mark("BTC", "120000")
    assert story.latches() == ["all drawdown"]


def test_withdrawal_that_a_reading_showed_first_lowers_the_peak() -> None:
    """A withdrawal named after it was read lowers the high-water mark; a deposit so named does not lift it twice."""
    story = holding()
    story.read_account(equity="9000").wait(1_000)
    story.cash("-1000", ago=2_000)
    assert story.state.peak.usd == 9_000
    story.wait(2_001)
    story.read_account(equity="11000").wait(1_000)
    story.cash("2000", ago=2_000)
    assert story.state.peak.usd == 11_000


def test_second_account_lifts_the_peak_as_a_deposit_does() -> None:
    """An account that joins or leaves changes the high-water mark by what it is worth."""
    story = holding(max_drawdown=D("0.10"))
    base = story.policy
    story.mark("BTC", "110000").change(settings(accounts=(*base.accounts, SUB), max_drawdown=D("0.10")))
    story.read_account(account="sub", equity="1000")
    assert story.state.peak.usd == 11_000
    story.change(base)
    assert (story.state.peak.usd, story.latches()) == (D(10_000), [])


def test_bots_loss_stops_only_that_bot() -> None:
    """A bot that lost its limit since its last resume only reduces until a person resumes it."""
    two = settings(bot(loss_limit=D(100)), bot("two", OTHER))
    story = begun(two).holding()
    story.mark("BTC", "101999")
    assert story.latches() == []
    story.mark("BTC", "102000")
    assert (story.latches(), story.alerts) == (["bot:bot bot_loss"], ["bot_loss"])
    assert story.source("BTC", "1", "102000").reasons == ["skip:bot_state"]
    assert story.source("BTC", "1", "102000", wallet=OTHER).orders


def test_resume_of_a_bot_counts_its_loss_from_there() -> None:
    """A bot's resume ends its latch and re-bases its loss; a resume of everything does not."""
    story = begun(settings(bot(loss_limit=D(100)))).holding()
    story.mark("BTC", "102000").order_by(Resume())
    assert story.refusal() == "nothing here is paused"
    story.order_by(Resume(bot="bot"))
    assert story.latches() == []
    story.mark("BTC", "103999")
    assert story.latches() == []
    story.mark("BTC", "104000")
    assert story.latches() == ["bot:bot bot_loss"]


def test_realised_loss_binds_without_an_open_sleeve() -> None:
    """A loss that an execution realised binds at once, though the sleeve is flat then."""
    story = begun(settings(bot(loss_limit=D(100)))).holding()
    order = story.source("BTC", "-1", "100000").order
    story.filled(order, "0.05", "103000")
    assert (story.sleeve("BTC"), story.latches()) == (D(0), ["bot:bot bot_loss"])


def test_breach_can_close_everything() -> None:
    """With `on_breach: flatten` a breached limit closes everything, and it stays halted."""
    story = holding(daily_loss_limit=D(500), on_breach=OnBreach.FLATTEN)
    story.mark("BTC", "110000")
    assert story.latches() == ["all daily_loss", "all flatten", "all kill"]
    assert story.order.terms.quantity == D("0.05")
    story.fill()
    for _ in range(2):
        story.wait(2_001)
        story.read_account()
    assert story.latches() == ["all daily_loss", "all kill"]
    story.order_by(Release())
    assert story.latches() == ["all daily_loss"]
    story.order_by(Resume())
    assert story.latches() == []


def test_breach_of_a_bot_can_close_the_bot() -> None:
    """With `on_breach: flatten` a bot's breached limit closes that bot's sleeves."""
    story = begun(settings(bot(loss_limit=D(100)), on_breach=OnBreach.FLATTEN)).holding()
    story.mark("BTC", "102000")
    assert story.latches() == ["bot:bot bot_loss", "bot:bot flatten", "bot:bot kill"]
    assert (story.order.terms.bot, story.order.terms.reduce_only) == ("bot", True)


def test_limits_count_in_a_mode_that_is_not_understood() -> None:
    """An account whose mode became unreadable still counts by our own sum: the limit binds."""
    story = holding(daily_loss_limit=D(500))
    story.unknown_mode()
    story.mark("BTC", "110000")
    assert story.latches() == ["all daily_loss"]
