"""Going live and back over HTTP: what is asked for first, and what is answered where it does not come to that."""

import msgspec
import pytest

from fadearena.model.error import VenueUnavailable
from fadearena.model.finding import Finding, Level
from fadearena.model.policy import Mode, Policy
from fadearena.model.record import SettingsChange
from fadearena.model.units import Usd
from fadearena.ports.modes import PreflightSeen, SwitchAnswer
from tests.support.api import Answer, ApiRoom, api_room, in_room
from tests.support.world import bot, settings

PATH = "/api/settings"
GO = {"mode": "live", "confirm": "GO LIVE"}
BAD = Finding(check="keys", level=Level.FAIL, text="there is no key", advice="fadearena keys add")
LIMITED = settings(bot(exposure_cap=Usd(5)), global_exposure_cap=Usd(9), daily_loss_limit=Usd(1))


class Modes:
    """Does as it is told, and remembers what it was asked."""

    def __init__(self, *checks: Finding, reasons: tuple[str, ...] = (), error: str = "") -> None:
        self.checks = checks
        self.reasons = reasons
        self.error = error
        self.asked: list[tuple[Mode, str]] = []

    async def preflight(self) -> tuple[Finding, ...]:
        """Return the checks."""
        return self.checks

    def last_preflight(self) -> PreflightSeen | None:
        """Return that nobody looked."""
        return None

    async def switch(self, mode: Mode, actor: str) -> SwitchAnswer:
        """Switch, unless there are reasons against it."""
        if self.error:
            raise VenueUnavailable(self.error)
        self.asked.append((mode, actor))
        return SwitchAnswer(switched=not self.reasons, reasons=self.reasons, checks=self.checks)


def asked(
    modes: Modes, content: object, *, policy: Policy = LIMITED, mode: Mode = Mode.SIMULATION, times: int = 1
) -> Answer:
    """Send a change of the settings, so many times with one key, and return the last answer."""

    async def story(room: ApiRoom) -> Answer:
        set_ = msgspec.structs.replace(policy, mode=mode)
        await room.tell(SettingsChange(version=policy.version, actor="test", policy=set_))
        answers = [await room.send("POST", PATH, content, headers={"Idempotency-Key": "a"}) for _ in range(times)]
        return answers[-1]

    return in_room(story, api_room(mode=mode, modes=modes))


def test_live_trading_is_begun_by_another_process() -> None:
    """It is told who asked; the answer comes while worker and API begin anew, with the settings in the other mode."""
    modes = Modes()
    answer = asked(modes, GO)
    assert (answer.status, answer.json["success"], answer.json["settings"]["mode"]) == (202, True, "live")
    assert modes.asked == [(Mode.LIVE, "api:test")]


def test_the_way_back_needs_no_confirmation() -> None:
    """It is made where nothing is open, which the other process finds out; with a key it is made once."""
    modes = Modes()
    assert asked(modes, {"mode": "simulation"}, mode=Mode.LIVE, times=2).status == 202
    assert modes.asked == [(Mode.SIMULATION, "api:test")]


def test_without_limits_it_does_not_begin() -> None:
    """Those that are missing are named; nobody is asked anything."""
    modes = Modes()
    answer = asked(modes, GO, policy=settings())
    assert answer.status == 409
    assert answer.json["checks"][0] == {
        "check": "limits",
        "level": "fail",
        "text": "no limit is set: globalExposureCap, dailyLossLimit, bots[0].exposureCap",
        "advice": "set them with POST /api/settings",
    }
    assert modes.asked == []


@pytest.mark.parametrize("confirm", [{}, {"confirm": "go live"}])
def test_without_the_words_the_checks_are_shown(confirm: dict[str, str]) -> None:
    """What fails is said, and what has to be sent."""
    modes = Modes(BAD)
    answer = asked(modes, {"mode": "live", **confirm})
    assert (answer.status, answer.json["reasons"]) == (409, ["keys: there is no key"])
    assert answer.json["checks"] == [msgspec.to_builtins(BAD)]
    assert '"confirm": "GO LIVE"' in answer.json["detail"]
    assert modes.asked == []


def test_what_failed_is_answered_and_may_be_asked_again() -> None:
    """A check that fails or a position that is open leaves the mode as it is; the key is free for the next try."""
    modes = Modes(BAD, reasons=("simulation cannot be left: main BTC: 0.5",))
    answer = asked(modes, GO, times=2)
    assert (answer.status, answer.json["reasons"]) == (409, ["simulation cannot be left: main BTC: 0.5"])
    assert answer.json["checks"][0]["check"] == "keys"
    assert len(modes.asked) == 2


def test_an_exchange_that_cannot_be_asked_is_no_refusal() -> None:
    """503: try again."""
    answer = asked(Modes(error="no connection"), GO)
    assert (answer.status, "no connection" in answer.json["detail"]) == (503, True)


def test_the_mode_is_changed_by_itself() -> None:
    """Other changes beside it are refused, so that all or nothing happens."""
    modes = Modes()
    answer = asked(modes, {**GO, "maxDrawdown": 0.5})
    assert (answer.status, answer.json["errors"]) == (
        400,
        ["mode is changed by itself: send what else is to change before, or afterwards"],
    )
    assert modes.asked == []
