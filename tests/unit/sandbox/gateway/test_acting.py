"""What the sandbox answers at `/exchange`."""

from decimal import Decimal as D
from typing import Any

import msgspec
import pytest

from fadearena.model.units import SECOND_MS
from fadearena.sandbox.gateway.limits import Limits
from tests.support.counter import Client, Counter
from tests.support.vectors import ADDRESSES, K2, TIME, Vector, vectors

GTC = {"limit": {"tif": "Gtc"}}
CLOID = "0xfade00000000000000000000000000a1"


@pytest.fixture
def counter() -> Counter:
    """A gateway with nobody but its clients."""
    return Counter()


@pytest.fixture
def client(counter: Counter) -> Client:
    """Somebody who has money."""
    return counter.client()


def err(text: str) -> dict[str, str]:
    """Return the answer that refuses a whole action."""
    return {"status": "err", "response": text}


DONE = {"status": "ok", "response": {"type": "default"}}


@pytest.mark.parametrize("vector", vectors(), ids=lambda vector: f"{vector.name} {vector.what}")
def test_reference_vectors_are_accepted(vector: Vector) -> None:
    """The reference's signed bodies are taken as actions of the keys that signed them."""
    counter = Counter(chain="Mainnet" if vector.is_mainnet else "Testnet")
    for address in ADDRESSES.values():
        if vector.action["type"] != "approveAgent" or address != ADDRESSES["K2"]:
            counter.exchange.deposit(address, D(100_000))
    status, body = counter.post("/exchange", vector.envelope)
    answer = msgspec.json.decode(body)
    assert status == 200
    if vector.vault_address is not None:
        assert answer == err(f"Vault not registered: {vector.vault_address}")
    else:
        assert "does not exist" not in str(answer)
        assert vector.key in {key for key, address in ADDRESSES.items() if address in counter.gateway.orders}


def test_a_wrong_hash_names_a_stranger(counter: Counter, client: Client) -> None:
    """What was changed after signing is refused with the address that was recovered, another one each time."""
    strangers = set()
    for size in ("1", "2"):
        body = client.body({"type": "updateLeverage", "asset": 1, "isCross": True, "leverage": 3})
        body["action"]["leverage"] = 4 + int(size)
        answer = msgspec.json.decode(counter.post("/exchange", body)[1])
        assert answer["status"] == "err"
        assert answer["response"].startswith("User or API Wallet 0x")
        assert answer["response"].endswith(" does not exist.")
        strangers.add(answer["response"])
    assert len(strangers) == 2
    assert not any(client.address in text for text in strangers)


def test_orders_are_answered_one_by_one(client: Client) -> None:
    """Each order of a batch has its own entry, in the order in which they were sent."""
    orders = [
        {"a": 1, "b": True, "p": "4200", "s": "1", "r": False, "t": {"limit": {"tif": "FrontendMarket"}}},
        {"a": 1, "b": True, "p": "2000", "s": "1", "r": False, "t": GTC, "c": CLOID},
        {"a": 1, "b": True, "p": "2000", "s": "0.001", "r": False, "t": GTC},
    ]
    answer = client.act("order", orders=orders, grouping="na")
    filled, resting, refused = answer["response"]["data"]["statuses"]
    assert answer["response"]["type"] == "order"
    assert filled["filled"]["totalSz"] == "1.0"
    assert resting["resting"]["cloid"] == CLOID
    assert refused == {"error": "Order must have minimum value of $10. asset=1"}


def test_cancels_and_modifies(counter: Counter, client: Client) -> None:
    """Orders go by either id; a modified order has a new id, and one that is gone cannot be modified."""
    order = {"a": 1, "b": True, "p": "2000", "s": "1", "r": False, "t": GTC}
    oid = client.order(p="2000", t=GTC)["resting"]["oid"]
    modified = client.act("batchModify", modifies=[{"oid": oid, "order": {**order, "p": "2100", "c": CLOID}}])
    new = modified["response"]["data"]["statuses"][0]["resting"]
    assert new["oid"] != oid
    assert counter.ask("orderStatus", user=client.address, oid=oid)["order"]["status"] == "canceled"
    assert client.act("modify", oid=CLOID, order={**order, "c": CLOID}) == DONE
    assert client.act("modify", oid=oid, order=order) == err("Cannot modify canceled or filled order")
    cancelled = client.act("cancelByCloid", cancels=[{"asset": 1, "cloid": CLOID}])
    assert cancelled["response"] == {"type": "cancel", "data": {"statuses": ["success"]}}
    gone = {"error": "Order was never placed, already canceled, or filled. asset=1"}
    assert client.act("cancel", cancels=[{"a": 1, "o": oid}])["response"]["data"]["statuses"] == [gone]


def test_refusals_of_whole_batches(client: Client) -> None:
    """An empty batch and one that is too long are refused as a whole."""
    cancels = [{"a": 1, "o": number} for number in range(201)]
    assert client.act("order", orders=[], grouping="na") == err("Orders are empty.")
    assert client.act("cancel", cancels=cancels) == err("Signed action over weight limit of 200.")


def test_what_needs_approval_or_stake(client: Client) -> None:
    """Builders that nobody approved, paid priority, and triggers are refused."""
    order = {"a": 1, "b": True, "p": "4200", "s": "1", "r": False, "t": {"limit": {"tif": "Ioc"}}}
    builder = {"b": "0x" + "b" * 40, "f": 10}

    def entry(**action: Any) -> Any:
        return client.act("order", **action)["response"]["data"]["statuses"]

    assert entry(orders=[order], grouping="na", builder=builder) == [
        {"error": "Builder fee has not been approved. asset=1"}
    ]
    assert entry(orders=[order], grouping={"p": 100}) == [
        {"error": "Insufficient delegatable balance for priority order asset=1"}
    ]
    trigger = {"trigger": {"isMarket": True, "triggerPx": "3000", "tpsl": "sl"}}
    answer = client.act("order", orders=[{**order, "t": trigger}], grouping="na")
    assert answer == err("Trigger orders must be reduce only.")
    stop = {**order, "b": False, "p": "2700", "r": True, "t": trigger}
    answer = client.act("order", orders=[order, stop], grouping="normalTpsl")
    assert answer == err("Orders that wait for a parent are not part of this sandbox.")


def test_nonces_and_expiry(counter: Counter, client: Client) -> None:
    """A nonce works once, refusals use it up, and an expired action does nothing."""
    assert client.act("noop", {"nonce": TIME}) == DONE
    assert client.act("noop", {"nonce": TIME}) == err(f"Invalid nonce: duplicate nonce {TIME}")
    expired = client.act("noop", {"nonce": TIME + 9, "expiresAfter": TIME - 1})
    assert expired == err("Action already expired")
    assert client.act("noop", {"nonce": TIME + 9, "expiresAfter": TIME + SECOND_MS})["response"].startswith("Invalid")
    assert counter.ask("userRateLimit", user=client.address)["nRequestsUsed"] == 1 + 5


def test_an_agent_acts_for_its_owner(counter: Counter, client: Client) -> None:
    """An agent shares its owner's account and not its nonces, and cannot sign for what only owners may."""
    counter.exchange.approve_agent(client.address, ADDRESSES["K2"], "fade", None)
    agent = Client(counter, K2)
    assert client.act("noop", {"nonce": TIME}) == DONE
    assert agent.act("noop", {"nonce": TIME}) == DONE
    assert "filled" in agent.order()
    state = counter.ask("clearinghouseState", user=client.address)
    assert state["assetPositions"][0]["position"]["szi"] == "1.0"
    assert counter.ask("clearinghouseState", user=agent.address)["assetPositions"] == []


def test_only_owners_sign_for_money() -> None:
    """What an owner has to sign is not taken from an agent, with another nonce, or for a sub-account."""
    approval = next(one for one in vectors() if one.name == "V17")
    counter = Counter(chain="Mainnet")
    owner = ADDRESSES[approval.key]
    counter.exchange.deposit(owner, D(100))
    counter.exchange.deposit(owner, D(100), "spot")
    for changed in ({"nonce": approval.nonce + 1}, {"vaultAddress": ADDRESSES["K2"]}):
        _, body = counter.post("/exchange", {**approval.envelope, **changed})
        assert msgspec.json.decode(body)["status"] == "err"
    assert msgspec.json.decode(counter.post("/exchange", approval.envelope)[1]) == DONE
    assert counter.ask("spotClearinghouseState", user=owner)["balances"][0]["total"] == "74.5"
    by_agent = Counter(chain="Mainnet")
    by_agent.exchange.deposit(ADDRESSES["K2"], D(100))
    by_agent.exchange.approve_agent(ADDRESSES["K2"], owner, "fade", None)
    refused = msgspec.json.decode(by_agent.post("/exchange", approval.envelope)[1])
    assert refused == err(f"User or API Wallet {owner} does not exist.")


def test_sub_accounts_are_acted_for(counter: Counter, client: Client) -> None:
    """A master trades for its sub-account; nobody else does."""
    sub = client.act("createSubAccount", name="fade-a")["response"]["data"]
    assert client.act("subAccountTransfer", subAccountUser=sub, isDeposit=True, usd=7_000_000_000) == DONE
    other = counter.client(K2)
    entry = {"a": 1, "b": True, "p": "4200", "s": "1", "r": False, "t": {"limit": {"tif": "Ioc"}}}
    orders = {"orders": [entry], "grouping": "na"}
    assert other.act("order", {"vaultAddress": sub}, **orders) == err(f"Vault not registered: {sub}")
    assert client.act("order", {"vaultAddress": sub}, **orders)["status"] == "ok"
    state = counter.ask("clearinghouseState", user=sub)
    assert state["assetPositions"][0]["position"]["szi"] == "1.0"
    assert counter.ask("subAccounts", user=client.address)[0]["subAccountUser"] == sub


def test_account_modes(counter: Counter, client: Client) -> None:
    """A unified account has one balance, and so has one with portfolio margin, which says so; both can be left."""
    assert client.act("agentSetAbstraction", abstraction="u") == DONE
    assert counter.ask("userAbstraction", user=client.address) == "unifiedAccount"
    assert counter.ask("spotClearinghouseState", user=client.address)["balances"][0]["total"] == "100000.0"
    assert client.act("agentSetAbstraction", abstraction="p") == DONE
    assert counter.ask("userAbstraction", user=client.address) == "portfolioMargin"
    client.order()
    spot = counter.ask("spotClearinghouseState", user=client.address)
    assert spot["portfolioMarginEnabled"] is True
    after = D(spot["balances"][0]["total"]) - D(spot["tokenToAvailableAfterMaintenance"][0][1])
    assert after == pytest.approx(D(spot["portfolioMarginRatio"]) * D(spot["balances"][0]["total"]))
    client.order(b=False, p="3700", r=True)
    assert client.act("agentSetAbstraction", abstraction="i") == DONE


def test_isolated_margin_and_leverage(counter: Counter, client: Client) -> None:
    """Leverage and isolated margin are set, and refused in the exchange's words."""
    assert client.act("updateLeverage", asset=1, isCross=False, leverage=10) == DONE
    client.order()
    raw = float(isolated(counter, client))
    assert client.act("updateIsolatedMargin", asset=1, isBuy=True, ntli=25_000_000) == DONE
    assert float(isolated(counter, client)) - raw == pytest.approx(25)
    assert client.act("updateIsolatedMargin", asset=5, isBuy=True, ntli=1)["status"] == "err"
    assert client.act("updateLeverage", asset=1, isCross=True, leverage=10) == err(
        "Cannot switch leverage type with open position."
    )


def isolated(counter: Counter, client: Client) -> str:
    """Return the money of the first position of its own."""
    state = counter.ask("clearinghouseState", user=client.address)
    raw: str = state["assetPositions"][0]["position"]["leverage"]["rawUsd"]
    return raw


@pytest.mark.parametrize(
    ("envelope", "status"),
    [
        ({"action": {"type": "withdraw3"}}, 422),
        ({"action": {"type": "noop"}, "nonce": "1"}, 422),
        ({"action": {"type": "noop"}, "nonce": 1, "signature": {"r": "0x0", "s": "0x0", "v": 27}}, 200),
    ],
    ids=["unknown action", "text for a number", "signature of zeros"],
)
def test_shapes_come_before_signatures(counter: Counter, envelope: dict[str, Any], status: int) -> None:
    """A body of the wrong form is refused before anybody asks who signed it."""
    got, body = counter.post("/exchange", envelope)
    assert got == status
    assert got == 422 or msgspec.json.decode(body) == err("Unable to recover signer.")


def test_long_batches_weigh_more() -> None:
    """An action weighs one, and one more for every forty of its batch."""
    counter = Counter(limits=Limits(weight_a_minute=3))
    client = counter.client()
    client.act("cancel", cancels=[{"a": 1, "o": number} for number in range(80)])
    assert counter.gateway.weight_used == 3
    assert counter.post("/exchange", client.body({"type": "noop"})) == (429, b"null")
