"""`fadearena demo` as it is run: three processes on a data directory, ended and killed at any moment."""

import contextlib
import os
import re
import select
import signal
from pathlib import Path
from typing import Any

import pytest

from fadearena.cli.exit_codes import ExitCode
from tests.support.command import fadearena
from tests.support.terminal import Watched


def has_decided(drawn: str) -> bool:
    """Tell whether something was executed already."""
    return any(int(times) > 3 for times in re.findall(r"(\d+) executed", drawn))


def pid_of(process: str, data_dir: Path) -> int:
    """Return the number of a process, as it said it in its heartbeat."""
    report = fadearena("status", "--data-dir", data_dir, "--json").report
    return next(int(beat["pid"]) for beat in report["processes"] if beat["process"].partition(":")[0] == process)


def is_alive(pid: int) -> bool:
    """Tell whether there is such a process that has not ended."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def adds_up(code: int, report: dict[str, Any] | None) -> dict[str, Any]:
    """Check that a demo ended well, and return its report."""
    assert code == 0
    assert report is not None
    assert report["drift"] == 0
    assert report["invariants"] == "ok"
    assert report["replayIdentical"] is True
    assert report["trackedEqualsTruth"] is True
    assert report["orders"] > 0 or report["resumed"]  # a second run may be too short for one
    return report


def wait_for_end(pid: int) -> None:
    """Wait until a process that is not our child has ended."""
    with contextlib.suppress(ProcessLookupError):
        ended = os.pidfd_open(pid)
        assert select.select([ended], [], [], 30)[0]
        os.close(ended)


@pytest.mark.slow
def test_a_short_demo_decides_and_adds_up() -> None:
    """Without terminal, key, network and configuration: it fades, adds up, believes the truth, and leaves nothing."""
    ended = fadearena("demo", "--seconds", "3", "--speed", "60", "--hours", "0", "--headless", "--json")
    report = adds_up(ended.code, ended.report)
    assert report["decisions"]["execute"] > 0
    assert report["fills"] > 0
    assert (report["dataDir"], report["resumed"], report["history"]) == (None, False, 0)
    assert "\x1b[" not in ended.out + ended.err


def test_a_demo_goes_on_from_a_past_that_was_made_up() -> None:
    """Sandbox and worker begin where it ends: at the end everything adds up, the past included."""
    ended = fadearena("demo", "--seconds", "3", "--speed", "60", "--hours", "1", "--headless", "--json")
    report = adds_up(ended.code, ended.report)
    assert report["history"] > 500
    assert report["events"] > 0
    assert re.search(r"the page is at http://127.0.0.1:\d+/", ended.err)
    assert "the password, shown this once: " in ended.err


@pytest.mark.slow
def test_ctrl_c_ends_everything_in_good_order_and_a_second_run_goes_on(tmp_path: Path) -> None:
    """The report of each run adds up; the second one begins where the first ended, sandbox and all."""
    home = tmp_path / "d"
    with Watched("demo", "--json", "--hours", "0", "--data-dir", home, directory=tmp_path) as live:
        live.until(has_decided)
        pids = [pid_of(name, home) for name in ("worker", "api")]
        assert all(map(is_alive, pids))
        live.process.send_signal(signal.SIGINT)
        first = live.end()
    assert not any(map(is_alive, pids))
    assert "last decisions" in live.drawn
    with Watched("demo", "--json", "--hours", "0", "--seconds", "2", "--data-dir", home, directory=tmp_path) as again:
        second = again.end()
    assert [adds_up(*ended)["resumed"] for ended in (first, second)] == [False, True]
    assert fadearena("journal", "verify", "--data-dir", home).code == ExitCode.OK


@pytest.mark.slow
def test_a_killed_worker_is_started_again_and_goes_on(tmp_path: Path) -> None:
    """Kill -9 of the worker: another one recovers from the journal, and at the end everything adds up."""
    home = tmp_path / "d"
    with Watched("demo", "--json", "--hours", "0", "--seconds", "12", "--data-dir", home, directory=tmp_path) as live:
        live.until(has_decided)
        killed = pid_of("worker", home)
        os.kill(killed, signal.SIGKILL)
        adds_up(*live.end())
    started = fadearena("journal", "list", "--kind", "started", "--data-dir", home, "--json").report
    assert len(started["entries"]) == 2
    assert pid_of("worker", home) != killed


@pytest.mark.slow
def test_after_a_kill_of_everything_the_next_run_goes_on(tmp_path: Path) -> None:
    """Kill -9 of the demo ends its processes, too; what was journaled by then is where the next run begins."""
    home = tmp_path / "d"
    with Watched("demo", "--json", "--hours", "0", "--data-dir", home, directory=tmp_path) as live:
        live.until(has_decided)
        pids = [pid_of(name, home) for name in ("worker", "api")]
        live.process.kill()
        assert live.end() == (-signal.SIGKILL, None)
    for pid in pids:
        wait_for_end(pid)
    ended = fadearena("demo", "--json", "--hours", "0", "--headless", "--seconds", "2", "--data-dir", home)
    assert adds_up(ended.code, ended.report)["resumed"] is True
