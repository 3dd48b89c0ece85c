"""The sandbox as a server: its own door, faults as they look from outside, and what outlives a restart."""

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import eth_account
import msgspec
import pytest
import requests
import websocket
from hyperliquid.utils import signing

from fadearena.model.error import InvalidInput
from fadearena.sandbox.gateway.gateway import Settings
from fadearena.sandbox.gateway.limits import Limits
from fadearena.sandbox.server import Options, serve
from tests.support.counter import NOBODY
from tests.support.sandbox import Running, options, running

PATIENCE_S = 20
POOR = "0x" + "d3" * 20


@pytest.fixture(scope="module")
def box() -> Iterator[Running]:
    """A sandbox for all tests here; each leaves it as it was."""
    with running(options()) as sandbox:
        yield sandbox


def ask(box: Running, kind: str, **fields: Any) -> Any:
    """Return the answer to a question."""
    return requests.post(f"{box.url}/info", json={"type": kind, **fields}, timeout=PATIENCE_S).json()


def noop(key: str, nonce: int) -> dict[str, Any]:
    """Return the body of an action that does nothing."""
    action = {"type": "noop"}
    wallet = eth_account.Account.from_key(key)
    signature = signing.sign_l1_action(wallet, action, None, nonce, None, is_mainnet=False)
    return {"action": action, "nonce": nonce, "signature": signature}


@contextmanager
def opened(box: Running) -> Iterator[websocket.WebSocket]:
    """Open a socket, take the greeting, and close what the library leaves open when the other end closes first."""
    socket = websocket.create_connection(f"{box.url.replace('http', 'ws')}/ws", timeout=PATIENCE_S)
    assert socket.sock
    with closing(socket.sock):
        assert socket.recv() == "Websocket connection established."
        yield socket


def test_it_tells_its_time_and_its_truth(box: Running) -> None:
    """Clock, traders, truth, orders and requests can be asked for; money can be brought."""
    clock = box.see("clock")
    assert clock["speed"] == "20"
    expected = clock["originMs"] + (time.time() * 1_000 - clock["wallOriginMs"]) * 20
    assert ask(box, "exchangeStatus")["time"] == pytest.approx(expected, abs=20_000)
    traders = box.see("traders")
    assert len({one["wallet"] for one in traders}) == len(traders) >= 12
    assert len({one["temperament"] for one in traders}) >= 6
    box.tell("deposit", user=NOBODY, usd="12.5")
    truth = box.see("truth")
    nothing = {"positions": {}, "costs": {}, "margins": {}, "realised": "0", "funding": "0", "fees": "0"}
    assert truth[NOBODY] == {"cash": {"": "12.5"}, "cameIn": "12.5", **nothing}
    assert {one["wallet"] for one in traders} <= set(truth)
    assert box.see("orders") == {}
    assert box.see("requests")["counts"]["/info exchangeStatus"] >= 1


@pytest.mark.parametrize(
    ("door", "body", "why"),
    [
        ("faults", {"kind": "earthquake"}, "earthquake"),
        ("deposit", {"user": NOBODY, "usd": "-5"}, "no amount of dollars"),
        ("deposit", {"user": NOBODY, "usd": "0.0000001"}, "no amount of dollars"),
        ("deposit", {"user": "me", "usd": "5"}, "40 hex digits"),
        ("mark", {"coin": "BTC", "price": "0"}, "is no price"),
        ("mark", {"coin": "MATIC", "price": "1"}, "does not trade here"),
        ("trade", {"user": POOR, "coin": "BTC", "side": "buy", "quantity": "1"}, "Must deposit"),
        ("deleverage", {"user": POOR, "coin": "BTC", "quantity": "1"}, "Must deposit"),
        ("modes", {"user": POOR, "mode": "dexAbstraction"}, "Invalid enum value"),
    ],
    ids=str,
)
def test_wrong_orders_to_the_sandbox_are_refused(box: Running, door: str, body: dict[str, str], why: str) -> None:
    """What makes no sense at the sandbox's own door is refused with the reason."""
    answer = requests.post(f"{box.url}/sandbox/{door}", json=body, timeout=PATIENCE_S)
    assert answer.status_code == 422
    assert why in answer.text


def test_accidents_from_outside(box: Running) -> None:
    """Agents, sub-accounts, modes, money and positions of somebody, who signs nothing for that."""
    user, agent = "0x" + "d4" * 20, "0x" + "d5" * 20
    box.tell("deposit", user=user, usd="5000", balance="spot")
    box.tell("transfer", user=user, source="spot", destination="", usd="4000")
    box.tell("withdraw", user=user, usd="1000", balance="spot")
    box.tell("agents", user=user, agent=agent, name="fade-1")
    assert ask(box, "userRole", user=agent) == {"role": "agent", "data": {"user": user}}
    box.tell("volume", user=user, usd="100000")
    sub = box.tell("subaccounts", user=user, name="fade-a")
    box.tell("transfer", user=user, source="", destination="xyz", to=sub, usd="10")
    box.tell("modes", user=sub, mode="unifiedAccount")
    assert ask(box, "spotClearinghouseState", user=sub)["balances"][0]["total"] == "10.0"
    done = box.tell("trade", user=user, coin="ETH", side="buy", quantity="0.5")
    assert done["filled"]["totalSz"] == "0.5"
    box.tell("mark", coin="ETH", price="4000", ms=60_000)
    assert ask(box, "metaAndAssetCtxs")[1][1]["markPx"] == "4000.0"
    box.tell("deleverage", user=user, coin="ETH", quantity="0.2")
    truth = box.see("truth")[user]
    assert (truth["positions"], truth["cameIn"]) == ({"ETH": "0.3"}, "3990")
    owned = sum(map(D, truth["cash"].values()))
    assert owned == sum(D(truth[part]) for part in ("cameIn", "realised", "funding")) - D(truth["fees"])


def test_a_pause_stops_prices_and_not_time(box: Running) -> None:
    """While it is paused nothing trades and no price moves; answers and time go on."""
    box.tell("pause")
    mids, before = ask(box, "allMids"), ask(box, "exchangeStatus")["time"]
    while ask(box, "exchangeStatus")["time"] < before + 3_000:
        pass
    assert ask(box, "allMids") == mids
    box.tell("resume")
    deadline = time.monotonic() + PATIENCE_S
    while ask(box, "allMids") == mids:
        assert time.monotonic() < deadline


def test_faults_from_outside(box: Running) -> None:
    """A lost answer breaks the connection off, statuses come back as they were ordered, slow answers are slow."""
    box.tell("faults", kind="reset")
    with pytest.raises(requests.ConnectionError):
        requests.post(f"{box.url}/exchange", json=noop("0x" + "21" * 32, 1), timeout=PATIENCE_S)
    box.tell("faults", kind="answer", status=429, path="/info")
    limited = requests.post(f"{box.url}/info", json={"type": "meta"}, timeout=PATIENCE_S)
    assert (limited.status_code, limited.text) == (429, "null")
    box.tell("faults", kind="answer", status=502)
    broken = requests.post(f"{box.url}/info", json={"type": "meta"}, timeout=PATIENCE_S)
    assert (broken.status_code, broken.text[:6]) == (502, "<html>")
    box.tell("faults", kind="refuse")
    with pytest.raises(requests.ConnectionError):
        ask(box, "meta")
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{box.url}/ws", timeout=PATIENCE_S)
    box.tell("faults", kind="clear")
    assert ask(box, "meta")["universe"]


def test_sockets_from_outside(box: Running) -> None:
    """Sockets answer, tell nonsense on request, and end when they are dropped."""
    with opened(box) as socket:
        socket.send('{"method":"ping"}')
        assert json.loads(socket.recv()) == {"channel": "pong"}
        box.tell("faults", kind="garbage", text="%")
        assert socket.recv() == "%"
        socket.send_binary(b"not for it")
        box.tell("faults", kind="drop")
        assert socket.recv() == ""


def test_too_many_sockets() -> None:
    """One more connection than an address may have is refused before it opens; what is no socket takes no place."""
    with running(options(settings=Settings(limits=Limits(connections=1)))) as box:
        assert requests.get(f"{box.url}/ws", timeout=PATIENCE_S).status_code == 400
        with opened(box):
            assert requests.get(f"{box.url}/ws", timeout=PATIENCE_S).status_code == 429


def test_everything_outlives_a_restart(tmp_path: Path) -> None:
    """Accounts, traders, used nonces and the time are there again; time did not go back."""
    how, key = options(state=tmp_path / "state.json"), "0x" + "22" * 32
    user = eth_account.Account.from_key(key).address.lower()
    with running(how) as box:
        box.tell("deposit", user=user, usd="777")
        nonce = ask(box, "exchangeStatus")["time"]
        first = requests.post(f"{box.url}/exchange", json=noop(key, nonce), timeout=PATIENCE_S).json()
        assert first["status"] == "ok"
        box.tell("pause")
        truth, traders = box.see("truth"), box.see("traders")
        stopped = ask(box, "exchangeStatus")["time"]
    with running(how) as box:
        assert ask(box, "exchangeStatus")["time"] >= stopped
        assert box.see("traders") == traders
        assert box.see("truth")[user] == truth[user]
        again = requests.post(f"{box.url}/exchange", json=noop(key, nonce), timeout=PATIENCE_S).json()
        assert again["response"] == f"Invalid nonce: duplicate nonce {nonce}"
    assert [one.name for one in tmp_path.iterdir()] == ["state.json"]


def test_a_file_that_is_no_state(tmp_path: Path) -> None:
    """A file of something else is refused and left alone."""
    file = tmp_path / "state.json"
    file.write_text("{}")
    with pytest.raises(InvalidInput, match="no state of a sandbox"):
        asyncio.run(serve(Options(state=file)))
    file.write_bytes(msgspec.json.encode({"time": 1, "nonces": {}, "exchange": {}}))
    with pytest.raises(InvalidInput, match="no state of a sandbox"):
        asyncio.run(serve(Options(state=file)))
    assert file.exists()


def test_it_listens_at_home_unless_told_otherwise() -> None:
    """Another host than this machine has to be opened on purpose."""
    with pytest.raises(InvalidInput, match="nothing is protected"):
        asyncio.run(serve(Options(host="0.0.0.0")))  # noqa: S104 - it is refused
    with running(options(host="0.0.0.0", is_open=True)) as box:  # noqa: S104 - that is the point
        assert ask(box, "exchangeStatus")["time"] > 0


def test_time_has_to_pass() -> None:
    """A sandbox whose time would stand still is refused."""
    with pytest.raises(InvalidInput, match="no time would pass"):
        asyncio.run(serve(Options(speed=D(0))))


def test_a_taken_port(box: Running) -> None:
    """A port that somebody has is an error that names it."""
    port = int(box.url.rpartition(":")[2])
    with pytest.raises(OSError, match=str(port)):
        asyncio.run(serve(Options(port=port)))
