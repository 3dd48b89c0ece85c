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
import requests

from fadearena.cli.exit_codes import ExitCode
from tests.support.command import NETWORK, fadearena
from tests.support.counter import signed
from tests.support.processes import started
from tests.support.vectors import K2
from tests.support.waiting import until

pytestmark = pytest.mark.slow


@contextmanager
def sandbox(*arguments: object, ends_by: signal.Signals = signal.SIGTERM) -> Iterator[dict[str, Any]]:
    """Run a sandbox, and return what it says of itself; ended in good order it ends with 0."""
    command = [sys.executable, "-m", "fadearena", "sandbox", "--json", *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())
            process.send_signal(ends_by)
            assert process.wait(30) == (ExitCode.OK if ends_by is signal.SIGTERM else -ends_by)
        finally:
            process.kill()


def settings_for(url: str) -> dict[str, str]:
    """Return what a worker on this sandbox needs to know."""
    return {NETWORK: "sandbox", "FADEARENA_SANDBOX_URL": url}


def until_well(home: Path, settings: dict[str, str]) -> None:
    """Wait until the doctor finds nothing wrong: processes come up one after the other."""

    def is_well() -> bool:
        checks = fadearena("doctor", "--data-dir", home, "--json", settings=settings).report["checks"]
        return all(check["level"] == "ok" for check in checks)

    until(is_well)


def test_up_trades_on_a_sandbox_and_goes_on_after_both_were_ended(tmp_path: Path) -> None:
    """With its state file the sandbox is the same one again, and so is our journal; without it, it is refused."""
    state, home = tmp_path / "state.json", tmp_path / "d"
    for _ in range(2):
        with sandbox("--port", 0, "--speed", 30, "--state", state) as said:
            settings = settings_for(said["url"])
            assert len(said["traders"]) >= 12
            with started(home, "up", settings=settings) as up:
                up.until("order_sent")
                until_well(home, settings)
                up.signal(signal.SIGTERM)
                assert up.end() == ExitCode.OK
    assert fadearena("journal", "verify", "--data-dir", home).code == ExitCode.OK
    with sandbox("--port", 0) as said:
        with started(home, "up", settings=settings_for(said["url"])) as up:
            assert up.end() == ExitCode.UNUSABLE_INPUT
        assert "it is another sandbox" in " ".join(up.said)


def test_a_crowd_trades_on_as_many_coins_as_are_asked_for(tmp_path: Path) -> None:
    """Its limits are as high as was said; with a file for the state it is refused."""
    crowd = ("--traders", 50, "--trades-per-second", 200, "--coins", 20, "--limits-factor", 3)
    with sandbox("--port", 0, *crowd) as said:
        assert (said["crowd"], len(said["traders"])) == (50, 12)
        box = Remote(said["url"])
        assert len(box.see("traders")) == 62
        assert sum(len(box.ask("allMids", dex=dex)) for dex in ("", "xyz", "flx", "vntl")) == 20
        assert [box.ask("userRole", user=box.user)["role"] for _ in range(25)] == ["missing"] * 25
        until(lambda: len(box.see("positions")["positions"]) > 20)
    refused = fadearena("sandbox", "--traders", 50, "--state", tmp_path / "state.json")
    assert refused.code == ExitCode.UNUSABLE_INPUT
    assert "cannot be kept" in refused.err


def test_a_sandbox_that_was_killed_forgets_nothing(tmp_path: Path) -> None:
    """Orders that it answered, fills that it told, used nonces and its clock are there again, at the same times."""
    state = ("--speed", 20, "--state", tmp_path / "state.json")
    with sandbox("--port", 0, *state, ends_by=signal.SIGKILL) as said:
        box = Remote(said["url"])
        box.tell("deposit", user=box.user, usd="100000")
        nonce = box.ask("exchangeStatus")["time"]
        for number in range(10):
            box.order(nonce + number, is_buy=number % 3 != 2)
        box.tell("faults", kind="clock", ms=5_000)
        now = box.ask("exchangeStatus")["time"]
        before, clock, orders = box.fills(said, now), box.see("clock"), box.see("orders")
    with sandbox("--port", 0, *state) as said:
        box = Remote(said["url"])
        assert box.fills(said, now) == before
        assert (box.see("clock"), box.see("orders")) == (clock, orders)
        assert box.ask("exchangeStatus")["time"] > now
        assert box.order(nonce, is_buy=True)["response"] == f"Invalid nonce: duplicate nonce {nonce}"
    assert any(before.values())


class Remote:
    """A client of a sandbox in another process, with a key of its own."""

    def __init__(self, url: str) -> None:
        self.user: str = signed(K2, {"type": "noop"}, 1)["address"]
        self._url = url

    def see(self, name: str) -> Any:
        """Return what the sandbox says of itself."""
        return requests.get(f"{self._url}/sandbox/{name}", timeout=30).json()

    def tell(self, name: str, /, **body: Any) -> Any:
        """Tell the sandbox something."""
        answer = requests.post(f"{self._url}/sandbox/{name}", json=body, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ask(self, kind: str, **fields: Any) -> Any:
        """Return the answer to a question."""
        return requests.post(f"{self._url}/info", json={"type": kind, **fields}, timeout=30).json()

    def order(self, nonce: int, *, is_buy: bool) -> Any:
        """Take some ETH from the book, at any price."""
        price = float(self.ask("allMids")["ETH"]) * (1.05 if is_buy else 0.95)
        terms = {"a": 1, "b": is_buy, "p": str(int(price)), "s": "0.5", "r": False, "t": {"limit": {"tif": "Ioc"}}}
        body = signed(K2, {"type": "order", "orders": [terms], "grouping": "na"}, nonce)
        return requests.post(f"{self._url}/exchange", json=body, timeout=30).json()

    def fills(self, said: dict[str, Any], until: int) -> dict[str, Any]:
        """Return what everybody was told of fills, up to a time."""
        users = [self.user, *(trader["wallet"] for trader in said["traders"])]
        return {user: self.ask("userFillsByTime", user=user, startTime=0, endTime=until) for user in users}


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
