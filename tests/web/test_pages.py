"""Every page in a browser: it comes without errors, fits narrow and wide, and shuts nobody out."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.web.conftest import NARROW, WIDE, Ear, at
from tests.web.house import House

if TYPE_CHECKING:
    from playwright.sync_api import Page

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
ADDRESSES = (
    "/",
    "/bots",
    "/bots/grok-4",
    "/bots/compare?a=grok-4&b=qwen3-max",
    "/bots/nobody",
    "/decisions",
    "/decisions?view=slippage",
    "/risk",
    "/system",
    "/login",
    "/nothing/here",
)
ABSENT = ("/bots/nobody", "/nothing/here")
_FOUND = """async () => (await axe.run({ resultTypes: ["violations"] })).violations.map(
    (each) => `${each.id}: ${each.nodes.map((node) => node.target.join(" ")).join(", ")}`)"""
_WIDEN = """() => document.querySelectorAll(".uplot").forEach((curve) => { curve.style.width = "3000px"; })"""
_SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_stands_and_shuts_nobody_out(page: "Page", ear: Ear, shown: House, address: str) -> None:
    """One main heading, no sideways scrolling, and nothing that axe finds, wide and narrow, dark and light."""
    if address in ABSENT:
        ear.expect(f"{address}.* 404", f"status of 404 .*{address}")
    at(page, shown, address)
    axe = AXE.read_text() if AXE.is_file() else ""
    page.evaluate(axe)
    found = []
    for width in (WIDE, NARROW):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.locator("h1").count() == 1
        assert page.evaluate(_SIDEWAYS) == 0
        for scheme in ("dark", "light"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            expect(page.locator("html")).to_have_attribute("data-theme", scheme)
            found += [f"{width} {scheme} {each}" for each in (page.evaluate(_FOUND) if axe else ())]
    assert found == []
    if not axe:
        pytest.skip("it stands; axe-core is not installed: npm ci in web/")


def test_a_curve_that_is_still_too_wide_moves_nothing(page: "Page", shown: House) -> None:
    """Between a window made narrow and the curve drawn anew the page does not scroll sideways."""
    at(page, shown, "/bots/compare?a=grok-4&b=qwen3-max")
    expect(page.locator(".uplot").first).to_be_visible()
    page.evaluate(_WIDEN)
    assert page.locator(".uplot").first.evaluate("(curve) => curve.offsetWidth") == 3_000
    assert page.evaluate(_SIDEWAYS) == 0
