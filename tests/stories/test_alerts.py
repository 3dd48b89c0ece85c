"""What people are told, once, and when it ends."""

from typing import Any

import pytest

from fadearena.model.event import AccountUnreadable, Kill
from fadearena.model.order import RejectCode
from fadearena.model.policy import AlertPolicy
from fadearena.model.record import Alert
from fadearena.model.units import DAY_MS, MINUTE_MS
from tests.support.story import Story, begun
from tests.support.world import OTHER, T0, D, bot, settings

MIDNIGHT = T0 - T0 % DAY_MS + DAY_MS


def near(story: Story) -> list[str]:
    """The limits that the last event said are near."""
    return [alert.subject for alert in story.all(Alert) if alert.category == "limit_near"]


def holding(*bots: Any, **limits: Any) -> Story:
    """One short sleeve of 0.05 BTC at 100,000 with 10,000 USD: a rise of 1,000 costs 50."""
    return begun(settings(*bots, **limits)).holding()


# --- fills


def test_a_large_fill_is_told() -> None:
    """Of an order as a whole, where its notional is at least what the settings name."""
    story = begun(settings(alerts=AlertPolicy(fill_usd=D(5_000))))
    story.source("BTC", "1", "100000").fill()
    assert story.alerts == ["fill"]
    assert story.told() == ["sell 0.05 BTC, 5000.00 USD: increase"]
    story.wait(2_001)
    assert story.source("BTC", "-0.5", "100000").fill().alerts == []


def test_without_a_size_no_fill_is_told() -> None:
    """The default."""
    assert begun().source("BTC", "1", "100000").fill().alerts == []


# --- limits that come near


def test_a_daily_loss_that_comes_near_is_told_once() -> None:
    """From 80 % on, and again only after it was clearly less."""
    story = holding(daily_loss_limit=D(500))
    assert near(story.mark("BTC", "107900")) == []
    assert near(story.mark("BTC", "108000")) == ["daily_loss_limit"]
    assert story.told() == ["80% of the limit of 500 is used"]
    for price in ("107300", "108500"):
        assert near(story.mark("BTC", price)) == []
    assert near(story.mark("BTC", "107100")) == []
    assert near(story.mark("BTC", "108000")) == ["daily_loss_limit"]


def test_drawdown_and_a_bots_loss_come_near() -> None:
    """Each limit is told by its own name."""
    story = holding(bot(loss_limit=D(500)), max_drawdown=D("0.05"))
    assert near(story.mark("BTC", "108000")) == ["max_drawdown", "bot_loss_limit bot"]


def test_exposure_that_comes_near_its_caps_is_told() -> None:
    """Of everything, of a coin, of a bot; and it ends when it was reduced."""
    caps: dict[str, Any] = {"global_exposure_cap": D(6_000), "asset_exposure_caps": {"BTC": D(6_000), "ETH": D(1)}}
    story = begun(settings(bot(exposure_cap=D(6_000)), **caps))
    story.source("BTC", "1", "100000").fill()
    told = {alert.subject for _, turned in story.journal for alert in turned.records if isinstance(alert, Alert)}
    assert told == {"global_exposure_cap", "asset_exposure_cap BTC", "bot_exposure_cap bot"}
    story.wait(2_001)
    story.source("BTC", "-0.5", "100000").fill()
    assert story.state.told == {}


def test_without_a_ratio_no_limit_is_told() -> None:
    """`limitRatio: null` tells of a limit only when it is hit."""
    story = holding(daily_loss_limit=D(500), alerts=AlertPolicy(limit_ratio=None))
    assert story.mark("BTC", "109000").alerts == []
    assert story.mark("BTC", "110000").alerts == ["daily_loss"]


def test_new_settings_tell_again_what_lasts() -> None:
    """Whoever changes a limit is told where it stands."""
    story = holding(daily_loss_limit=D(500))
    story.mark("BTC", "108000")
    story.change(settings(daily_loss_limit=D(450)))
    assert near(story) == ["daily_loss_limit"]


# --- the day


def test_a_day_is_summed_up_at_its_end() -> None:
    """Equity, what the day brought, its costs, and a line for each bot that did something."""
    story = begun(settings(bot(), bot("two", OTHER)))
    story.source("BTC", "1", "100000").fill(fee="2")
    story.funding("BTC", "-0.5", "-0.0001", "100000")
    story.mark("BTC", "99000").wait(2_001)
    story.read_account()
    story.now = MIDNIGHT
    story.mark("BTC", "99000")
    (summary,) = (alert for alert in story.all(Alert) if alert.category == "daily_summary")
    assert (summary.level, summary.subject) == ("info", "2025-10-09")
    assert summary.text.splitlines() == [
        "equity 10047.50 USD, net 47.50, fees 2.00, funding -0.50, 1 executions",
        "bot: net 47.50, 1 executions",
    ]
    story.now += DAY_MS
    (summary,) = (alert for alert in story.mark("BTC", "98000").all(Alert) if alert.category == "daily_summary")
    assert summary.text.splitlines() == ["equity 10047.50 USD, net 0.00, fees 0.00, funding 0.00, 0 executions"]


@pytest.mark.parametrize("alerts", [AlertPolicy(daily_summary=False), AlertPolicy()])
def test_no_summary_where_nobody_wants_one_or_nothing_is_known(alerts: AlertPolicy) -> None:
    """Switched off; and before any account was read."""
    story = Story(settings(alerts=alerts))
    if not alerts.daily_summary:
        story.started()
    else:
        story.tell_settings()
    story.now = MIDNIGHT
    assert story.mark("BTC", "100000").alerts == []


def test_an_equity_that_is_not_known_is_not_summed_up() -> None:
    """Unknown is not zero."""
    story = begun()
    story.unknown_mode()
    story.now = MIDNIGHT
    story.mark("BTC", "100000")
    assert story.told()[0].startswith("equity unknown USD, net unknown")


def test_of_very_many_bots_only_the_first_are_listed() -> None:
    """A message has an end."""
    bots = [bot(f"bot-{n}", f"0x{n:040x}") for n in range(1, 30)]
    story = begun(settings(*bots), equity="10000000")
    for one in bots:
        story.source("BTC", "1", "100000", wallet=one.wallet).fill()
        story.wait(100)
    story.mark("BTC", "99000")
    story.now = MIDNIGHT
    story.mark("BTC", "99000")
    lines = next(text for text in story.told() if text.startswith("equity")).splitlines()
    assert (len(lines), lines[-1]) == (22, "more bots: `fadearena bots list`")


# --- conditions that last


def test_an_account_that_cannot_be_read_is_told_once() -> None:
    """Until it could be read again."""
    story = begun()
    told = list[list[str]]()
    for _ in range(2):
        for _ in range(2):
            story.send(AccountUnreadable(time=story.now, received=story.now, account="main", reason="timeout"))
            told.append(story.alerts)
        story.read_account()
    assert told == [["account"], [], ["account"], []]


def test_a_tracking_error_is_told_once_until_it_is_over() -> None:
    """A sleeve that stays off its target is no news every half minute."""
    story = begun().holding()
    for _ in range(2):
        order = story.opened("BTC", "1", "100000")
        for _ in range(3):
            story.reject(order, RejectCode.NO_MATCH)
            order = story.order if story.orders else order
        for _ in range(4):
            story.wait(30_000).read_account()
        story.snapshot().source("BTC", "-1", "100000")
        story.wait(2_001).read_account().snapshot()
    assert len(story.alerts_of("tracking_error")) == 2


def test_a_flatten_that_takes_long_is_told_every_minute() -> None:
    """With what is still open."""
    story = begun().holding()
    story.order_by(Kill(flatten=True))
    story.reject(story.order)
    story.wait(2 * MINUTE_MS + 2_000)
    told = [text for text in story.alerts_of("flatten") if text.startswith("not confirmed flat")]
    assert told == [f"not confirmed flat after {n} min: main BTC -0.05000" for n in (1, 2)]


def test_a_flatten_of_nothing_waits_for_readings() -> None:
    """An account that was never read may hold anything."""
    story = Story()
    story.tell_settings()
    story.order_by(Kill(flatten=True))
    story.wait(MINUTE_MS + 2_000)
    assert "main was never read" in story.alerts_of("flatten")[0]
    story = begun()
    story.order_by(Kill(flatten=True))
    story.wait(MINUTE_MS + 2_000)
    assert "two readings" in story.alerts_of("flatten")[0]
