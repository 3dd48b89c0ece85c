"""Who may act for whom, sub-accounts, money that moves, and requests that are left."""

from decimal import Decimal as D

import pytest

from fadearena.model.units import DAY_MS
from fadearena.sandbox.exchange.people import ZERO_ADDRESS
from fadearena.sandbox.nouns import ActionRefused, Transfer
from tests.support.box import ANN, BOB, BUY, SELL, Box

AGENT, OTHER, STRANGER = ("0x" + digit * 40 for digit in "789")


def test_a_stranger_is_refused_with_its_address() -> None:
    """A signer that nobody knows does not exist; an account acts for itself."""
    box = Box()
    assert box.exchange.people.who_acts(ANN) == ANN
    assert box.exchange.people.owner_of(STRANGER) is None
    with pytest.raises(ActionRefused, match=f"^User or API Wallet {STRANGER} does not exist\\.$"):
        box.exchange.people.who_acts(STRANGER)
    assert box.exchange.view.role(STRANGER).kind == "missing"


def test_an_agent_acts_for_its_user_until_its_time_is_over() -> None:
    """After that it does not exist."""
    box = Box()
    box.exchange.approve_agent(ANN, AGENT, "fade", box.exchange.now + 60_000)
    assert box.exchange.people.who_acts(AGENT) == ANN
    assert (box.exchange.view.role(AGENT).kind, box.exchange.view.role(AGENT).user) == ("agent", ANN)
    box.wait(60_000)
    with pytest.raises(ActionRefused, match="does not exist"):
        box.exchange.people.who_acts(AGENT)
    assert box.exchange.view.role(AGENT).kind == "missing"


def test_an_agent_whose_time_is_over_makes_room() -> None:
    """Another one can take its place, under its name or beside it; it cannot come back itself."""
    box = Box()
    for number in (1, 2, 3):
        box.exchange.approve_agent(ANN, "0x" + str(number) * 40, f"agent {number}", box.exchange.now + 60_000)
    box.wait(60_000)
    box.exchange.approve_agent(ANN, AGENT, "agent 1", None)
    box.exchange.approve_agent(ANN, OTHER, "agent 4", None)
    assert box.exchange.people.who_acts(AGENT) == box.exchange.people.who_acts(OTHER) == ANN
    with pytest.raises(ActionRefused, match="already used"):
        box.exchange.approve_agent(ANN, "0x" + "2" * 40, "agent 5", None)


def test_an_agent_of_the_same_name_is_replaced() -> None:
    """Named and unnamed alike; the zero address only removes; without a time it lives 90 days."""
    box = Box()
    box.exchange.approve_agent(ANN, AGENT, "", None)
    box.exchange.approve_agent(ANN, OTHER, "", None)
    assert box.exchange.people.owner_of(AGENT) is None
    (agent,) = box.account(ANN).agents
    assert (agent.address, agent.valid_until) == (OTHER, box.exchange.now + 90 * DAY_MS)
    box.exchange.approve_agent(ANN, ZERO_ADDRESS, "", None)
    assert box.account(ANN).agents == []
    assert box.exchange.people.owner_of(OTHER) is None


def test_agents_that_cannot_be() -> None:
    """Used before, over already, or one too many."""
    box = Box()
    box.exchange.approve_agent(ANN, AGENT, "one", None)
    with pytest.raises(ActionRefused, match=r"^Extra agent already used\.$"):
        box.exchange.approve_agent(BOB, AGENT, "two", None)
    with pytest.raises(ActionRefused, match=r"^Extra agent already used\.$"):
        box.exchange.approve_agent(ANN, BOB, "two", None)
    with pytest.raises(ActionRefused, match=r"^Agent valid_until already expired\.$"):
        box.exchange.approve_agent(ANN, OTHER, "two", box.exchange.now)
    for number in (2, 3):
        box.exchange.approve_agent(ANN, "0x" + str(number) * 40, f"agent {number}", None)
    with pytest.raises(
        ActionRefused, match=r"^Too many extra agents for cumulative volume traded\. Current limit is 3$"
    ):
        box.exchange.approve_agent(ANN, OTHER, "agent 4", None)


def test_a_sub_account_is_a_vault_of_its_master_only() -> None:
    """The master and its agents act for it by its address, others do not; money goes there and back."""
    box = Box()
    sub = box.exchange.create_sub_account(ANN, "fade-a")
    box.exchange.approve_agent(ANN, AGENT, "fade", None)
    assert box.exchange.people.who_acts(ANN, sub) == box.exchange.people.who_acts(AGENT, sub) == sub
    with pytest.raises(ActionRefused, match=f"^Vault not registered: {sub}$"):
        box.exchange.people.who_acts(BOB, sub)
    box.exchange.sub_account_transfer(ANN, sub, D(250), is_deposit=True)
    box.exchange.sub_account_transfer(ANN, sub, D(50), is_deposit=False)
    assert box.exchange.truth().accounts[sub].cash == {"": D(200)}
    assert (box.exchange.view.role(sub).kind, box.exchange.view.role(sub).user) == ("subAccount", ANN)
    rows = [news for news in box.news if isinstance(news, Transfer) and news.kind == "subAccountTransfer"]
    assert [(row.user, int(row.usd)) for row in rows] == [(ANN, -250), (sub, 250), (sub, -50), (ANN, 50)]
    with pytest.raises(ActionRefused, match=r"^Vault not registered"):
        box.exchange.sub_account_transfer(BOB, sub, D(1), is_deposit=True)
    box.check()


def test_sub_accounts_that_cannot_be() -> None:
    """A name of 1 to 16 letters, ten at most, none of their own, and volume where the exchange asks for it."""
    box = Box()
    for name in ("", "x" * 17):
        with pytest.raises(ActionRefused, match="name must be"):
            box.exchange.create_sub_account(ANN, name)
    subs = [box.exchange.create_sub_account(ANN, f"sub {number}") for number in range(10)]
    assert len(set(subs)) == 10
    for user in (ANN, subs[0]):
        with pytest.raises(ActionRefused, match="Too many sub-accounts"):
            box.exchange.create_sub_account(user, "one more")
    text = r"^Cannot create sub-accounts until enough volume traded\. Required: \$100000\. Traded: \$0\.00\.$"
    with pytest.raises(ActionRefused, match=text):
        Box(needs_volume=True).exchange.create_sub_account(ANN, "early")


def test_money_moves_between_the_balances_of_a_user() -> None:
    """From the first dex to spot or a builder's dex, as far as it is free; to others it does not."""
    box = Box(cash="1000").still()
    box.exchange.class_transfer(ANN, D(100), to_perp=False)
    box.exchange.class_transfer(ANN, D(40), to_perp=True)
    box.exchange.send_asset(ANN, "", ANN, "xyz", D(200))
    assert box.exchange.truth().accounts[ANN].cash == {"": D(740), "spot": D(60), "xyz": D(200)}
    with pytest.raises(ActionRefused, match="can only send asset to same user"):
        box.exchange.send_asset(ANN, "", BOB, "", D(1))
    with pytest.raises(ActionRefused, match="Invalid dex"):
        box.exchange.send_asset(ANN, "", ANN, "flx", D(1))
    for usd in (D(0), D(-5)):
        with pytest.raises(ActionRefused, match="Invalid transfer"):
            box.exchange.send_asset(ANN, "", ANN, "xyz", usd)
    box.fill(ANN, "BTC", BUY, "0.05")
    with pytest.raises(ActionRefused, match="Insufficient balance"):
        box.exchange.send_asset(ANN, "", ANN, "xyz", D(400))
    sub = box.exchange.create_sub_account(ANN, "sub")
    box.exchange.send_asset(ANN, "", sub, "xyz", D(10))
    kinds = [(row.kind, row.source, row.destination) for row in box.news if isinstance(row, Transfer)][-4:]
    assert kinds == [
        ("accountClassTransfer", "spot", ""),
        ("send", "", "xyz"),
        ("send", "", "xyz"),
        ("send", "", "xyz"),
    ]
    box.check()


def test_requests_are_bounded_by_volume() -> None:
    """One for each dollar beyond the first 10,000; growth mode counts a tenth; cancels may go on."""
    box = Box(cash="2000").still()
    people = box.exchange.people
    people.count_requests(ANN, 10_000, is_cancel=False)
    text = (
        r"^Too many cumulative requests sent \(10001 > 10000\) for cumulative volume traded \$0\.00\. "
        r"Place taker orders to free up 1 request per USDC traded\.$"
    )
    with pytest.raises(ActionRefused, match=text):
        people.count_requests(ANN, 1, is_cancel=False)
    people.count_requests(ANN, 10_000, is_cancel=True)
    box.fill(ANN, "BTC", BUY, "0.01")
    box.fill(ANN, "BTC", SELL, "0.01")
    requests = box.exchange.view.requests(ANN)
    assert requests.used == 20_000
    assert requests.cap == 10_000 + int(requests.volume)
    box.exchange.set_mode(ANN, "unifiedAccount")
    box.fill(ANN, "xyz:XYZ100", BUY, "0.1")
    after = box.exchange.view.requests(ANN)
    assert after.cap - requests.cap == pytest.approx((after.volume - requests.volume) / 10, abs=1)
