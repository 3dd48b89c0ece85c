"""Live trading as real processes on a sandbox: a key that nobody else sees, and a simulation that cannot send."""

import asyncio
import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fadearena.adapters.hyperliquid.signing import Signer
from fadearena.bootstrap.seed import default_policy
from fadearena.bootstrap.switching import policy_in_force
from fadearena.bootstrap.upkeep import alone
from fadearena.cli.exit_codes import ExitCode
from fadearena.config import AGENT_KEYS
from fadearena.model.policy import AccountPolicy, Mode, Policy
from tests.support.command import NETWORK, fadearena
from tests.support.live_home import make_live, set_policy
from tests.support.processes import Running, started
from tests.support.sandbox import Running as Sandbox
from tests.support.sandbox import options, running

pytestmark = pytest.mark.slow

MARKED = "5ec2e7" * 10 + "5ec2"
KEY = "0x" + MARKED
AGENT = Signer(KEY).address
MASTER = "0x" + "3" * 40
D = Decimal


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Run a sandbox on which our account has money, and lets our agent sign."""
    wallets = {bot.id: bot.wallet for bot in default_policy().bots if bot.enabled}
    with running(options(wallets=wallets)) as box:
        box.tell("deposit", user=MASTER, usd="100000")
        box.tell("agents", user=MASTER, agent=AGENT, name="fade-1")
        yield box


def settings_for(box: Sandbox, **more: str) -> dict[str, str]:
    """Return the variables of a process on this sandbox that is armed."""
    return {NETWORK: "sandbox", "FADEARENA_SANDBOX_URL": box.url, "FADEARENA_LIVE": "1", **more}


def live_policy() -> Policy:
    """Return settings that follow the default bots with our account."""
    base = default_policy()
    return msgspec.structs.replace(
        base,
        global_exposure_cap=D(200_000),
        daily_loss_limit=D(5_000),
        bots=tuple(msgspec.structs.replace(bot, exposure_cap=D(50_000)) for bot in base.bots),
        accounts=(AccountPolicy(id="main", address=MASTER, signer=AGENT),),
    )


def test_a_simulation_cannot_send_whatever_is_set(sandbox: Sandbox, tmp_path: Path) -> None:
    """Armed, with keys in a file and in the environment and an account that could trade: no signed request is made."""
    home = tmp_path / "d"
    home.mkdir()
    (home / "keys").write_text(KEY)  # others can read it: whoever opens it refuses to go on
    (home / "keys").chmod(0o644)
    for source in ("file", "environment"):
        settings = settings_for(sandbox, FADEARENA_KEYS=source, **{AGENT_KEYS: KEY})
        set_policy(home / source, live_policy(), settings)
        (home / source / "keys").symlink_to(home / "keys")
        with started(home / source, "worker", settings=settings) as worker:
            for _ in range(3):
                worker.until("order_sent")
            assert MARKED in environment_of(worker.process.pid)  # nobody looked for it
            worker.signal(signal.SIGTERM)
            assert worker.end() == ExitCode.OK
        assert not [line for line in worker.lines if line["event"] == "signer_loaded"]
    requests = sandbox.see("requests")
    assert requests["signed"] == {}
    assert not [kind for kind in requests["counts"] if kind.startswith("/exchange")]


def test_the_key_is_seen_by_the_worker_only(sandbox: Sandbox, tmp_path: Path) -> None:
    """With a key in the file, and a crash of the worker: it is in no file, log, answer, process or other memory."""
    home, settings = tmp_path / "d", settings_for(sandbox)
    make_live(home, live_policy(), settings, KEY)
    with started(home, "up", settings=settings) as up:
        worker = up.until("process_started", process="worker")["pid"]
        up.until("order_sent")
        os.kill(worker, signal.SIGKILL)
        worker = up.until("process_started", process="worker")["pid"]
        up.until("order_sent")
        server = up.until_seen("process_started", process="api")["pid"]
        said = [fadearena(*command, "--data-dir", home, "--json", settings=settings) for command in COMMANDS]
        for pid in (up.process.pid, server):
            assert not knows(pid), pid
        for pid in (up.process.pid, server, worker):
            assert MARKED not in environment_of(pid).lower()
            assert MARKED not in Path(f"/proc/{pid}/cmdline").read_text().lower()
        up.signal(signal.SIGTERM)
        assert up.end() == ExitCode.OK
    assert not any(MARKED in (ended.out + ended.err).lower() for ended in said)
    assert_nowhere(home, up)
    assert sandbox.see("requests")["signed"].keys() == {AGENT}


def test_a_key_in_the_environment_is_the_workers_alone(sandbox: Sandbox, tmp_path: Path) -> None:
    """Worker and server by themselves: once it runs not even the worker's environment shows it; `up` refuses it."""
    home, settings = tmp_path / "d", settings_for(sandbox, FADEARENA_KEYS="environment")
    make_live(home, live_policy(), settings)
    with (
        started(home, "worker", settings={**settings, AGENT_KEYS: KEY}) as worker,
        started(home, "api", settings=settings) as server,
    ):
        worker.until("order_sent")
        assert MARKED not in environment_of(worker.process.pid)
        assert os.geteuid() or knows(worker.process.pid)  # only root may look there at all
        assert not knows(server.process.pid)
        for process in (worker, server):
            process.signal(signal.SIGTERM)
            assert process.end() == ExitCode.OK
    assert_nowhere(home, worker, server)
    with started(home, "up", settings={**settings, AGENT_KEYS: KEY}) as up:
        assert up.end() == ExitCode.UNUSABLE_INPUT
    assert f"{AGENT_KEYS} would be in the environment of more processes" in " ".join(up.said)


def test_going_live_and_back_while_everything_runs(sandbox: Sandbox, tmp_path: Path) -> None:
    """Worker and server begin anew in the other mode; the signer changes on the way; back only once flat."""
    home, settings = tmp_path / "d", settings_for(sandbox)

    def run(*command: str, code: int = ExitCode.OK) -> dict[str, Any]:
        ended = fadearena(*command, "--data-dir", home, "--json", settings=settings)
        assert ended.code == code, ended.err
        return ended.report if ended.out else {}

    set_policy(home, live_policy(), settings)
    agent = run("keys", "new")["address"]
    sandbox.tell("agents", user=MASTER, agent=agent, name="fade-2")
    with started(home, "up", settings=settings) as up:
        up.until("serving")
        up.until_seen("running")
        run("mode", "live", "--confirm", "GO LIVE", code=ExitCode.FAILED)  # there is no key of the signer
        run("accounts", "set", "main", f"signer={agent}")
        run("kill", "--flatten")
        flat(run)
        run("mode", "live", "--confirm", "yes", code=ExitCode.REFUSED)
        assert run("mode", "live", "--confirm", "GO LIVE") == {"mode": "live", "changed": True}
        up.until("process_begins_anew", process="worker")
        up.until("signer_loaded", address=agent)
        up.until("order_sent")
        run("keys", "rotate", "main")
        (renewed,) = {line["address"] for line in run("keys", "list")["keys"] if line["accounts"]}
        up.until("signer_loaded", address=renewed)
        run("kill", "--flatten")
        flat(run)
        assert run("mode", "simulation")["mode"] == "simulation"
        up.until("process_begins_anew", process="worker")
        up.until("running")
        up.signal(signal.SIGTERM)
        assert up.end() == ExitCode.OK
    signed = sandbox.see("requests")["signed"]
    assert signed.keys() == {agent, renewed}
    assert sandbox.see("truth")[MASTER]["positions"] == {}


def flat(run: Callable[..., dict[str, Any]]) -> None:
    """Wait until everything is closed; each look takes its time."""
    while run("status")["tradingState"] != "halted":
        pass


def test_both_modes_in_one_postgresql_database_share_nothing(pg_url: str, tmp_path: Path) -> None:
    """Each has its schemas, its settings and its lease."""
    settings = {NETWORK: "testnet", "FADEARENA_DATABASE_URL": pg_url}
    simulation = set_policy(tmp_path / "d", live_policy(), settings)
    live = make_live(tmp_path / "d", msgspec.structs.replace(live_policy(), daily_loss_limit=D(1)), settings)

    async def both() -> list[Policy]:
        async with alone(simulation), alone(live):
            return [await policy_in_force(places) for places in (simulation, live)]

    assert [(policy.mode, policy.daily_loss_limit) for policy in asyncio.run(both())] == [
        (Mode.SIMULATION, D(5_000)),
        (Mode.LIVE, D(1)),
    ]
    assert (
        fadearena("settings", "show", "--data-dir", tmp_path / "d", "--json", settings=settings).report["mode"]
        == "live"
    )


COMMANDS = (("status",), ("doctor",), ("settings", "show"), ("accounts", "list"), ("keys", "list"), ("journal", "list"))


def environment_of(pid: int) -> str:
    """Return the environment of a process, as the system shows it; nothing where it does not show it."""
    with suppress(PermissionError):
        return Path(f"/proc/{pid}/environ").read_text()
    return ""


def knows(pid: int) -> bool:
    """Tell whether the key is anywhere in a process's memory, as text or as bytes."""
    needles = [MARKED.encode(), MARKED.upper().encode(), bytes.fromhex(MARKED)]
    with Path(f"/proc/{pid}/mem").open("rb", 0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            found = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
            if found is None or "[v" in line:
                continue
            begin, end = (int(number, 16) for number in found.groups())
            try:
                memory.seek(begin)
                content = memory.read(end - begin)
            except (OSError, ValueError, OverflowError):
                continue
            if any(needle in content for needle in needles):
                return True
    return False


def assert_nowhere(home: Path, *processes: Running) -> None:
    """Look through everything that was logged, said and written, but for the file of keys."""
    for process in processes:
        assert MARKED not in str(process.lines).lower() + str(process.said).lower()
    for path in home.rglob("*"):
        if path.is_file() and path.name != "keys":
            content = path.read_bytes()
            assert MARKED.encode() not in content.lower(), path
            assert bytes.fromhex(MARKED) not in content, path
