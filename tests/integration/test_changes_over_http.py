"""Everything that changes something, over HTTP, while worker and API run as processes on a sandbox."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import requests

from fadearena.adapters.hyperliquid.signing import Signer
from fadearena.bootstrap.seed import default_policy
from fadearena.model.policy import AccountPolicy, Policy
from fadearena.model.units import Usd
from tests.support.command import NETWORK, fadearena
from tests.support.live_home import set_policy
from tests.support.processes import started
from tests.support.sandbox import Running as Sandbox
from tests.support.sandbox import options, running

pytestmark = pytest.mark.slow

KEY = "0x" + "5ec2e7" * 10 + "5ec2"
AGENT = Signer(KEY).address
MASTER = "0x" + "3" * 40
_PATIENCE_S = 60
ACCEPTED = 202
BUSY = {"clock", "market data"}
"""What fails where this machine has no time for the sandbox."""


class Told:
    """What an installation logs, and how far we waited."""

    def __init__(self) -> None:
        self._lines: list[dict[str, Any]] = []
        self._seen = 0
        self._news = threading.Condition()

    def until(self, event: str, **fields: object) -> dict[str, Any]:
        """Wait for an event with these fields, after the last one that was waited for, and return its line."""
        with self._news:
            assert self._news.wait_for(lambda: self._found(event, fields), timeout=_PATIENCE_S), self._lines[-5:]
            return self._lines[self._seen - 1]

    def _found(self, event: str, fields: dict[str, object]) -> bool:
        for number in range(self._seen, len(self._lines)):
            line = self._lines[number]
            if line["event"] == event and fields.items() <= line.items():
                self._seen = number + 1
                return True
        return False

    def take(self, line: dict[str, Any]) -> None:
        """Take a line, in a thread of its own."""
        with self._news:
            self._lines.append(line)
            self._news.notify_all()


class Http:
    """An operator who uses the API of an installation."""

    def __init__(self, home: Path, settings: dict[str, str], url: str) -> None:
        made = fadearena(
            "token", "create", "ops", "--role", "operator", "--data-dir", home, "--json", settings=settings
        )
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {made.report['token']}"
        self.url = url

    def ask(self, method: str, path: str, content: Any = None, *, key: str | None = None) -> requests.Response:
        """Send a request."""
        headers = {} if key is None else {"Idempotency-Key": key}
        return self.session.request(method, self.url + path, json=content, headers=headers, timeout=_PATIENCE_S)

    def get(self, path: str) -> Any:
        """Return what is shown."""
        answer = self.ask("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, content: Any = None, status: int = 200, **more: str) -> Any:
        """Order something, and return the answer."""
        answer = self.ask("POST", path, content, **more)
        assert answer.status_code == status, answer.text
        return answer.json()

    def flat(self) -> None:
        """Close everything, and wait until the exchange shows nothing any more; each look takes its time."""
        self.post("/api/kill-switch", {"active": True, "flatten": True})
        while self.get("/api/state")["tradingState"] != "halted":
            pass


@contextmanager
def installed(tmp_path: Path) -> Iterator[tuple[Http, Told, Sandbox]]:
    """Run an installation on a sandbox, armed, in simulation; our account there has money and an agent."""
    wallets = {bot.id: bot.wallet for bot in default_policy().bots if bot.enabled}
    home = tmp_path / "d"
    with running(options(wallets=wallets)) as box:
        box.tell("deposit", user=MASTER, usd="100000")
        box.tell("agents", user=MASTER, agent=AGENT, name="fade-1")
        settings = {NETWORK: "sandbox", "FADEARENA_SANDBOX_URL": box.url, "FADEARENA_LIVE": "1"}
        set_policy(home, policy(), settings)
        with started(home, "up", settings=settings, patience_s=4 * _PATIENCE_S) as up:
            told = Told()
            with up.drained(told.take):
                yield Http(home, settings, told.until("serving")["url"]), told, box


def failed(answer: Any) -> set[str]:
    """Return which checks failed."""
    return {check["check"] for check in answer["checks"] if check["level"] == "fail"}


def policy() -> Policy:
    """Return settings that follow the default bots with our account; the limit of a day is missing."""
    base = default_policy()
    return msgspec.structs.replace(
        base,
        global_exposure_cap=Usd(200_000),
        bots=tuple(msgspec.structs.replace(bot, exposure_cap=Usd(50_000)) for bot in base.bots),
        accounts=(AccountPolicy(id="main", address=MASTER, signer=AGENT),),
    )


def test_settings_bots_and_stops_while_it_trades(tmp_path: Path) -> None:
    """Each change is in force when it is answered; a key acts once; a bot goes when it is flat; a kill is released."""
    with installed(tmp_path) as (http, told, _):
        told.until("order_sent")
        version = http.get("/api/settings")["version"]
        changed = http.post("/api/settings", {"maxDrawdown": 0.25, "version": version})["settings"]
        assert http.get("/api/settings") == changed
        assert (changed["maxDrawdown"], changed["version"]) == (0.25, version + 1)
        http.post("/api/settings", {"maxDrawdown": 0.3, "version": version}, status=409)
        bot = changed["bots"][0]
        look = http.post("/api/bots/preview", {"walletAddress": bot["walletAddress"]})
        assert (look["botId"], look["role"], look["equity"] > 0) == (bot["id"], "user", True)
        assert http.post("/api/bots/preview", {"walletAddress": "0x" + "e" * 40})["mayBeFollowed"] is False
        new = {"id": "new", "walletAddress": MASTER.replace("3", "4")}
        first = http.post("/api/bots", new, status=201, key="new-1")
        assert http.post("/api/bots", new, status=201, key="new-1") == first
        assert http.ask("DELETE", "/api/bots/new").status_code == 200
        held = http.get("/api/models")["bots"]
        (busy, *_) = [each["id"] for each in held if each["myMirroredPositions"]]
        assert http.ask("DELETE", f"/api/bots/{busy}").status_code == 409
        assert http.post(f"/api/bots/{busy}/state", {"state": "reducing"})["state"] == "reducing"
        http.flat()
        assert http.post("/api/kill-switch", {"active": True})["flat"] is True
        assert http.ask("DELETE", f"/api/bots/{busy}").status_code == 200
        assert http.post("/api/kill-switch", {"active": False})["tradingState"] == "active"
        audit = http.get("/api/audit")
        assert "api:ops" in str(audit)


def test_going_live_and_back_over_http(tmp_path: Path) -> None:
    """Limits first, then a key, then flat; the token holds in both modes, and only the worker signs."""
    go = {"mode": "live", "confirm": "GO LIVE"}
    with installed(tmp_path) as (http, told, box):
        no_limit = http.post("/api/settings", go, status=409)
        assert "dailyLossLimit" in no_limit["checks"][0]["text"]
        http.post("/api/settings", {"dailyLossLimit": 5_000})
        no_key = http.post("/api/settings", go, status=409)
        assert failed(no_key)
        (tmp_path / "d" / "keys").touch(0o600)
        (tmp_path / "d" / "keys").write_text(f"{KEY}\n")
        http.flat()
        shown = http.post("/api/settings", {"mode": "live"}, status=409)
        assert shown["checks"]
        assert '"confirm": "GO LIVE"' in shown["detail"]
        while (gone := http.ask("POST", "/api/settings", go)).status_code != ACCEPTED:
            assert failed(gone.json()) <= BUSY
        assert gone.json()["settings"]["mode"] == "live"
        http.url = told.until("serving", mode="live")["url"]
        told.until("order_sent")
        assert http.get("/api/state")["mode"] == "live"
        http.flat()
        http.post("/api/settings", {"mode": "simulation"}, status=202)
        http.url = told.until("serving", mode="simulation")["url"]
        assert http.get("/api/settings")["mode"] == "simulation"
        assert box.see("requests")["signed"].keys() == {AGENT}
        assert box.see("truth")[MASTER]["positions"] == {}
