"""Orders of people: confirmed, refused, withdrawn or queued, and how things stand."""

import asyncio
from pathlib import Path

import pytest

from fadearena.bootstrap.client import Status
from fadearena.bootstrap.seed import default_policy
from fadearena.model.error import InvalidInput
from fadearena.model.event import Kill, OperatorAction, Pause, Release, Resume, SetPolicy
from fadearena.model.record import SettingsChange
from fadearena.ports.control import ControlEntry, ControlState
from tests.support.installation import START_MS, Installation

ACTOR = "cli:me"
CHANGES: tuple[OperatorAction, ...] = (SetPolicy(policy=default_policy()), Release(), Resume())


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    """Return an installation in which nothing runs."""
    return Installation(tmp_path)


def ordered(
    installation: Installation,
    action: OperatorAction,
    after_ms: int | None = None,
    *,
    accepted: bool = True,
) -> ControlEntry:
    """Return what becomes of an order; a worker answers so late, None is no worker."""

    async def main() -> ControlEntry:
        if after_ms is None:
            return await installation.client.order(action, ACTOR)
        reasons = () if accepted else ("nothing here is halted",)
        work = asyncio.ensure_future(installation.work(after_ms, accepted=accepted, reasons=reasons))
        try:
            return await installation.client.order(action, ACTOR)
        finally:
            work.cancel()

    return installation.play(main())


def test_an_order_is_confirmed_once_its_answer_is_shown(installation: Installation) -> None:
    """The entry comes back accepted, with the place where it was decided and who ordered it."""
    entry = ordered(installation, Kill(), after_ms=300)
    assert (entry.state, entry.journal_seq, entry.actor) == (ControlState.ACCEPTED, 1, ACTOR)
    assert installation.clock.now_ms() < START_MS + 600


def test_a_refusal_comes_with_its_reasons(installation: Installation) -> None:
    """What the worker refused says why."""
    entry = ordered(installation, Release(), after_ms=0, accepted=False)
    assert (entry.state, entry.reasons) == (ControlState.REFUSED, ("nothing here is halted",))


@pytest.mark.parametrize("action", [Kill(), Kill(flatten=True, bot="grok-4"), Pause()])
def test_without_a_worker_a_stop_stays_queued(installation: Installation, action: OperatorAction) -> None:
    """After two seconds it is still there, not taken, for the next worker."""
    entry = ordered(installation, action)
    assert (entry.state, entry.is_taken) == (ControlState.QUEUED, False)
    assert START_MS + 2_000 <= installation.clock.now_ms() < START_MS + 2_100


@pytest.mark.parametrize("action", CHANGES)
def test_without_a_worker_anything_else_is_withdrawn(installation: Installation, action: OperatorAction) -> None:
    """After two seconds it is taken back, so that no worker finds it later."""
    entry = ordered(installation, action)
    assert entry.state is ControlState.WITHDRAWN
    assert installation.play(installation.control.take()) == ()


def test_a_worker_that_died_counts_as_none(installation: Installation) -> None:
    """A heartbeat older than two seconds, or of a worker that has stopped, is no sign of life."""
    installation.play(installation.beat())
    installation.clock.move_by(2_001)
    assert ordered(installation, Resume()).state is ControlState.WITHDRAWN
    installation.play(installation.beat(status="stopped"))
    assert not installation.play(installation.client.has_worker())
    installation.play(installation.beat(process="standby"))
    assert not installation.play(installation.client.has_worker())


def test_a_slow_worker_is_waited_for(installation: Installation) -> None:
    """While a worker lives its answer is waited for, longer than two seconds."""

    async def main() -> ControlEntry:
        work = asyncio.ensure_future(installation.work(5_000))
        alive = asyncio.ensure_future(keep_beating())
        try:
            return await installation.client.order(Resume(), ACTOR)
        finally:
            work.cancel()
            alive.cancel()

    async def keep_beating() -> None:
        while True:
            await installation.beat()
            await installation.clock.sleep_until(installation.clock.now_ms() + 500)

    assert installation.play(main()).state is ControlState.ACCEPTED


def test_what_a_worker_took_cannot_be_withdrawn(installation: Installation) -> None:
    """A change that a worker took and did not answer within ten seconds stays, and is not said to be withdrawn."""
    entry = ordered(installation, Resume(), after_ms=60_000)
    assert (entry.state, entry.is_taken) == (ControlState.QUEUED, True)


def test_settings_are_needed_before_they_are_changed(installation: Installation) -> None:
    """Where there are none, it says how to set the default ones."""
    with pytest.raises(InvalidInput, match="fadearena db seed"):
        installation.play(installation.client.settings())
    installation.play(installation.show(SettingsChange(version=1, actor="seed", policy=default_policy())))
    assert installation.play(installation.client.settings()).policy == default_policy()


def test_status_tells_how_far_things_are_shown(installation: Installation, tmp_path: Path) -> None:
    """The lag is what the worker journaled beyond what is shown; the file KILL is seen."""

    async def main() -> Status:
        await installation.show(SettingsChange(version=1, actor="seed", policy=default_policy()))
        await installation.beat(journal_seq=5)
        await installation.beat(process="api:7@here", journal_seq=1)
        return await installation.client.status()

    (tmp_path / "KILL").touch()
    status = installation.play(main())
    assert status.lag == 4
    assert status.has_kill_file
    assert [bot.id for bot in status.bots] == [bot.id for bot in default_policy().bots]
    assert {beat.process for beat in status.beats} == {"worker", "api:7@here"}
