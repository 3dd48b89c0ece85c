"""
A live installation as it is shipped, and leaders that trade without a pause.

`up` runs in processes of its own; signed orders go over sockets to a sandbox.
"""

import asyncio
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import requests

from fadearena.bootstrap.places import Places, places_of
from fadearena.bootstrap.tables import make_tables
from fadearena.bootstrap.upkeep import put_policy
from fadearena.config import Config, Network
from fadearena.model.ids import Address, Cloid, Coin
from fadearena.model.policy import AccountPolicy, BotPolicy, Mode, Policy, Tuning
from fadearena.model.units import Usd
from tests.support.command import NETWORK
from tests.support.edge import AGENT, AGENT_KEY, MASTER, OURS_USD
from tests.support.processes import Running as Process
from tests.support.processes import started
from tests.support.sandbox import Running, options, running

COINS: Sequence[Coin] = ("BTC", "ETH", "SOL", "BNB", "AVAX", "LINK", "XRP", "DOGE")
LEADERS: Mapping[str, Address] = {f"leader-{n}": f"0x{0xB0 + n:040x}" for n in range(6)}
LEADER_USD = 20_000_000
TRADE_USD = Decimal(4_000)
SPEED = Decimal(5)
PATIENCE_S = 60.0


def busy_policy(**changed: object) -> Policy:
    """Return settings under which nothing but a stop holds orders up."""
    plain = Policy(
        mode=Mode.LIVE,
        bots=tuple(BotPolicy(id=name, name=name, wallet=wallet) for name, wallet in LEADERS.items()),
        accounts=(AccountPolicy(id="main", address=MASTER.address, signer=AGENT.address),),
        global_exposure_cap=Usd(1_000_000),
        daily_loss_limit=Usd(50_000),
        tuning=Tuning(orders_per_minute=100_000),
    )
    plain = msgspec.structs.replace(
        plain, bots=tuple(msgspec.structs.replace(bot, exposure_cap=Usd(500_000)) for bot in plain.bots)
    )
    return msgspec.structs.replace(plain, **changed)


class Box:
    """A sandbox with our accounts, and a data directory in which live is set up."""

    def __init__(self, sandbox: Running, directory: Path, database_url: str | None = None) -> None:
        self.sandbox = sandbox
        self.directory = directory
        self.settings = {
            NETWORK: "sandbox",
            "FADEARENA_SANDBOX_URL": sandbox.url,
            "FADEARENA_LIVE": "1",
            "FADEARENA_LOG_LEVEL": "info",
        }
        chosen: dict[str, Any] = {"data_dir": directory, "network": Network.SANDBOX, "sandbox_url": sandbox.url}
        if database_url is not None:
            self.settings["FADEARENA_DATABASE_URL"] = chosen["database_url"] = database_url
        self.config = Config(**chosen)
        self.places: Places = places_of(self.config, Mode.LIVE)

    def set_up(self, policy: Policy) -> None:
        """Bring money to the sandbox, and make the installation live by hand."""
        tell = self.sandbox.tell
        tell("deposit", user=MASTER.address, usd=str(OURS_USD))
        tell("agents", user=MASTER.address, agent=AGENT.address, name="fade-1")
        tell("transfer", user=MASTER.address, usd="20000", source="", destination="xyz")
        for wallet in LEADERS.values():
            tell("deposit", user=wallet, usd=str(LEADER_USD))
        self.places.prepare()
        keys = self.directory / "keys"
        keys.write_text(f"{AGENT_KEY}\n")
        keys.chmod(0o600)
        make_tables(self.places)
        asyncio.run(put_policy(self.places, policy, "test"))
        self.places.activate()

    def held(self, user: Address = MASTER.address) -> dict[Coin, Decimal]:
        """Return what an account really holds."""
        sizes = self.sandbox.see("truth")[user]["positions"]
        return {coin: Decimal(size) for coin, size in sizes.items() if Decimal(size)}

    def accepted(self, user: Address = MASTER.address) -> dict[Cloid, int]:
        """Return when the sandbox accepted each order of an account, by the machine's steady clock."""
        rows = self.sandbox.see("orders").get(user, [])
        return {row["order"]["cloid"]: row["acceptedNs"] for row in rows if row["acceptedNs"] is not None}

    def trade(self, user: Address, coin: Coin, size: Decimal) -> None:
        """Let somebody trade at the market."""
        side = "buy" if size > 0 else "sell"
        self.sandbox.tell("trade", user=user, coin=coin, side=side, quantity=str(abs(size)))


@contextmanager
def live_box(directory: Path, policy: Policy, *, database_url: str | None = None, **how: object) -> Iterator[Box]:
    """Run a sandbox, and set an installation up beside it."""
    with running(options(**({"speed": SPEED, "needs_volume": False} | how))) as sandbox:
        box = Box(sandbox, directory / "data", database_url)
        box.set_up(policy)
        yield box


class Watched:
    """A process of ours whose lines are read as they come, with the time of each by the machine's steady clock."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.heard: list[tuple[int, dict[str, Any]]] = []

    def first(self, event: str, after_ns: int = 0, **fields: object) -> int | None:
        """Return when an event with these fields was logged first after a time; None where it was not yet."""
        for at, line in list(self.heard):
            if at > after_ns and line["event"] == event and fields.items() <= line.items():
                return at
        return None

    def hear(self, line: dict[str, Any]) -> None:
        """Take a line."""
        self.heard.append((time.monotonic_ns(), line))


@contextmanager
def at_work(box: Box, command: str = "up", patience_s: float = 600.0) -> Iterator[Watched]:
    """Run a command on a live installation."""
    with started(box.directory, command, settings=box.settings, patience_s=patience_s) as process:
        watched = Watched(process)
        with process.drained(watched.hear):
            yield watched


@contextmanager
def leaders_trading(box: Box, a_second: int) -> Iterator[None]:
    """Let the leaders trade so often, each to and fro in every coin, until the block ends."""
    ending = threading.Event()
    threads = [
        threading.Thread(target=_pump, args=(box, place, a_second / 3, ending), daemon=True) for place in range(3)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ending.set()
        for thread in threads:
            thread.join(PATIENCE_S)


def _pump(box: Box, place: int, a_second: float, ending: threading.Event) -> None:
    """Trade with every third leader."""
    wallets = list(LEADERS.values())[place::3]
    mids = requests.post(f"{box.sandbox.url}/info", json={"type": "allMids"}, timeout=PATIENCE_S).json()
    digits = {row["name"]: row["szDecimals"] for row in _universe(box)}
    sizes = {coin: (TRADE_USD / Decimal(mids[coin])).quantize(Decimal(1).scaleb(-digits[coin])) for coin in COINS}
    turn, due = 0, time.monotonic()
    with requests.Session() as session:
        while not ending.wait(max(0.0, due - time.monotonic())):
            due = max(due + 1 / a_second, time.monotonic() - 1)
            coin, wallet = COINS[turn % len(COINS)], wallets[turn // len(COINS) % len(wallets)]
            side = "buy" if turn // (len(COINS) * len(wallets)) % 2 == 0 else "sell"
            body = {"user": wallet, "coin": coin, "side": side, "quantity": str(sizes[coin])}
            session.post(f"{box.sandbox.url}/sandbox/trade", json=body, timeout=PATIENCE_S)
            turn += 1


def _universe(box: Box) -> list[dict[str, Any]]:
    answer = requests.post(f"{box.sandbox.url}/info", json={"type": "meta"}, timeout=PATIENCE_S).json()
    return list(answer["universe"])
