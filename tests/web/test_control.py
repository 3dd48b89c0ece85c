"""Who may change something, how it is refused, and how everything is stopped and goes on."""

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from fadearena.ports.access import Role
from tests.support.waiting import until
from tests.web.conftest import Ear, at
from tests.web.house import PASSWORDS, House
from tests.web.people import enter, hold

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

ENABLED = """() => [...document.querySelectorAll("button, input, select, textarea")]
    .filter((one) => !one.matches(":disabled") && one.checkVisibility())
    .filter((one) => !one.closest("th, .legend, .spots, .pick, [role=search], .chip"))
    .map((one) => (one.getAttribute("aria-label") ?? one.labels?.[0]?.textContent ?? one.textContent).trim())"""
CHANGES = {
    "/bots": {"Add bot"},
    "/bots/grok-4": {"Pause", "Flatten", "Multiplier"},
    "/risk": {"Pause increases", "Global exposure cap", "Go live…", "Run the preflight", "Hold to kill"},
}


def said(page: "Page", label: str) -> "Locator":
    """Return what is said at a field: its error, its hint."""
    return page.locator(".field", has=page.get_by_label(label, exact=True))


def kill(page: "Page") -> "Locator":
    """Return the control at the top of each page that stops everything."""
    return page.get_by_role("banner").get_by_role("button", name="Kill", exact=True)


def test_settings_are_changed_and_refused_at_the_field(page: "Page", own: House) -> None:
    """What cannot be is said where it was typed; what can be is in force, and told."""
    enter(page, own)
    at(page, own, "/risk")
    cap = page.get_by_label("Global exposure cap", exact=True)
    cap.fill("-5")
    expect(said(page, "Global exposure cap")).to_contain_text("It must be above 0")
    expect(page.get_by_role("button", name="Save 1 change")).to_be_disabled()
    cap.fill("250000")
    version = own.get("/api/settings")["version"]
    page.get_by_role("button", name="Save 1 change").click()
    expect(page.get_by_text(f"Saved as version {version + 1}.")).to_be_visible()
    assert own.get("/api/settings")["globalExposureCap"] == 250_000
    history = page.get_by_role("region", name="History of the settings")
    expect(history).to_contain_text("Global exposure cap: no limit → 250000 USD")


def test_settings_that_changed_meanwhile_are_not_overwritten(page: "Page", own: House) -> None:
    """Somebody else saves first: the page says so, and saves on top only when it is told to."""
    enter(page, own)
    at(page, own, "/risk")
    page.get_by_label("Chase", exact=True).fill("77")
    version = own.get("/api/settings")["version"]
    other = page.request.post(
        f"{own.url}/api/settings",
        data={"version": version, "maxOrderNotional": 4_321},
        headers={"Origin": own.url, "Idempotency-Key": "other"},
    )
    assert other.ok
    expect(page.get_by_text(f"The settings became version {version + 1}")).to_be_visible()
    expect(page.get_by_role("button", name="Save 1 change")).to_be_disabled()
    page.get_by_role("button", name="Apply mine on top").click()
    page.get_by_role("button", name="Save 1 change").click()
    expect(page.get_by_text(f"Saved as version {version + 2}.")).to_be_visible()
    settings = own.get("/api/settings")
    assert (settings["slippage"]["chaseBps"], settings["maxOrderNotional"]) == (77, 4_321)


def test_a_bots_settings_are_changed_and_refused_at_the_field(page: "Page", ear: Ear, own: House) -> None:
    """By the page, and by the API: a wallet of another bot is no other bot's."""
    ear.expect("/api/bots/grok-4-season-1 4", "status of 4.*/api/bots/grok-4-season-1")
    enter(page, own)
    at(page, own, "/bots/grok-4-season-1")
    multiplier, wallet = page.get_by_label("Multiplier", exact=True), page.get_by_label("Wallet", exact=True)
    multiplier.fill("0")
    expect(multiplier).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("button", name="Save 1 change")).to_be_disabled()
    multiplier.fill("0.04")
    wallet.fill(own.get("/api/bots/grok-4")["settings"]["walletAddress"])
    page.get_by_role("button", name="Save 2 changes").click()
    expect(wallet).to_have_attribute("aria-invalid", "true")
    expect(said(page, "Wallet")).to_contain_text("belongs to another bot")
    wallet.fill(own.get("/api/bots/grok-4-season-1")["settings"]["walletAddress"])
    page.get_by_role("button", name="Save 1 change").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert own.get("/api/bots/grok-4-season-1")["settings"]["leverageMultiplier"] == 0.04


def test_a_short_press_kills_nothing(page: "Page", own: House) -> None:
    """It says how it is done."""
    enter(page, own)
    at(page, own, "/")
    kill(page).click()
    expect(page.get_by_role("banner").get_by_role("alert")).to_contain_text("Hold to stop everything.")
    assert own.get("/api/state")["killSwitch"] is False


@pytest.mark.quick
def test_kill_by_hold_flatten_and_release(page: "Page", own: House) -> None:
    """Held from any page it stops everything; flattening closes everything; released it is active again."""
    enter(page, own)
    at(page, own, "/decisions")
    until(lambda: own.get("/api/state")["openPositions"]["count"] > 0)
    hold(page, kill(page))
    expect(page.get_by_role("banner").get_by_role("alert")).to_contain_text("Confirmed")
    expect(page.get_by_role("link", name="Killed")).to_be_visible()
    expect(page.locator("header .state")).to_contain_text("halted")
    state = own.get("/api/state")
    assert (state["killSwitch"], state["tradingState"]) == (True, "halted")
    assert page.title().startswith("■ KILLED")
    page.keyboard.press("k")
    hold(page, page.get_by_role("button", name="Hold to kill and flatten"))
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("Confirmed")
    until(lambda: own.get("/api/state")["openPositions"]["count"] == 0)
    until(lambda: own.get("/api/state")["tradingState"] == "halted")
    page.get_by_role("button", name="Close").click()
    page.get_by_role("link", name="Killed").click()
    expect(page.get_by_role("table", name="What holds trading back")).to_contain_text("kill")
    page.get_by_role("button", name="Release…").click()
    release = page.get_by_role("dialog").get_by_role("button", name="Release", exact=True)
    expect(release).to_be_disabled()
    page.get_by_label("Type RELEASE to confirm").fill("RELEASE")
    release.click()
    expect(kill(page)).to_be_visible()
    until(lambda: own.get("/api/state")["tradingState"] == "active")


@pytest.mark.quick
def test_an_operator_logs_in_and_out(page: "Page", ear: Ear, own: House) -> None:
    """A wrong password is refused; then the page that was wanted is there, with controls that work."""
    at(page, own, "/risk")
    page.get_by_role("link", name="Log in as operator").click()
    page.get_by_label("Password", exact=True).last.fill("a wrong password")
    ear.expect("/api/login 401", "status of 401")
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_role("region", name="Who are you?").get_by_role("alert")).to_be_visible()
    page.get_by_label("Password", exact=True).last.fill(PASSWORDS[Role.OPERATOR])
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_role("heading", name="Risk", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Pause increases")).to_be_enabled()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("button", name="Pause increases")).to_be_disabled()
    expect(kill(page)).to_have_count(0)


@pytest.mark.parametrize("address", ["/", "/bots", "/bots/grok-4", "/decisions", "/risk", "/system"])
def test_a_viewer_finds_no_control_that_works(page: "Page", own: House, address: str) -> None:
    """What an operator can press is not there, or not enabled; what only changes what one sees is."""
    enter(page, own, Role.VIEWER)
    at(page, own, address)
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    seen = set(page.evaluate(ENABLED))
    enter(page, own)
    at(page, own, address)
    expect(kill(page)).to_be_visible()
    more = set(page.evaluate(ENABLED)) - seen
    assert CHANGES.get(address, set()) | {"Kill"} <= {name.split("Hold for")[0].strip() for name in more}
