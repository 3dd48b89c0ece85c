"""The default settings."""

from decimal import Decimal
from pathlib import Path

import pytest

from fadearena.bootstrap.seed import (
    ACTOR,
    SEASON_1,
    SEASON_1_5,
    default_policy,
    first_settings,
    paid_addresses,
    paper_accounts,
)
from fadearena.core.engine import step
from fadearena.core.latches import ALL, LatchKind
from fadearena.core.state import State
from fadearena.model.event import BudgetRead, Kill, LeverageRead, Operator, SetPolicy
from fadearena.model.policy import AccountPolicy, Mode, Policy
from fadearena.model.units import Usd

NOW = 1_760_000_000_000
REFERENCE = Path(__file__).parents[4] / "shared" / "reference" / "hyperliquid.md"


def order(state: State, event: Operator) -> None:
    """Step an order of a person as the worker stamps it."""
    step(state, Operator(time=NOW, received=NOW, control_id=event.control_id, actor=event.actor, action=event.action))


def test_they_follow_season_one_and_a_half() -> None:
    """Six bots are followed at 0.05 on paper without caps, the six of season 1 are known and switched off."""
    policy = default_policy()
    assert policy.problems() == []
    assert policy.mode is Mode.SIMULATION
    assert [bot.id for bot in policy.bots if bot.enabled] == [
        "gemini-3-pro",
        "grok-4",
        "qwen3-max",
        "kimi-k2-thinking",
        "deepseek-chat-v3.1",
        "claude-sonnet",
    ]
    assert [bot.id for bot in policy.bots if not bot.enabled] == [bot for bot, _, _ in SEASON_1]
    assert {bot.leverage_multiplier for bot in policy.bots} == {Decimal("0.05")}
    assert [bot.exposure_cap for bot in policy.bots] == [None] * 12
    assert (policy.global_exposure_cap, policy.daily_loss_limit, policy.max_drawdown) == (None, None, None)
    assert {bot.account for bot in policy.bots} == {account.id for account in policy.accounts} == {"main"}


@pytest.mark.skipif(not REFERENCE.exists(), reason="the reference with the public wallets is not here")
def test_the_wallets_are_the_public_ones() -> None:
    """Every wallet stands in the reference, in the order of its season."""
    text = REFERENCE.read_text()
    for season in (SEASON_1_5, SEASON_1):
        assert all(wallet in text for _, _, wallet in season)


def test_they_are_set_where_there_are_none() -> None:
    """The first start brings one order of the seed; it is accepted, and the second start brings none."""
    state = State()
    (event,) = first_settings(state)
    assert event.actor == ACTOR
    order(state, event)
    assert [bot.id for bot in state.policy.bots] == [bot.id for bot in default_policy().bots]
    assert first_settings(state) == ()


def test_what_an_operator_set_stays() -> None:
    """Seeding again changes neither settings nor a kill switch."""
    state = State()
    order(state, first_settings(state)[0])
    few = SetPolicy(policy=default_policy().__class__(accounts=default_policy().accounts))
    order(state, Operator(time=0, received=0, control_id=1, actor="me", action=few))
    order(state, Operator(time=0, received=0, control_id=2, actor="me", action=Kill()))
    assert first_settings(state) == ()
    assert state.policy.bots == ()
    assert state.latches.has(ALL, LatchKind.KILL)


def test_every_account_of_settings_and_journal_is_opened_on_paper() -> None:
    """The first one always, those of the settings, and those that traded before they were taken out of them."""
    policy = Policy(accounts=(AccountPolicy(id="alt", address="0xa", signer="0xa"),))
    traded = (
        LeverageRead(time=0, received=0, account="gone", coin="BTC", leverage=3, is_cross=True),
        BudgetRead(time=0, received=0, account="other", actions_left=1),
    )
    opened = paper_accounts(policy, Usd(500), traded)
    assert [(account.id, account.start_usd, account.taker_rate) for account in opened] == [
        ("main", Usd(500), None),
        ("alt", Usd(500), None),
        ("gone", Usd(500), None),
    ]


def test_only_real_addresses_have_fees_that_can_be_read() -> None:
    """The address that an installation begins with is made up."""
    assert paid_addresses(default_policy()) == {}
    policy = Policy(accounts=(AccountPolicy(id="main", address="0xa", signer="0xb"),))
    assert paid_addresses(policy) == {"main": "0xa"}
