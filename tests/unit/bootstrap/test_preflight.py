"""What the preflight finds of our accounts, check by check, on a sandbox in the same process."""

from collections.abc import Callable
from random import Random

import msgspec
import pytest

from fadearena.bootstrap.preflight import DAY_MS, Preflight
from fadearena.bootstrap.way import Plan, Way
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.model.error import VenueError
from fadearena.model.finding import Finding, Level
from fadearena.model.policy import AccountPolicy, Policy, Sizing
from fadearena.model.units import Side
from fadearena.sandbox.exchange.exchange import Exchange
from fadearena.sandbox.gateway.faults import Answer, Delay, Refuse
from fadearena.sandbox.gateway.gateway import Gateway
from fadearena.sandbox.loopback import Loopback
from tests.support.edge import AGENT, LEADERS, MASTER, START_MS, policy_of
from tests.support.room_doors import Ahead
from tests.support.world import D

MAIN = AccountPolicy(id="main", address=MASTER.address, signer=AGENT.address)
STRANGER = "0x" + "d" * 40


def looked_at(
    policy: Policy, set_up: Callable[[Exchange, Gateway], object] = lambda *_: None, *, ahead_ms: int = 0
) -> dict[str, Finding]:
    """Return what is found, by check, on a sandbox where something was done before, with a clock that is ahead."""
    clock = ManualClock(START_MS)
    exchange = Exchange(clock, 1, history_ms=0, needs_volume=False)
    exchange.deposit(MASTER.address, D(10_000))
    exchange.approve_agent(MASTER.address, AGENT.address, "fade-1", None)
    for wallet in LEADERS.values():
        exchange.deposit(wallet, D(1_000_000))
    gateway = Gateway(exchange, clock, wall=clock)
    set_up(exchange, gateway)

    async def main() -> list[Finding]:
        way = Way(Plan(shares_time=False), Loopback(gateway), Ahead(clock, ahead_ms), Random(1))
        return await Preflight(way, policy).examine()

    return {finding.check: finding for finding in run_jumping(main(), clock)}


def with_account(**changed: object) -> Policy:
    """Return settings whose account differs in some fields."""
    return policy_of(accounts=(msgspec.structs.replace(MAIN, **changed),))


def test_all_is_well() -> None:
    """Clock, prices, account, signer, money, holdings, actions and collateral are as they should be."""
    found = looked_at(policy_of())
    assert {finding.level for finding in found.values()} == {Level.OK}
    assert list(found) == [
        "clock",
        "market data",
        "account main",
        "signer of main",
        "money of main",
        "holdings of main",
        "leverage of main",
        "actions of main",
        "collateral of main",
    ]
    assert "standard mode, 10000 USD (10000 on the main dex)" in found["money of main"].text


@pytest.mark.parametrize(
    ("policy", "check", "level", "words"),
    [
        (
            with_account(address=AGENT.address),
            "account main",
            Level.FAIL,
            f"accounts set main address={MASTER.address}",
        ),
        (with_account(address=STRANGER), "account main", Level.FAIL, "deposit first"),
        (with_account(is_vault=True), "account main", Level.FAIL, "accounts set main isVault=false"),
        (with_account(signer=STRANGER), "signer of main", Level.FAIL, "app.hyperliquid.xyz/API"),
        (with_account(signer=MASTER.address), "signer of main", Level.WARN, "fadearena keys new"),
    ],
)
def test_who_is_who(policy: Policy, check: str, level: Level, words: str) -> None:
    """An agent's address, a stranger's, the wrong kind of account, a signer that is not approved, the master's own."""
    found = looked_at(policy)[check]
    assert (found.level, words in f"{found.text} {found.advice}") == (level, True), found


@pytest.mark.parametrize(("days", "level"), [(30, Level.OK), (5, Level.WARN)])
def test_an_approval_that_ends_is_told(days: int, level: Level) -> None:
    """A week before it does the advice is another key."""
    ends = START_MS + days * DAY_MS
    found = looked_at(
        with_account(signer=STRANGER),
        lambda exchange, _: exchange.approve_agent(MASTER.address, STRANGER, "fade-2", ends),
    )["signer of main"]
    assert (found.level, "keys rotate main" in found.advice) == (level, level is Level.WARN)


def test_what_is_there_already_is_shown_and_left_alone() -> None:
    """A position that nobody here opened, and the leverage that it has."""
    found = looked_at(policy_of(), lambda exchange, _: exchange.trade(MASTER.address, "BTC", Side.BUY, D("0.01")))
    held, leverage = found["holdings of main"], found["leverage of main"]
    assert (held.level, "BTC 0.01" in held.text, "stays as it is" in held.advice) == (Level.WARN, True, True)
    assert (leverage.level, leverage.text) == (Level.WARN, "BTC is at 20x cross")


def test_an_account_without_money_is_refused() -> None:
    """A sub-account to which nothing was moved."""

    def set_up(exchange: Exchange, _: Gateway) -> None:
        subs.append(exchange.create_sub_account(MASTER.address, "empty"))

    subs: list[str] = []
    looked_at(policy_of(), set_up)
    found = looked_at(with_account(address=subs[0], is_vault=True), set_up)
    assert (found["account main"].level, found["signer of main"].level) == (Level.OK, Level.OK)
    assert (found["money of main"].level, found["money of main"].advice) == (Level.FAIL, "deposit first")


def test_money_that_is_missing_on_a_dex_is_named_with_the_amount() -> None:
    """What the bots hold on another dex takes money there, whatever the size is made of; a pooled account has one."""

    def trade(exchange: Exchange, _: Gateway) -> None:
        exchange.send_asset(LEADERS["ann"], "", LEADERS["ann"], "xyz", D(100_000))
        exchange.trade(LEADERS["ann"], "xyz:NVDA", Side.BUY, D(100))

    for sizing in Sizing:
        policy = policy_of()
        bots = tuple(msgspec.structs.replace(bot, sizing=sizing, notional_usd=D(500)) for bot in policy.bots)
        found = looked_at(msgspec.structs.replace(policy, bots=bots), trade)["collateral of main"]
        assert (found.level, "the balance on xyz holds 0" in found.text) == (Level.WARN, True), found


def test_what_cannot_be_asked_is_no_finding() -> None:
    """Then nobody knows whether all is well, and the caller decides what that means."""
    with pytest.raises(VenueError):
        looked_at(policy_of(), lambda _, gateway: gateway.inflict(Refuse()))
    with pytest.raises(VenueError):
        looked_at(policy_of(), lambda _, gateway: gateway.inflict(Answer(status=500, times=100)))


def test_an_exchange_that_answers_slowly_is_told() -> None:
    """Nothing would be opened."""
    found = looked_at(policy_of(), lambda _, gateway: gateway.inflict(Delay(ms=3_000)))["clock"]
    assert (found.level, "better connection" in found.advice) == (Level.FAIL, True)


@pytest.mark.parametrize(
    ("ahead_ms", "level"), [(-31_000, Level.FAIL), (-30_000, Level.OK), (30_000, Level.OK), (31_000, Level.FAIL)]
)
def test_a_clock_that_is_far_off_has_to_be_set_first(ahead_ms: int, level: Level) -> None:
    """The core's time never goes back: with a clock an hour ahead nothing that waits would come due for an hour."""
    assert looked_at(policy_of(), ahead_ms=ahead_ms)["clock"].level is level
