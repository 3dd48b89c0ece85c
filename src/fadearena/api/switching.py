"""From simulation to live trading and back, as people ask for it over HTTP."""

from typing import Any, NoReturn

import msgspec

from fadearena.api.desk import Desk
from fadearena.api.errors import Problem
from fadearena.api.once import Outcome
from fadearena.model.error import VenueError
from fadearena.model.finding import Finding, Level
from fadearena.model.policy import Mode, Policy
from fadearena.ports.modes import CONFIRMATION


async def switch_mode(desk: Desk, policy: Policy, mode: Mode, confirm: str | None) -> None:
    """
    Switch the mode, where everything is right.

    Raises:
        Problem: 409, it is not, or nobody confirmed it; 503, that cannot be found out.
    """
    try:
        if mode is Mode.LIVE:
            await _look(desk, policy, confirm)
        desk.attempt.outcome = Outcome.OPEN
        found = await desk.doors.modes.switch(mode, desk.actor)
    except VenueError as error:
        desk.attempt.outcome = Outcome.NOTHING
        raise Problem(503, f"The exchange cannot be asked: {error}", headers={"Retry-After": "10"}) from error
    desk.attempt.outcome = Outcome.KNOWN if found.switched else Outcome.NOTHING
    if not found.switched:
        _refuse(f"The mode stays {desk.doors.mode}", found.reasons, found.checks)


async def _look(desk: Desk, policy: Policy, confirm: str | None) -> None:
    """Refuse to go live without limits, and show what was found where nobody confirmed it."""
    if gaps := policy.gaps_for_real_money():
        text = f"no limit is set: {', '.join(gaps)}"
        check = Finding(check="limits", level=Level.FAIL, text=text, advice="set them with POST /api/settings")
        _refuse("Live trading does not begin", [f"{check.check}: {text}"], [check])
    if confirm != CONFIRMATION:
        checks = await desk.doors.modes.preflight()
        reasons = [f"{check.check}: {check.text}" for check in checks if check.level is Level.FAIL]
        _refuse(f'Orders will cost real money: send "confirm": "{CONFIRMATION}" to begin', reasons, checks)


def _refuse(what: str, reasons: Any, checks: Any) -> NoReturn:  # noqa: ANN401 - sequences
    detail = "; ".join([what, *reasons])
    raise Problem(409, detail, reasons=list(reasons), checks=[msgspec.to_builtins(check) for check in checks])
