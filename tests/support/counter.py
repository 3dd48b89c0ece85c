"""A sandbox in this process, on a clock that is moved by hand, and clients who sign as the official SDK does."""

import asyncio
import json
from typing import Any

import eth_account
from hyperliquid.utils import signing

from fadearena.kit.clock import ManualClock
from fadearena.model.ids import Address
from fadearena.model.units import EpochMs, Usd
from fadearena.sandbox.exchange.exchange import Exchange
from fadearena.sandbox.gateway.gateway import Gateway, Settings
from fadearena.sandbox.gateway.limits import Limits
from fadearena.sandbox.gateway.peer import Peer
from fadearena.sandbox.gateway.signatures import Chain
from tests.support.vectors import K1, TIME

NOBODY = "0x" + "0" * 39 + "1"


class Counter:
    """The gateway, and what tests do with it."""

    def __init__(self, *, traders: int = 0, chain: Chain = "Testnet", limits: Limits | None = None) -> None:
        self.clock = ManualClock(TIME)
        self.exchange = Exchange(self.clock, 1, traders=traders, history_ms=0, needs_volume=False)
        settings = Settings(chain=chain, limits=limits or Limits())
        self.gateway = Gateway(self.exchange, self.clock, settings, wall=self.clock)

    def post(self, path: str, body: object, content_type: str = "application/json") -> tuple[int, bytes]:
        """Post a body: text as it is, all else as JSON."""
        text = body if isinstance(body, str) else json.dumps(body)
        return asyncio.run(self.gateway.post(path, text.encode(), content_type))

    def ask(self, kind: str, **fields: Any) -> Any:
        """Return the answer to a question, which has to be 200."""
        status, answer = self.post("/info", {"type": kind, **fields})
        assert status == 200, answer
        return json.loads(answer)

    def pass_ms(self, step_ms: EpochMs) -> None:
        """Let time pass, and the gateway notice."""
        self.clock.move_by(step_ms)
        self.gateway.advance()

    def connect(self) -> Peer:
        """Open a socket."""
        peer = self.gateway.connect()
        assert peer is not None
        assert heard(peer) == ["Websocket connection established."]
        return peer

    def say(self, peer: Peer, said: object) -> list[Any]:
        """Say something over a socket, and return what came since the last time."""
        text = said if isinstance(said, str) else json.dumps(said)
        asyncio.run(self.gateway.receive(peer, text))
        return heard(peer)

    def subscribe(self, peer: Peer, kind: str, **fields: Any) -> list[Any]:
        """Subscribe, and return what came first after the receipt."""
        subscription = {"type": kind, **fields}
        receipt, *first = self.say(peer, {"method": "subscribe", "subscription": subscription})
        assert receipt["channel"] == "subscriptionResponse", receipt
        return first

    def client(self, key: str = K1, usd: str = "100000") -> "Client":
        """Return somebody who has money."""
        client = Client(self, key)
        self.exchange.deposit(client.address, Usd(usd))
        return client


class Client:
    """One who signs actions with its own key."""

    def __init__(self, counter: Counter, key: str) -> None:
        self._wallet = eth_account.Account.from_key(key)
        self._counter = counter
        self._nonce = TIME
        self.address: Address = self._wallet.address.lower()

    def body(self, action: dict[str, Any], **envelope: Any) -> dict[str, Any]:
        """Return the body of a signed action."""
        self._nonce += 1
        nonce, vault, expires = (envelope.get(key) for key in ("nonce", "vaultAddress", "expiresAfter"))
        nonce = nonce or self._nonce
        signature = signing.sign_l1_action(self._wallet, action, vault, nonce, expires, is_mainnet=False)
        return {
            "action": action,
            "nonce": nonce,
            "signature": signature,
            "vaultAddress": vault,
            "expiresAfter": expires,
        }

    def act(self, kind: str, envelope: dict[str, Any] | None = None, **fields: Any) -> Any:
        """Send an action and return the answer, which has to be 200."""
        status, answer = self._counter.post("/exchange", self.body({"type": kind, **fields}, **(envelope or {})))
        assert status == 200, answer
        return json.loads(answer)

    def order(self, **changed: Any) -> Any:
        """Send one order, to buy one ETH well above the market unless told otherwise, and return its entry."""
        order = {"a": 1, "b": True, "p": "4200", "s": "1", "r": False, "t": {"limit": {"tif": "Ioc"}}, **changed}
        answer = self.act("order", orders=[order], grouping="na")
        assert answer["status"] == "ok", answer
        return answer["response"]["data"]["statuses"][0]


def signed(key: str, action: dict[str, Any], nonce: int) -> dict[str, Any]:
    """Return the body of an action that a key signed, with the `address` of who signed it."""
    wallet = eth_account.Account.from_key(key)
    signature = signing.sign_l1_action(wallet, action, None, nonce, None, is_mainnet=False)
    return {"action": action, "nonce": nonce, "signature": signature, "address": wallet.address.lower()}


def heard(peer: Peer) -> list[Any]:
    """Return what waits for a client, read."""
    texts = []
    while peer._waiting:
        text = peer._waiting.popleft().decode()
        texts.append(json.loads(text) if text.startswith("{") else text)
    return texts
