"""`fadearena sandbox` as a process, and `up` against it."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from fadearena.cli.exit_codes import ExitCode
from tests.support.command import NETWORK, fadearena
from tests.support.processes import started

pytestmark = pytest.mark.slow


@contextmanager
def sandbox(*arguments: object) -> Iterator[dict[str, Any]]:
    """Run a sandbox, and return what it says of itself; ended in good order it ends with 0."""
    command = [sys.executable, "-m", "fadearena", "sandbox", "--json", *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == ExitCode.OK
        finally:
            process.kill()


def settings_for(url: str) -> dict[str, str]:
    """Return what a worker on this sandbox needs to know."""
    return {NETWORK: "sandbox", "FADEARENA_SANDBOX_URL": url}


def test_up_trades_on_a_sandbox_and_goes_on_after_both_were_ended(tmp_path: Path) -> None:
    """With its state file the sandbox is the same one again, and so is our journal; without it, it is refused."""
    state, home = tmp_path / "state.json", tmp_path / "d"
    for _ in range(2):
        with sandbox("--port", 0, "--speed", 30, "--state", state) as said:
            settings = settings_for(said["url"])
            assert len(said["traders"]) >= 12
            with started(home, "up", settings=settings) as up:
                up.until("order_sent")
                checks = fadearena("doctor", "--data-dir", home, "--json", settings=settings).report["checks"]
                assert [check for check in checks if check["level"] != "ok"] == []
                up.signal(signal.SIGTERM)
                assert up.end() == ExitCode.OK
    assert fadearena("journal", "verify", "--data-dir", home).code == ExitCode.OK
    with sandbox("--port", 0) as said:
        with started(home, "up", settings=settings_for(said["url"])) as up:
            assert up.end() == ExitCode.UNUSABLE_INPUT
        assert "it is another sandbox" in " ".join(up.said)


def test_without_a_sandbox_a_worker_says_how_to_start_one(tmp_path: Path) -> None:
    """It ends with a code of its own, and may be started again by itself."""
    with started(tmp_path / "d", "worker", settings=settings_for("http://127.0.0.1:9")) as worker:
        assert worker.end() == ExitCode.VENUE_UNAVAILABLE
    assert "start one with `fadearena sandbox`" in worker.said[-1]


def test_a_port_that_is_taken_is_told() -> None:
    """The sentence says what to do."""
    with sandbox("--port", 0) as said:
        ended = fadearena("sandbox", "--port", said["url"].rpartition(":")[2])
    assert ended.code == ExitCode.UNUSABLE_INPUT
    assert "give another --port" in ended.err


def test_other_machines_are_let_in_on_purpose_only() -> None:
    """Nothing is protected in a sandbox."""
    ended = fadearena("sandbox", "--host", "10.0.0.1", "--port", 0)
    assert ended.code == ExitCode.UNUSABLE_INPUT
    assert "other machines" in ended.err
