"""What a trader does often: each of it at most three clicks from the start page, counted."""

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.support.waiting import until
from tests.web.conftest import at
from tests.web.house import House
from tests.web.people import Hand, enter

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page


@pytest.fixture
def hand(page: "Page", shown: House) -> Hand:
    """Return somebody who only looks, on the start page."""
    return Hand(at(page, shown, "/"))


@pytest.fixture
def operator(page: "Page", own: House) -> Hand:
    """Return an operator on the start page of an installation that trades."""
    enter(page, own)
    return Hand(at(page, own, "/"))


def section(page: "Page", name: str) -> "Locator":
    """Return the link to a page."""
    return page.get_by_role("navigation", name="Pages").get_by_role("link", name=name, exact=True)


def test_find_why_a_trade_was_skipped(hand: Hand) -> None:
    """The reason in the feed leads to the decision with its checks."""
    page = hand.page
    skip = page.get_by_role("listitem").filter(has=page.get_by_text("Skip", exact=True)).first
    hand.click(skip.get_by_role("link").last)
    expect(page.get_by_role("heading", name="Checks", exact=False)).to_be_visible()
    expect(page.locator(".lead")).to_contain_text("Not traded: ")


def test_compare_two_bots_over_the_last_day(hand: Hand) -> None:
    """By way of one of them; a day is what is shown first."""
    page = hand.page
    hand.click(page.get_by_role("table").get_by_role("link", name="Grok 4", exact=True).first)
    hand.click(page.get_by_role("link", name="Compare with…"))
    hand.choose(page.get_by_label("Second"), "Qwen3 Max")
    expect(page.get_by_role("table", name="What the range brought")).to_be_visible()
    expect(page.get_by_role("region", name="Within 24 h")).to_be_visible()


def test_export_trades(hand: Hand) -> None:
    """As a file for a spreadsheet."""
    page = hand.page
    hand.click(section(page, "System"))
    with page.expect_download() as started:
        hand.click(page.get_by_role("link", name="trades.csv"))
    lines = started.value.path().read_text().splitlines()
    assert len(lines) > 10
    assert "price" in lines[0]


def test_find_the_worst_slippage(hand: Hand) -> None:
    """The first row of a preset; it opens."""
    page = hand.page
    hand.click(section(page, "Decisions"))
    hand.click(page.get_by_role("link", name="Largest slippage"))
    first = page.get_by_role("table", name="Orders by the room to their limits").locator("tbody tr").first
    expect(first).to_contain_text("bps")
    hand.click(first.locator("td").first)
    expect(page.get_by_text("Better than its limit by")).to_be_visible()


def test_see_if_the_data_are_fresh(hand: Hand) -> None:
    """At the top of each page; how old each feed is, one click away."""
    page = hand.page
    expect(page.locator("header .dot")).to_have_text("live")
    hand.click(section(page, "System"))
    expect(page.get_by_role("table", name="Feeds", exact=True).locator("tbody tr").first).to_contain_text("ok")


def test_stop_one_bot(operator: Hand, own: House) -> None:
    """From the leaderboard; it is confirmed."""
    page = operator.page
    operator.click(section(page, "Bots"))
    operator.click(page.get_by_role("button", name="Actions for Grok 4", exact=True))
    operator.click(page.get_by_role("dialog").get_by_role("button", name="Pause"))
    expect(page.get_by_role("dialog").get_by_role("status")).to_contain_text("Paused.")
    assert own.get("/api/bots/grok-4")["state"] == "reducing"


def test_set_a_cap(operator: Hand, own: House) -> None:
    """It is in force when it is said to be."""
    page = operator.page
    operator.click(section(page, "Risk"))
    operator.type(page.get_by_label("Global exposure cap", exact=True), "123456.5")
    operator.click(page.get_by_role("button", name="Save 1 change"))
    expect(page.get_by_text("Saved as version")).to_be_visible()
    assert own.get("/api/settings")["globalExposureCap"] == 123456.5


def test_pause(operator: Hand, own: House) -> None:
    """Increases stop, everywhere."""
    page = operator.page
    operator.click(section(page, "Risk"))
    operator.click(page.get_by_role("button", name="Pause increases"))
    expect(page.locator("header .state")).to_contain_text("reducing")
    assert own.get("/api/state")["tradingState"] == "reducing"


def test_flatten_and_go_back(operator: Hand, own: House) -> None:
    """Everything is closed, whatever is shown; three more clicks, from there, and it trades again."""
    page = operator.page
    operator.click(page.get_by_role("button", name="Kill and flatten, and other ways to stop"))
    operator.hold(page.get_by_role("button", name="Hold to kill and flatten"))
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("Confirmed")
    until(lambda: own.get("/api/state")["tradingState"] == "halted")
    assert own.get("/api/state")["openPositions"]["count"] == 0
    back = Hand(at(page, own, "/"))
    back.click(page.get_by_role("link", name="Killed"))
    back.click(page.get_by_role("button", name="Release…"))
    page.get_by_label("Type RELEASE to confirm").fill("RELEASE")
    back.click(page.get_by_role("dialog").get_by_role("button", name="Release", exact=True))
    expect(page.get_by_role("banner").get_by_role("button", name="Kill", exact=True)).to_be_visible()
    assert own.get("/api/state")["killSwitch"] is False
