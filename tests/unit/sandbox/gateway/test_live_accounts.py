"""What live accounts meet, on the wire: stops, agents that end, sub-accounts that share nonces, account modes."""

from decimal import Decimal as D
from typing import Any

import eth_account
import msgspec
import pytest
from hyperliquid.utils import signing

from fadearena.model.units import SECOND_MS
from tests.support.counter import Client, Counter, heard
from tests.support.vectors import ADDRESSES, K1, K2, TIME

CLOID = "0x" + "5" * 32
AGENT = ADDRESSES["K2"]


@pytest.fixture
def counter() -> Counter:
    """A gateway with nobody but its clients."""
    return Counter()


@pytest.fixture
def client(counter: Counter) -> Client:
    """Somebody who has money."""
    return counter.client()


def stop(**changed: Any) -> dict[str, Any]:
    """Return a stop below a long position of one ETH."""
    trigger = {"trigger": {"isMarket": True, "triggerPx": "3800", "tpsl": "sl"}}
    return {"a": 1, "b": False, "p": "3500", "s": "1", "r": True, "t": trigger, **changed}


def test_a_stop_is_shown_until_it_fires(counter: Counter, client: Client) -> None:
    """It rests in both lists, and everything that becomes of it is told by stream under its own ids."""
    client.order()
    peer = counter.connect()
    counter.subscribe(peer, "orderUpdates", user=client.address)
    answer = client.act("order", orders=[stop(c=CLOID)], grouping="na")
    oid = answer["response"]["data"]["statuses"][0]["resting"]["oid"]
    (short,) = counter.ask("openOrders", user=client.address)
    assert (short["oid"], short["cloid"], short["sz"], short["limitPx"]) == (oid, CLOID, "1.0", "3500.0")
    (full,) = counter.ask("frontendOpenOrders", user=client.address)
    assert (full["orderType"], full["tif"], full["isTrigger"]) == ("Stop Market", None, True)
    assert (full["triggerPx"], full["triggerCondition"]) == ("3800.0", "Price below 3800.0")
    assert full["isPositionTpsl"] is False
    counter.exchange.push_price("ETH", D(3_790), SECOND_MS)
    counter.gateway.advance()
    statuses = [row for said in heard(peer) for row in said["data"] if row["order"]["oid"] == oid]
    assert [row["status"] for row in statuses] == ["open", "triggered", "filled"]
    assert {row["order"]["cloid"] for row in statuses} == {CLOID}
    assert counter.ask("openOrders", user=client.address) == []
    found = counter.ask("orderStatus", user=client.address, oid=CLOID)["order"]
    assert (found["status"], found["order"]["orderType"]) == ("filled", "Stop Market")
    fills = [fill for fill in counter.ask("userFills", user=client.address) if fill["oid"] == oid]
    assert sum(D(fill["sz"]) for fill in fills) == 1
    assert {fill["cloid"] for fill in fills} == {CLOID}


def test_orders_that_their_owner_did_not_cancel_are_told(counter: Counter, client: Client) -> None:
    """A stop without a position, and all at a scheduled moment: as an event of the user, without a name."""
    client.order()
    peer = counter.connect()
    counter.subscribe(peer, "userEvents", user=client.address)
    answer = client.act("order", orders=[stop()], grouping="na")
    oid = answer["response"]["data"]["statuses"][0]["resting"]["oid"]
    client.order(b=False, p="3700", r=True)
    events = [said["data"] for said in heard(peer) if said["channel"] == "user"]
    assert {"nonUserCancel": [{"coin": "ETH", "oid": oid}]} in events
    resting = client.order(p="3000", t={"limit": {"tif": "Gtc"}})["resting"]["oid"]
    assert client.act("scheduleCancel", time=TIME + 6 * SECOND_MS)["status"] == "ok"
    counter.pass_ms(7 * SECOND_MS)
    events = [said["data"] for said in heard(peer) if said["channel"] == "user"]
    assert events == [{"nonUserCancel": [{"coin": "ETH", "oid": resting}]}]


def test_a_stop_of_a_position_has_no_id_yet(counter: Counter, client: Client) -> None:
    """It is answered as waiting, and cancelled by the client's id."""
    client.order()
    answer = client.act("order", orders=[stop(c=CLOID)], grouping="positionTpsl")
    assert answer["response"]["data"]["statuses"] == ["waitingForTrigger"]
    assert counter.ask("frontendOpenOrders", user=client.address)[0]["isPositionTpsl"] is True
    gone = client.act("cancelByCloid", cancels=[{"asset": 1, "cloid": CLOID}])
    assert gone["response"]["data"]["statuses"] == ["success"]


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"t": {"trigger": {"isMarket": True, "triggerPx": "4200", "tpsl": "sl"}}}, "Invalid TP/SL price. asset=1"),
        ({"t": {"trigger": {"isMarket": True, "triggerPx": "3800", "tpsl": "tp"}}}, "Invalid TP/SL price. asset=1"),
        ({"b": True, "p": "4300"}, "Reduce only order would increase position. asset=1"),
    ],
    ids=["stop above a long", "profit below a long", "no short"],
)
def test_stops_that_cannot_be(client: Client, changed: dict[str, Any], error: str) -> None:
    """One by one, as all orders."""
    client.order()
    answer = client.act("order", orders=[stop(**changed)], grouping="na")
    assert answer["response"]["data"]["statuses"] == [{"error": error}]


def test_an_agent_ends_at_the_moment_of_acting(counter: Counter, client: Client) -> None:
    """Up to its last millisecond it acts; it is listed with its end."""
    until = TIME + 10 * SECOND_MS
    counter.exchange.approve_agent(client.address, AGENT, "fade-1", until)
    agent = Client(counter, K2)
    agents = counter.ask("extraAgents", user=client.address)
    assert agents == [{"name": "fade-1", "address": AGENT, "validUntil": until}]
    assert counter.ask("userRole", user=AGENT) == {"role": "agent", "data": {"user": client.address}}
    counter.pass_ms(10 * SECOND_MS - 1)
    assert agent.act("noop")["status"] == "ok"
    counter.pass_ms(1)
    assert agent.act("noop")["response"] == f"User or API Wallet {AGENT} does not exist."


def test_sub_accounts_of_one_agent_share_its_nonces(counter: Counter, client: Client) -> None:
    """A nonce that was used for the master cannot be used for a sub-account."""
    subs = [counter.exchange.create_sub_account(client.address, name) for name in ("fade-a", "fade-b")]
    counter.exchange.approve_agent(client.address, AGENT, "", None)
    agent = Client(counter, K2)
    assert agent.act("noop", {"nonce": TIME, "vaultAddress": subs[0]})["status"] == "ok"
    for vault in (subs[1], None):
        again = agent.act("noop", {"nonce": TIME, "vaultAddress": vault})
        assert again["response"] == f"Invalid nonce: duplicate nonce {TIME}"
    counter.exchange.send_asset(client.address, "", subs[0], "xyz", D(50))
    (first, _) = counter.ask("subAccounts2", user=client.address)
    assert (first["name"], first["subAccountUser"], first["master"]) == ("fade-a", subs[0], client.address)
    states = dict(first["dexToClearinghouseState"])
    assert [states[dex]["marginSummary"]["accountValue"] for dex in ("", "xyz")] == ["0.0", "50.0"]
    assert counter.ask("userRole", user=subs[0]) == {"role": "subAccount", "data": {"master": client.address}}


def test_the_owner_sets_the_mode_of_its_accounts(counter: Counter, client: Client) -> None:
    """With its own key, for itself or a sub-account, in the mode's full name."""
    sub = counter.exchange.create_sub_account(client.address, "fade-a")
    for nonce, (user, mode) in enumerate(((client.address, "unifiedAccount"), (sub, "portfolioMargin")), TIME):
        assert msgspec.json.decode(counter.post("/exchange", abstraction(K1, user, mode, nonce))[1])["status"] == "ok"
        assert counter.ask("userAbstraction", user=user) == mode
    stranger = counter.client(K2)
    refused = counter.post("/exchange", abstraction(K2, sub, "disabled", TIME))[1]
    assert msgspec.json.decode(refused) == {"status": "err", "response": f"Vault not registered: {sub}"}
    assert counter.ask("userAbstraction", user=stranger.address) == "disabled"


def abstraction(key: str, user: str, mode: str, nonce: int) -> dict[str, Any]:
    """Return the signed body that sets a mode."""
    action: dict[str, Any] = {"type": "userSetAbstraction", "user": user, "abstraction": mode, "nonce": nonce}
    signature = signing.sign_user_set_abstraction_action(eth_account.Account.from_key(key), action, is_mainnet=False)
    return {"action": action, "nonce": nonce, "signature": signature}


def test_what_is_asked_and_accepted_is_remembered(counter: Counter, client: Client) -> None:
    """Who signed what, when orders were accepted, and what each increase led to."""
    client.order(s="2")
    client.order(b=False, p="3700", s="0.5")
    client.order(s="0.001", p="10000")
    client.order(b=False, p="3700", s="3")
    assert counter.post("/exchange", {"action": {"type": "withdraw3"}})[0] == 422
    assert (counter.gateway.requests["/exchange"], counter.gateway.requests["/exchange order"]) == (5, 4)
    proofs = counter.gateway.proofs
    assert proofs.signed == {client.address: {"order": 4}}
    orders = counter.gateway.orders[client.address]
    assert [order.order_id in proofs.accepted for order in orders] == [True, False, True, True]
    mark = counter.exchange.view.mark("ETH")
    rows = proofs.exposures[client.address]
    assert rows[0].order_id == orders[-1].order_id
    assert rows[-1].gross_usd == rows[-1].coin_usd == D("1.5") * mark
    assert max(row.coin_usd for row in rows[:-1]) <= 2 * mark
