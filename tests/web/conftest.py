"""
What tests with a browser share: Chromium, installations at work, and somebody who hears what the browser complains of.

Without Chromium or the built page they skip, and say which one is missing. All of them are slow but those marked quick.
"""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from fadearena.api.pages import DIST
from tests.web.house import House, house

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response, WebError

HOURS = 1
PATIENCE_MS = 30_000
WIDE, NARROW = 1_440, 390
_HERE = Path(__file__).parent
_TIMED = _HERE / "test_live.py"
"""How soon something is seen is judged here."""
_NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",  # Chromium refuses to have one as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_ABORTED = "net::ERR_ABORTED"
"""A page that is left aborts what it was reading."""

expect.set_options(timeout=PATIENCE_MS)


def chromium() -> str | None:
    """Return the path of a Chromium of the system."""
    return next(filter(None, map(shutil.which, _NAMES)), None)


def missing() -> str | None:
    """Return what is missing for tests with a browser."""
    if chromium() is None:
        return f"no Chromium: none of {', '.join(_NAMES)} on PATH"
    if not (DIST / "index.html").is_file():
        return "the page is not built: make page"
    return None


@pytest.hookimpl(tryfirst=True)  # before tests are chosen by their markers
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this directory, and skip them where something is missing."""
    reason = missing()
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.browser)
            if item.get_closest_marker("quick") is None:
                item.add_marker(pytest.mark.slow)
            if item.path == _TIMED:
                item.add_marker(pytest.mark.alone)
            if reason is not None:
                item.add_marker(pytest.mark.skip(reason=reason))


@dataclass
class Ear:
    """Hears what browsers complain of: errors of scripts, of the console, of requests."""

    complaints: list[str] = field(default_factory=list)
    _expected: list[str] = field(default_factory=list)

    def expect(self, *patterns: str) -> None:
        """Let complaints with such a text be none in this test."""
        self._expected += patterns

    def follow(self, context: "BrowserContext") -> None:
        """Hear all pages of a context."""
        context.on("console", self._hear)
        context.on("weberror", self._fail)
        context.on("requestfailed", self._lose)
        context.on("response", self._answer)

    @property
    def unexpected(self) -> list[str]:
        """What nobody expected."""
        return [text for text in self.complaints if not any(re.search(each, text) for each in self._expected)]

    def _hear(self, message: "ConsoleMessage") -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _fail(self, error: "WebError") -> None:
        self.complaints.append(f"script: {error.error}")

    def _lose(self, request: "Request") -> None:
        if request.failure != _ABORTED:
            self.complaints.append(f"request: {request.method} {request.url} {request.failure}")

    def _answer(self, response: "Response") -> None:
        if response.status >= 400:
            self.complaints.append(f"answer: {response.request.method} {response.url} {response.status}")


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Return how pytest-playwright starts the browser: the system's, as it fetches none."""
    return {"executable_path": chromium(), "args": list(FLAGS), "headless": True}


@pytest.fixture(scope="session")
def browser_context_args() -> dict[str, Any]:
    """Return how pages are seen, so that numbers and times are written the same everywhere."""
    return {
        "locale": "en-US",
        "timezone_id": "UTC",
        "color_scheme": "dark",
        "reduced_motion": "reduce",
        "viewport": {"width": WIDE, "height": 900},
    }


@pytest.fixture(autouse=True)
def ear(context: "BrowserContext") -> Iterator[Ear]:
    """Hear the browser: whatever it complains of fails the test, unless the test expects it."""
    found = Ear()
    found.follow(context)
    context.set_default_timeout(PATIENCE_MS)
    context.set_default_navigation_timeout(2 * PATIENCE_MS)
    yield found
    assert found.unexpected == []


@pytest.fixture(scope="session")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Run an installation that is only looked at."""
    with house(tmp_path_factory.mktemp("shown") / "data", hours=HOURS) as built:
        yield built


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Run an installation for the tests of a module, which leave it as it has to be for the next one."""
    with house(tmp_path_factory.mktemp("own") / "data", hours=0) as built:
        yield built


def at(page: "Page", where: House, address: str) -> "Page":
    """Open an address, and wait until the page stands and nothing more is being read."""
    page.goto(f"{where.url}{address}")
    expect(page.locator("h1")).to_have_count(1)
    expect(page.locator("main .busy")).to_have_count(0)
    return page
