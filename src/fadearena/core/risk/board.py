"""
The board on which the checks of one order are written.

1. A check that cannot be evaluated fails for increases and passes for reduces.
2. A clamp makes an order smaller and never turns it around.
"""

from decimal import Decimal

from fadearena.core.risk.case import Verdict
from fadearena.kit.decimals import plain
from fadearena.model.record import Check, Effect
from fadearena.model.units import ZERO, Quantity


class Board:
    """Collects checks; the first that stops gives the reason, a hold counts only if nothing else stops."""

    def __init__(self, is_increase: bool, quantity: Quantity) -> None:  # noqa: FBT001 - private, one caller each
        self.is_increase = is_increase
        self.quantity = quantity
        self.checks: list[Check] = []
        self.stop = ""
        self.hold = ""

    def add(self, name: str, passed: bool, value: object = "", limit: object = "", *, stops_all: bool = False) -> None:  # noqa: FBT001
        """Record a check that stops increases, or everything."""
        if passed or not (self.is_increase or stops_all):
            self.checks.append(Check(name, passed, _text(value), _text(limit)))
            return
        self.checks.append(Check(name, False, _text(value), _text(limit), Effect.SKIP))  # noqa: FBT003
        self.stop = self.stop or name

    def wait(self, name: str, value: object = "", limit: object = "") -> None:
        """Record a check that is not passed yet, but will be looked at again by itself."""
        if not self.is_increase:
            self.checks.append(Check(name, False, _text(value), _text(limit)))  # noqa: FBT003
            return
        self.checks.append(Check(name, False, _text(value), _text(limit), Effect.HOLD))  # noqa: FBT003
        self.hold = self.hold or name

    def clamp(self, name: str, allowed: Quantity, value: object, limit: object) -> None:
        """Record a limit on the quantity and keep to it."""
        if not self.is_increase or self.quantity <= allowed:
            self.checks.append(Check(name, self.quantity <= allowed, _text(value), _text(limit)))
            return
        self.quantity = max(allowed, ZERO)
        if self.quantity:
            self.checks.append(Check(name, False, _text(value), _text(limit), Effect.CLAMP))  # noqa: FBT003
        else:
            self.checks.append(Check(name, False, _text(value), _text(limit), Effect.SKIP))  # noqa: FBT003
            self.stop = self.stop or name

    def verdict(self) -> Verdict:
        """Return what all checks together say."""
        checks = tuple(self.checks)
        if self.stop:
            return Verdict(quantity=ZERO, checks=checks, reason=self.stop)
        if self.hold:
            return Verdict(quantity=ZERO, checks=checks, reason=self.hold, is_hold=True)
        return Verdict(quantity=self.quantity, checks=checks)


def _text(value: object) -> str:
    if type(value) is str:
        return value
    return plain(value) if isinstance(value, Decimal) else str(value)
