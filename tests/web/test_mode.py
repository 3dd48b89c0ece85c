"""From simulation to live trading and back, and what only live trading has: drifts, and orders that were refused."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from fadearena.model.order import OrderStatus
from fadearena.model.policy import Mode
from tests.support.waiting import until
from tests.web.conftest import Ear, at
from tests.web.house import MASTER, House, armed
from tests.web.people import enter
from tests.web.said import size

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

COIN = "SOL"
LETTERS = {"Retry": "It is decided anew", "Discard": "It is given up"}
HASTE = Decimal(4)
"""Accounts are read every 30 s, bots trade once in a while: by the exchange's time."""
RETURN_MS = 120_000
TRIES = 5
BUSY = ("clock", "market data")
"""What fails where this machine has no time for the sandbox."""
AWAY = ("503", "ERR_CONNECTION_REFUSED", "WebSocket connection to", "ERR_CONNECTION_RESET", "ERR_EMPTY_RESPONSE")
"""What is heard while an API begins anew."""


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Run an installation in simulation that may trade live."""
    with armed(tmp_path_factory.mktemp("paper") / "data", Mode.SIMULATION, speed=HASTE) as built:
        yield built


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Run an installation that trades live."""
    with armed(tmp_path_factory.mktemp("real") / "data", Mode.LIVE, speed=HASTE) as built:
        yield built


def typed(page: "Page", word: str, label: str) -> "Locator":
    """Type a word into the dialog, and return the button that it makes work."""
    button = page.get_by_role("dialog").get_by_role("button", name=label, exact=True)
    field = page.get_by_label(f"Type {word} to confirm")
    expect(button).to_be_disabled()
    field.fill(word.lower())
    expect(button).to_be_disabled()
    field.fill(word)
    return button


def flat(where: House) -> bool:
    """Tell whether everything was closed."""
    state = where.get("/api/state")
    return (state["tradingState"], state["openPositions"]["count"]) == ("halted", 0)


def close_everything(page: "Page", where: House) -> None:
    """Kill and flatten, as by the page's own control."""
    page.keyboard.press("k")
    page.get_by_role("button", name="Kill and flatten by typing").click()
    typed(page, "KILL", "Kill and flatten").click()
    until(lambda: flat(where))
    page.keyboard.press("Escape")


def test_to_live_trading_and_back(page: "Page", ear: Ear, paper: House) -> None:
    """What is missing is named and keeps it from happening; with it, real money is said at the top of every page."""
    ear.expect(*AWAY, "/api/settings 409", "status of 409")
    enter(page, paper)
    at(page, paper, "/risk")
    mode = page.get_by_role("region", name="Mode")
    expect(mode).to_contain_text("Live trading does not begin without: Daily loss limit")
    mode.get_by_role("button", name="Go live…").click()
    typed(page, "GO LIVE", "Go live").click()
    refusal = page.get_by_role("dialog").get_by_role("alert")
    expect(refusal).to_contain_text("dailyLossLimit")
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    page.get_by_label("Daily loss limit", exact=True).fill("5000")
    page.get_by_role("button", name="Save 1 change").click()
    expect(page.get_by_text("Saved as version")).to_be_visible()
    mode.get_by_role("button", name="Run the preflight").click()
    expect(mode.get_by_role("status")).to_contain_text("This speaks against live trading: open on paper")
    expect(mode.locator(".checks")).to_contain_text("fail open on paper")
    close_everything(page, paper)
    mode.get_by_role("button", name="Go live…").click()
    confirm = typed(page, "GO LIVE", "Go live")
    expect(until_refused(page, confirm)).to_contain_text("keys")
    paper.put_key()
    until_refused(page, confirm)
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("banner")).to_contain_text("LIVE Orders cost real money", timeout=RETURN_MS)
    until(paper.is_at_work)
    at(page, paper, "/risk")
    expect(page.locator("header .dot")).to_have_text("live")
    assert page.title().startswith(("● LIVE", "■ KILLED"))
    assert paper.get("/api/state")["mode"] == "live"
    until(lambda: paper.get("/api/state")["openPositions"]["count"] > 0, patience_s=RETURN_MS / 1_000)
    mode.get_by_role("button", name="Back to simulation…").click()
    back = page.get_by_role("dialog").get_by_role("button", name="Back to simulation", exact=True)
    back.click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("live cannot be left")
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    close_everything(page, paper)
    mode.get_by_role("button", name="Back to simulation…").click()
    back.click()
    expect(page.get_by_role("banner")).to_contain_text("SIMULATION Orders are on paper", timeout=RETURN_MS)
    until(paper.is_at_work)
    assert paper.get("/api/state")["mode"] == "simulation"


def until_refused(page: "Page", confirm: "Locator") -> "Locator":
    """Confirm, again where this machine had no time for the sandbox; return what was refused."""
    refusal = page.get_by_role("dialog").get_by_role("alert")
    for _ in range(TRIES):
        confirm.click()
        expect(page.locator("dialog [aria-busy=true]")).to_have_count(0, timeout=RETURN_MS)
        if refusal.count() == 0 or not any(f"{check}:" in refusal.inner_text() for check in BUSY):
            break
    return refusal


def rest(where: House) -> None:
    """Let the market stand still, and wait until every order of ours is settled."""
    where.tell("pause")
    until(lambda: all(OrderStatus(one["status"]).is_settled for one in where.get("/api/orders")["orders"]))


def test_a_drift_is_shown_and_accepted(page: "Page", ear: Ear, real: House) -> None:
    """What the exchange holds, what our sum is; accepted it is booked."""
    ear.expect("503")
    enter(page, real)
    at(page, real, "/risk")
    repairs = page.get_by_role("region", name="Repairs")
    expect(repairs).to_contain_text("The exchange's positions are our sums.")
    rest(real)  # an order of ours whose fill is not told would hide it
    real.tell("faults", kind="late", fillsMs=3_600_000)
    try:
        real.tell("trade", user=MASTER, coin=COIN, side="buy", quantity="10")
        expect(repairs).to_contain_text(f"{COIN} on main: ours", timeout=RETURN_MS)
        theirs = size(float(real.see("truth")[MASTER]["positions"][COIN]))
        expect(repairs).to_contain_text(f"the exchange's {theirs}, since")
        repairs.get_by_role("button", name=f"Accept… the drift of {COIN} on main").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text(f"The exchange's position, {theirs}, is taken over")
        dialog.get_by_role("button", name="Accept", exact=True).click()
        expect(repairs).to_contain_text("The exchange's positions are our sums.")
        (account,) = real.get("/api/accounts")["accounts"]
        assert theirs in [size(one["size"]) for one in account["positions"] if one["asset"] == COIN]
    finally:
        real.tell("faults", kind="clear")
        real.tell("resume")


def test_what_was_refused_is_tried_again_or_given_up(page: "Page", ear: Ear, real: House) -> None:
    """Each dead letter says why; what is done with one is recorded, and it is open no longer."""
    ear.expect("503")
    enter(page, real)
    at(page, real, "/risk")
    repairs = page.get_by_role("region", name="Repairs")
    real.tell("faults", kind="reject", text="Insufficient margin to place order. asset=0", times=None)
    try:
        until(lambda: len(real.get("/api/dead-letters")["deadLetters"]) >= len(LETTERS))
        rest(real)
    finally:
        real.tell("faults", kind="clear")
        real.tell("resume")
    count = len(real.get("/api/dead-letters")["deadLetters"])
    dialog = page.get_by_role("dialog")
    expect(repairs.get_by_role("link").first).to_have_attribute("href", re.compile(r"^/decisions\?cloid=0x"))
    for label, told in LETTERS.items():
        expect(repairs).to_contain_text("margin")
        buttons = repairs.get_by_role("button", name=f"{label}…")
        expect(buttons).to_have_count(count)
        buttons.first.click()
        dialog.get_by_role("button", name=label, exact=True).click()
        expect(page.get_by_text(told)).to_be_visible()
        count -= 1
        expect(buttons).to_have_count(count)
    records = real.get("/api/events", category="dead-letter", limit=200)["events"]
    assert {one["data"]["state"] for one in records} == {"open", "retried", "discarded"}
