"""A sandbox with a file, on time that is moved by hand, which can be killed at any moment."""

import asyncio
import json
from decimal import Decimal as D
from pathlib import Path
from typing import Any

from fadearena.kit.clock import ManualClock
from fadearena.sandbox.exchange import Exchange
from fadearena.sandbox.gateway.gateway import Settings
from fadearena.sandbox.saving import Box, Keeper, begun, loaded
from tests.support.counter import signed
from tests.support.vectors import K1, TIME

SPEED = D(20)


class Life:
    """A sandbox whose time is moved by hand, and its file."""

    def __init__(self, path: Path, traders: int = 3) -> None:
        self.wall = ManualClock(TIME)
        self.path = path / "state.json"
        self.box = begun(
            lambda clock: Exchange(clock, 5, traders=traders, history_ms=0, needs_volume=False),
            SPEED,
            Settings(),
            self.wall,
        )
        self.keeper = Keeper(self.path, self.box)
        self.keeper.save()

    def tell(self, door: str, /, **body: Any) -> object:
        """Tell the sandbox something."""
        return self.box.control.tell(door, json.dumps(body).encode())

    def act(self, action: dict[str, Any], nonce: int) -> Any:
        """Send a signed action."""
        body = json.dumps(signed(K1, action, nonce)).encode()
        return json.loads(asyncio.run(self.box.gateway.post("/exchange", body))[1])

    def order(self, nonce: int, *, is_buy: bool) -> Any:
        """Take half an ETH from the book, at any price."""
        price = self.box.gateway.exchange.view.mark("ETH") * D("1.05" if is_buy else "0.95") // 1
        terms = {"a": 1, "b": is_buy, "p": str(price), "s": "0.5", "r": False, "t": {"limit": {"tif": "Ioc"}}}
        return self.act({"type": "order", "orders": [terms], "grouping": "na"}, nonce)

    def pass_ms(self, ms: int) -> None:
        """Let real time pass; the sandbox notices now and then."""
        self.wall.move_by(ms)
        self.box.gateway.advance()

    def again(self) -> Box:
        """Return the sandbox of the file."""
        return loaded(self.path, SPEED, Settings(), self.wall)


def both(life: Life) -> tuple[Any, Any]:
    """Return the sandbox that was killed and the one that took its place, at one time."""
    again = life.again()
    for box in (life.box, again):
        box.gateway.advance()
    return json.loads(life.box.gateway.exchange.dump()), json.loads(again.gateway.exchange.dump())
