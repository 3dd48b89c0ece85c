"""A whole installation on a sandbox, each part in a process of its own, as `fadearena` starts it."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import requests

from fadearena.adapters.hyperliquid.signing import Signer
from fadearena.bootstrap.demo import Demo, demo_on
from fadearena.bootstrap.grants import open_grantor
from fadearena.bootstrap.past import make_past
from fadearena.bootstrap.places import Places
from fadearena.bootstrap.seed import default_policy
from fadearena.kit import log
from fadearena.model.policy import AccountPolicy, Mode, Policy
from fadearena.model.units import Usd
from fadearena.ports.access import Role
from tests.support.command import NETWORK, nowhere
from tests.support.live_home import set_policy
from tests.support.processes import Running, started
from tests.support.waiting import until

PASSWORDS: Mapping[Role, str] = {Role.OPERATOR: "only for this test", Role.VIEWER: "this one may look"}
_PATIENCE_S = 60
_LIFE_S = 1_200.0
_SPEED = Decimal(1)
WORKER, API, UP = "worker", "api", "up"
KEY = "0x" + "5ec2e7" * 10 + "5ec2"
MASTER, AGENT = "0x" + "3" * 40, Signer(KEY).address
"""Our account on the exchange, and who signs for it."""
_MONEY = "100000"


@dataclass
class _Part:
    process: Running
    ends: ExitStack


@dataclass
class House:
    """Where everything is, and what keeps it running."""

    directory: Path
    port: int
    settings: dict[str, str] = field(default_factory=dict)
    _parts: dict[str, _Part] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str, **query: str | int) -> Any:
        """Return what the API tells anybody on this machine."""
        answer = requests.get(self.url + path, params=query, timeout=_PATIENCE_S)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def tell(self, door: str, **body: Any) -> Any:
        """Tell the sandbox something, through a door of its own."""
        return self._box("POST", door, json=body)

    def see(self, door: str) -> Any:
        """Return what the sandbox says of itself."""
        return self._box("GET", door)

    def _box(self, method: str, door: str, **more: Any) -> Any:
        address = f"{self.settings['FADEARENA_SANDBOX_URL']}/sandbox/{door}"
        answer = requests.request(method, address, timeout=_PATIENCE_S, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def start(self, name: str, *arguments: str) -> Running:
        """Start a part, and return its process."""
        ends = ExitStack()
        process = ends.enter_context(
            started(self.directory, name, *arguments, settings=self.settings, patience_s=_LIFE_S)
        )
        ends.enter_context(process.drained())
        self._parts[name] = _Part(process, ends)
        return process

    def stop(self, name: str, number: int = signal.SIGTERM) -> None:
        """End a part in good order, or by another signal, and wait until it has."""
        part = self._parts.pop(name)
        part.process.signal(number)
        try:
            part.process.process.wait(_PATIENCE_S)
        finally:
            part.ends.close()

    def put_key(self) -> None:
        """Put the agent's key where the worker looks for it."""
        (self.directory / "keys").touch(0o600)
        (self.directory / "keys").write_text(f"{KEY}\n")

    def is_at_work(self) -> bool:
        """Tell whether the API answers, and a worker behind it hears the exchange."""
        health = self._health()
        checks = {} if health is None else health["checks"]
        return bool(checks) and checks["worker"]["status"] == "ok" and checks["hyperliquid"]["status"] != "down"

    def _health(self) -> Any:
        """Return how everything is; None where nobody tells."""
        try:
            return requests.get(f"{self.url}/api/health", timeout=_PATIENCE_S).json()
        except requests.ConnectionError:
            return None

    def end(self) -> None:
        """End every part: whoever uses another one goes first."""
        for name in (UP, API, WORKER):
            if name in self._parts:
                self.stop(name)


@contextmanager
def house(directory: Path, *, hours: int, seed: int = 1, speed: Decimal = _SPEED) -> Iterator[House]:
    """Run an installation, after so many hours of a made-up past, until the block ends."""
    with ThreadPoolExecutor(1) as elsewhere:  # this thread may have an event loop: the browser's
        made = elsewhere.submit(_made, directory, hours, seed, speed).result()
    arguments = ["--seed", str(seed), "--speed", str(speed)]
    if made.past:
        arguments += ["--state", str(made.sandbox_file)]
    with _sandbox(arguments) as url, _at_work(_house(directory, url), WORKER, API) as built:
        yield built


@contextmanager
def armed(directory: Path, mode: Mode, *, speed: Decimal = _SPEED) -> Iterator[House]:
    """
    Run an installation that may trade live until the block ends: its account has money on the exchange, and an agent.

    In simulation it has no key and no limit of a day's loss yet, and begins anew by itself where the mode changes.
    """
    with _sandbox(["--speed", str(speed)]) as url:
        built = _house(directory, url, FADEARENA_LIVE="1")
        built.tell("deposit", user=MASTER, usd=_MONEY)
        built.tell("agents", user=MASTER, agent=AGENT, name="fade-1")
        with ThreadPoolExecutor(1) as elsewhere:
            elsewhere.submit(_arm, built, mode).result()
        with _at_work(built, *((WORKER, API) if mode is Mode.LIVE else (UP,))):
            yield built


def _arm(built: House, mode: Mode) -> None:
    policy = _limited(default_policy())
    if mode is Mode.LIVE:
        policy = msgspec.structs.replace(policy, daily_loss_limit=Usd(5_000))
    places = set_policy(built.directory, policy, built.settings, mode)
    if mode is Mode.LIVE:
        places.activate()
        built.put_key()
    asyncio.run(_give(places))


def _limited(base: Policy) -> Policy:
    return msgspec.structs.replace(
        base,
        global_exposure_cap=Usd(200_000),
        bots=tuple(msgspec.structs.replace(bot, exposure_cap=Usd(50_000)) for bot in base.bots),
        accounts=(AccountPolicy(id="main", address=MASTER, signer=AGENT),),
    )


def _house(directory: Path, sandbox: str, **more: str) -> House:
    settings = {
        NETWORK: "sandbox",
        "FADEARENA_HOST": "127.0.0.1",
        "FADEARENA_PORT": str(_free_port()),
        "FADEARENA_LOG_LEVEL": "info",
        "FADEARENA_SANDBOX_URL": sandbox,
        **more,
    }
    return House(directory, int(settings["FADEARENA_PORT"]), settings)


@contextmanager
def _at_work(built: House, *parts: str) -> Iterator[House]:
    try:
        for part in parts:
            built.start(part)
        until(built.is_at_work)
        yield built
    finally:
        built.end()


@contextmanager
def _sandbox(arguments: list[str]) -> Iterator[str]:
    """Run a sandbox until the block ends; where it listens is told first."""
    process = subprocess.Popen(
        [sys.executable, "-m", "fadearena", "sandbox", "--json", "--port", "0", *arguments],
        env={name: text for name, text in os.environ.items() if not name.startswith("FADEARENA_")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield str(json.loads(process.stdout.readline())["url"])
    finally:
        process.kill()
        process.communicate()


def _made(directory: Path, hours: int, seed: int, speed: Decimal) -> Demo:
    """Set an installation up with its past and its passwords."""
    log.configure("error")
    with nowhere(), demo_on(directory, seed, speed) as made:
        past = make_past(made, hours)
        asyncio.run(_give(past.places))
    return past


async def _give(places: Places) -> None:
    async with open_grantor(places, "test") as grantor:
        for role, password in PASSWORDS.items():
            await grantor.set_password(role, password)


def _free_port() -> int:
    """Return a port that nobody listens at: a restarted API has to have the one of before."""
    with socket.socket() as place:
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        place.bind(("127.0.0.1", 0))
        return int(place.getsockname()[1])
