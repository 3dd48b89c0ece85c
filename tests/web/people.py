"""People at the page: who logs in, and who counts the clicks."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from fadearena.ports.access import Role
from tests.web.house import PASSWORDS, House

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

MOST_CLICKS = 3
HOLD_MS = 1_000


def enter(page: "Page", where: House, role: Role = Role.OPERATOR) -> None:
    """Log in without the form: all pages of this context are somebody's from now on."""
    answer = page.request.post(
        f"{where.url}/api/login",
        data={"password": PASSWORDS[role], "role": role.value},
        headers={"Origin": where.url},
    )
    assert answer.ok, answer.text()


def hold(page: "Page", button: "Locator") -> None:
    """Press a button and hold it as long as a stop wants it."""
    expect(button).to_be_enabled()
    button.hover()
    page.mouse.down()
    page.wait_for_timeout(HOLD_MS)  # what is tested: it is held
    page.mouse.up()


@dataclass
class Hand:
    """A hand with a mouse; what is typed is no click, going into a field is one."""

    page: "Page"
    clicks: int = 0

    def click(self, target: "Locator") -> None:
        """Click something."""
        self._count()
        target.click()

    def type(self, field: "Locator", text: str) -> None:
        """Go into a field, and type."""
        self.click(field)
        field.fill(text)

    def choose(self, field: "Locator", label: str) -> None:
        """Choose something of a list."""
        self._count()
        field.select_option(label=label)

    def hold(self, button: "Locator") -> None:
        """Hold a button."""
        self._count()
        hold(self.page, button)

    def _count(self) -> None:
        self.clicks += 1
        assert self.clicks <= MOST_CLICKS
