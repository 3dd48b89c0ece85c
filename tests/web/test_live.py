"""What happens is seen at once; where the page can not know it, it says so, and misses nothing."""

import itertools
import json
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.support.waiting import until
from tests.web.conftest import Ear, at
from tests.web.house import API, WORKER, House
from tests.web.said import size, usd2

if TYPE_CHECKING:
    from playwright.sync_api import Page, WebSocket

BOT, NAME, WALLET = "grok-4", "Grok 4", "0x228b0c07a852b303619b59fa548d0e542ccc3aee"
COIN = "BTC"
PLACES = {"feedTheirs", "feedOurs", "theirs", "ours", "curve"}
WITHIN_MS = 1_000
STALE_S = 20
RETURN_MS = 60_000
COLOR = "(node) => getComputedStyle(node).color"
NO_RECORDS = {"hello", "heartbeat", "state-update", "error", "marks"}
IN_USD = "localStorage.setItem('fadearena', JSON.stringify({ absolute: true }))"
WATCH = """([coin, name, amount]) => {
    const text = (selector) => [...document.querySelectorAll(selector)].map((one) => one.textContent);
    const ours = () => text("ol li").filter((line) => line.includes("Ours") && line.includes(coin)).join("|");
    const held = (place) => [...document.querySelectorAll("table tr")]
        .map((row) => [...row.cells].map((cell) => cell.textContent.trim()))
        .find((cells) => cells[0] === name && cells[1] === coin)?.[place];
    const curve = () => text(".chart table tr").find((line) => line.includes("FadeArena"));
    const looks = {
        feedTheirs: () => text("ol li").some((line) => line.includes("Bot") && line.includes(amount)),
        feedOurs: ours, theirs: () => held(2), ours: () => held(6), curve,
    };
    const before = Object.fromEntries(Object.entries(looks).map(([what, look]) => [what, look()]));
    const seen = {};
    window.seen = new Promise((resolve) => {
        setTimeout(() => resolve(seen), 30_000);
        new MutationObserver(() => {
            for (const [what, look] of Object.entries(looks))
                if (!(what in seen) && look() !== before[what]) seen[what] = Date.now();
            if (Object.keys(seen).length === Object.keys(looks).length) resolve(seen);
        }).observe(document.body, { subtree: true, childList: true, characterData: true });
    });
}"""


@dataclass
class Heard:
    """The records that a page heard, over all of its connections, in their order."""

    messages: list[Any] = field(default_factory=list)

    def follow(self, page: "Page") -> None:
        """Hear what a page hears."""
        page.on("websocket", self._open)

    def seqs(self) -> list[int]:
        """Return the numbers of the records."""
        return [message["seq"] for message in list(self.messages) if message["type"] not in NO_RECORDS]

    def _open(self, connection: "WebSocket") -> None:
        connection.on("framereceived", lambda frame: self.messages.append(json.loads(frame)))


def trade(where: House, side: str, quantity: str, coin: str = COIN) -> None:
    """Let a bot trade, through a door of the sandbox."""
    where.tell("trade", user=WALLET, coin=coin, side=side, quantity=quantity)


@contextmanager
def trading(where: House) -> Iterator[None]:
    """Let a bot trade without a pause until the block ends."""
    ending = threading.Event()

    def pump() -> None:
        for side in itertools.cycle(("buy", "sell")):
            trade(where, side, "0.05")
            if ending.wait(0.25):
                return

    thread = threading.Thread(target=pump)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join()


def test_a_trade_is_seen_within_a_second(page: "Page", ear: Ear, own: House) -> None:
    """
    In the feed, the positions of both and the curve: measured from the moment at which the sandbox is told to trade.

    Everything is within that second: the exchange's feed, the decision, the fill on paper with its latency, the log,
    the stream, the drawing. The market stands still meanwhile, so that nothing else moves them.
    """
    ear.expect("503")  # a market that stands still says nothing: after a while that is a sign of bad health
    page.add_init_script(IN_USD)
    at(page, own, "/?range=1h")
    expect(page.locator("header .dot")).to_have_text("live")
    own.tell("pause")  # the bot's own mind, too: it would undo what it is made to do
    try:
        trade(own, "buy", "0.05")
        expect(page.get_by_role("row", name=f"{NAME} {COIN}")).to_be_visible()
        quiet(own)
        amount = "0.07123"
        page.evaluate(WATCH, [COIN, NAME, amount])
        began = time.time() * 1_000
        trade(own, "buy", amount)
        took = {what: round(at_ms - began) for what, at_ms in page.evaluate("window.seen").items()}
        assert took.keys() == PLACES, took
        ends = page.get_by_role("table", name="Equity in USD").locator("tbody tr").filter(has_text="FadeArena")
        expect(ends.locator("td").last).to_have_text(usd2(own.get("/api/state")["equity"]["fadeArena"]))
        held = position(own)
        assert held is not None
        cells = page.get_by_role("row", name=f"{NAME} {COIN}").locator("td")
        expect(cells.nth(2)).to_have_text(size(held["source"]["size"]))
        expect(cells.nth(6)).to_have_text(size(held["ours"]["size"]))
    finally:
        own.tell("resume")
    assert max(took.values()) <= WITHIN_MS, took


def position(where: House) -> Any:
    """Return what the bot and we hold of the coin; None where there is nothing."""
    found = where.get("/api/positions")["positions"]
    return next((one for one in found if (one["botId"], one["asset"]) == (BOT, COIN)), None)


def quiet(where: House) -> None:
    """Wait until nothing is recorded any more."""
    seen: list[Any] = []

    def is_quiet() -> bool:
        state = where.get("/api/state")
        seen.append((state["equity"], state["openPositions"]))
        return len(seen) > 8 and all(one == seen[-1] for one in seen[-8:])

    until(is_quiet)


def test_an_api_that_comes_back_leaves_no_gap(page: "Page", ear: Ear, own: House) -> None:
    """While it is away the bot trades on: afterwards the page has heard every record once, and shows every trade."""
    ear.expect("ERR_CONNECTION_REFUSED", "WebSocket connection to", "ERR_CONNECTION_RESET", "ERR_EMPTY_RESPONSE", "503")
    heard = Heard()
    heard.follow(page)
    at(page, own, "/")
    status = page.locator("header .dot")
    expect(status).to_have_text("live")
    with trading(own):
        until_heard(page, heard, 20)
        first = heard.seqs()[0]
        own.stop(API)
        try:
            expect(status).not_to_have_text("live")
        finally:
            own.start(API)
        expect(status).to_have_text("live", timeout=RETURN_MS)
        until_heard(page, heard, len(heard.seqs()) + 20)
    quiet(own)
    seqs = heard.seqs()
    assert seqs == sorted(set(seqs))
    assert seqs == logged(own, first, seqs[-1])
    trades = [one for one in own.get("/api/trades", limit=50)["trades"] if one["asset"] == COIN]
    trades.sort(key=lambda one: (one["timestamp"], int(one["id"])), reverse=True)
    lines = page.get_by_role("list", name="Trades and skipped decisions, the newest first").get_by_role("listitem")
    said = [" ".join(text.split()) for text in lines.all_inner_texts()]
    amounts = [line.split(f" {COIN} at ")[0].rsplit(" ", 1)[-1] for line in said if f" {COIN} at " in line]
    assert amounts[:20] == [size(one["size"]) for one in trades[:20]]


def until_heard(page: "Page", heard: Heard, count: int) -> None:
    """Wait until a page heard so many records; its events come in while it is asked something."""
    ends = time.monotonic() + 30
    while len(heard.seqs()) < count:
        assert time.monotonic() < ends
        page.evaluate("new Promise(requestAnimationFrame)")


def logged(where: House, first: int, last: int) -> list[int]:
    """Return the numbers of all records from one to another."""
    found: list[int] = []
    after = first - 1
    while after < last:
        page = where.get("/api/events", since=after, limit=200)["events"]
        assert page
        found += [event["seq"] for event in page]
        after = found[-1]
    return [seq for seq in found if seq <= last]


def test_without_a_worker_nothing_is_shown_as_new(page: "Page", ear: Ear, own: House) -> None:
    """Killed: within 20 s a banner says since when, and the numbers are grey; then all is well again."""
    ear.expect("503")
    at(page, own, "/")
    status, banner = (
        page.locator("header .dot"),
        page.get_by_role("alert").filter(has_text="Numbers below are from then"),
    )
    expect(status).to_have_text("live")
    equity = page.locator(".tile .value").first
    before = equity.evaluate(COLOR)
    own.stop(WORKER, signal.SIGKILL)
    try:
        expect(banner).to_be_visible(timeout=STALE_S * 1_000)
        equities_are_old(page, before)
    finally:
        own.start(WORKER)
    expect(status).to_have_text("live", timeout=RETURN_MS)
    expect(banner).to_have_count(0)
    assert equity.evaluate(COLOR) == before


def equities_are_old(page: "Page", before: str) -> None:
    """Check that it is said since when nothing is known, and that the numbers are grey."""
    banner = page.get_by_role("alert").filter(has_text="Numbers below are from then")
    expect(banner).to_contain_text("Stale since")
    expect(page.locator("header .dot")).to_have_text("stale")
    assert page.title().startswith("○ STALE")
    muted = page.locator(".tile .label").first.evaluate(COLOR)
    assert muted != before
    numbers = page.locator("header .figures .num, main .tile .value, main td.num")
    assert set(numbers.evaluate_all("(nodes) => nodes.map((node) => getComputedStyle(node).color)")) == {muted}


@pytest.fixture(scope="module", autouse=True)
def _warm(own: House) -> None:
    """Let the worker follow the bot into the coin before anything is measured."""
    own.tell("pause")
    trade(own, "buy", "0.05")

    def is_followed() -> bool:
        held = position(own)
        return held is not None and held["source"] is not None and held["ours"] is not None

    until(is_followed)
    own.tell("resume")
