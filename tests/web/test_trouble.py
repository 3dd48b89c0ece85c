"""What is wrong is told, and what can be mended is mended from the page."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from fadearena.bootstrap import upkeep
from fadearena.bootstrap.places import places_of
from fadearena.config import load
from fadearena.model.event import Event, InputRejected, Quarantined
from fadearena.model.policy import Mode
from tests.support.command import nowhere
from tests.support.waiting import until
from tests.web.conftest import NARROW, Ear, at
from tests.web.house import WORKER, House
from tests.web.people import enter

if TYPE_CHECKING:
    from playwright.sync_api import Page

BOT, NAME = "grok-4", "Grok 4"
NOWHERE = "0x" + "0" * 32


def journal(where: House, *events: Event) -> None:
    """Have events come to the journal while no worker runs; the next one finds them there."""

    def work() -> None:
        with nowhere(where.settings):
            places = places_of(load(data_dir=where.directory), Mode.SIMULATION)
            asyncio.run(upkeep._journaled(places, lambda _state: events))

    with ThreadPoolExecutor(1) as elsewhere:  # this thread has an event loop: the browser's
        elsewhere.submit(work).result()


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("/decisions?open=99999999", "Decision 99999999 is not in this log."),
        ("/decisions?open=soon", "Decision soon is not in this log."),
        ("/decisions?open=1", "Record 1 is no decision: "),
        (f"/decisions?cloid={NOWHERE}", "Order 0x00000000… is not in this log."),
        (f"/decisions?view=slippage&cloid={NOWHERE}", "Order 0x00000000… is not in this log."),
    ],
)
@pytest.mark.parametrize("width", [1_440, NARROW])
def test_a_link_to_what_is_not_there_leads_back(
    page: "Page", ear: Ear, shown: House, address: str, text: str, width: int
) -> None:
    """It says what is missing, beside the list or over it, and closes."""
    ear.expect(f"/api/orders/{NOWHERE} 404", f"status of 404 .*{NOWHERE}")
    page.set_viewport_size({"width": width, "height": 900})
    at(page, shown, address)
    expect(page.get_by_text(text)).to_be_visible()
    page.get_by_role("button", name="Back to the list").click()
    expect(page.get_by_text(text)).to_have_count(0)
    expect(page.get_by_role("table").locator("tbody tr").first).to_be_visible()
    assert "open=" not in page.url
    assert "cloid=" not in page.url


@pytest.mark.parametrize(
    ("address", "text", "way"),
    [
        ("/bots/nobody", "There is no bot nobody", "All bots"),
        ("/bots/compare?a=grok-4&b=nobody", "There is no bot nobody", "All bots"),
        ("/bots/grok-4/trades", "/bots/grok-4/trades leads nowhere", "Bots"),
        ("/risk/limits", "/risk/limits leads nowhere", "Risk"),
    ],
)
def test_a_page_that_is_not_there_leads_to_one_that_is(
    page: "Page", ear: Ear, shown: House, address: str, text: str, way: str
) -> None:
    """It says what is missing, and where to go."""
    ear.expect(f"{address}.* 404", f"status of 404 .*{address}")
    at(page, shown, address)
    expect(page.get_by_text(text)).to_be_visible()
    page.locator("main").get_by_role("link", name=way, exact=True).click()
    expect(page.get_by_role("heading", level=1, name=way.removeprefix("All ").capitalize())).to_be_visible()


def test_decisions_of_a_bot_that_is_not_there(page: "Page", shown: House) -> None:
    """The filter names it, and says that there is none."""
    at(page, shown, "/decisions?bot=nobody")
    chosen = page.get_by_label("Bot", exact=True)
    expect(chosen).to_have_value("nobody")
    expect(chosen.locator("option:checked")).to_have_text("nobody: no such bot now")
    expect(page.get_by_text("No decision matches.")).to_be_visible()


def test_the_first_orders_by_slippage_are_shown_at_once(page: "Page", shown: House) -> None:
    """What is read after them comes to the list; nothing waits for it."""
    asked: list[str] = []

    def hold(route: object) -> None:
        asked.append("more")

    page.route("**/api/orders?*cursor=*", hold)
    page.goto(f"{shown.url}/decisions?view=slippage")
    table = page.get_by_role("table", name="Orders by the room to their limits")
    expect(table.locator("tbody tr").first).to_contain_text("bps")
    if shown.get("/api/orders", limit=200)["nextCursor"] is not None:
        expect(page.get_by_text("more are being read")).to_be_visible()
        assert asked == ["more"]


def test_a_stop_that_no_worker_heard_is_queued(page: "Page", ear: Ear, own: House) -> None:
    """From the leaderboard and from the bot's page: it is not said to be done; with a worker it is."""
    ear.expect("503")
    enter(page, own)
    own.stop(WORKER)
    try:
        at(page, own, "/bots")
        page.get_by_role("button", name=f"Actions for {NAME}", exact=True).click()
        page.get_by_role("dialog").get_by_role("button", name="Pause").click()
        told = page.get_by_role("dialog").get_by_role("status")
        expect(told).to_contain_text("No worker answered: the stop is queued, NOT confirmed")
        expect(told).not_to_contain_text("Paused")
        at(page, own, f"/bots/{BOT}")
        page.get_by_role("button", name="Kill bot", exact=True).click()
        page.get_by_role("dialog").get_by_role("button", name="Kill bot", exact=True).click()
        expect(page.get_by_text("Kill bot: No worker answered: the stop is queued, NOT confirmed")).to_be_visible()
        expect(page.get_by_role("region", name="Held back by")).to_have_count(0)
        assert own.get(f"/api/bots/{BOT}")["state"] == "active"
    finally:
        own.start(WORKER)
    expect(page.get_by_role("region", name="Held back by")).to_contain_text("kill")
    assert own.get(f"/api/bots/{BOT}")["state"] == "halted"
    page.get_by_role("button", name="Release", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Release", exact=True).click()
    expect(page.get_by_role("region", name="Held back by")).to_have_count(0)


def test_what_was_set_aside_halts_until_it_is_left_out(page: "Page", ear: Ear, own: House) -> None:
    """The page names it; with the last of them the halt ends. An input that nobody could read is given up."""
    ear.expect("503", "/api/dead-letters/.*/retry 409", "status of 409")
    enter(page, own)
    own.stop(WORKER)
    try:
        journal(
            own,
            Quarantined(time=0, received=0, subject="bot-trade", error="a sum is off"),
            InputRejected(time=0, received=0, source="tape", error="no price", excerpt='{"px":'),
        )
    finally:
        own.start(WORKER)
    until(own.is_at_work)
    at(page, own, "/risk")
    state = page.get_by_role("region", name="Trading state")
    expect(state.get_by_role("table", name="What holds trading back")).to_contain_text("bot-trade: a sum is off")
    expect(page.locator("header .state")).to_contain_text("halted")
    state.get_by_role("button", name="Leave out entry").click()
    page.get_by_role("dialog").get_by_role("button", name="Leave out", exact=True).click()
    expect(state).to_contain_text("Nothing is stopped.")
    expect(page.locator("header .state")).to_contain_text("active")
    repairs = page.get_by_role("region", name="Repairs")
    expect(repairs).to_contain_text("no price")
    expect(repairs.locator("code")).to_have_text('{"px":')
    repairs.get_by_role("button", name="Retry… tape").click()
    page.get_by_role("dialog").get_by_role("button", name="Retry", exact=True).click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("cannot be decided again")
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    repairs.get_by_role("button", name="Discard… tape").click()
    page.get_by_role("dialog").get_by_role("button", name="Discard", exact=True).click()
    expect(repairs).to_contain_text("None is open.")
    assert own.get("/api/dead-letters")["deadLetters"] == []
