"""Settings are checked as a whole, and say what is wrong with them."""

from decimal import Decimal as D

import msgspec
import pytest

from fadearena.model.policy import (
    AccountPolicy,
    AlertPolicy,
    BotPolicy,
    CoinRules,
    Mode,
    Policy,
    Sizing,
    Slippage,
    Tuning,
)
from tests.support.world import AGENT, MAIN, OTHER, WALLET, bot, settings


def account(**more: object) -> AccountPolicy:
    """Return an account."""
    return msgspec.structs.replace(AccountPolicy(id="main", address=MAIN, signer=AGENT), **more)


def test_good_settings_have_no_problems() -> None:
    """The defaults are the rules' own."""
    assert settings().problems() == []
    assert settings(bot(), bot("b", OTHER), asset_exposure_caps={"BTC": D(1)}, max_drawdown=D("0.2")).problems() == []


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (bot("No"), "'No' is not an id"),
        (bot(wallet="0x1"), "is not an address"),
        (bot(wallet="0x" + "A1" * 20), "must be written '0xa1a1"),
        (bot(leverage_multiplier=D(0)), "leverageMultiplier must be > 0 and <= 10"),
        (bot(leverage_multiplier=D("10.1")), "leverageMultiplier must be > 0 and <= 10"),
        (bot(sizing=Sizing.NOTIONAL), "notionalUsd is needed"),
        (bot(notional_usd=D(0)), "notionalUsd must be positive"),
        (bot(exposure_cap=D(-1)), "exposureCap must be positive"),
        (bot(loss_limit=D(0)), "lossLimit must be positive"),
        (bot(orphan_after_ms=0), "orphanAfterMs must be positive"),
        (bot(share=D(0)), "share must be > 0"),
        (bot(share=D("1.1")), "share must be > 0"),
        (bot(max_leverage=0), "maxLeverage must be at least 1"),
        (bot(account="other"), "account other does not exist"),
        (bot(wallet=MAIN), "is an account or signer of our own"),
        (bot(wallet=AGENT), "is an account or signer of our own"),
    ],
)
def test_what_is_wrong_with_a_bot_is_said(wrong: BotPolicy, problem: str) -> None:
    """One sentence that names the field; a bot's wallet is never one of ours."""
    assert [text for text in settings(wrong).problems() if problem in text and text.startswith("bots[0].")]


def test_the_largest_multiplier_and_share_are_allowed() -> None:
    """The bounds belong to them."""
    assert settings(bot(leverage_multiplier=D(10), share=D(1), max_leverage=1, orphan_after_ms=1)).problems() == []


def test_a_wallet_belongs_to_one_bot() -> None:
    """Neither ids nor wallets are used twice."""
    problems = settings(bot(), bot()).problems()
    assert problems == [
        "bots[1].id bot is used twice",
        f"bots[1].walletAddress {WALLET} belongs to another bot",
    ]


@pytest.mark.parametrize(
    ("accounts", "problem"),
    [
        ((account(id="!"),), "accounts[0].'!' is not an id"),
        ((account(address="x"),), "accounts[0].'x' is not an address"),
        ((account(signer="x"),), "accounts[0].'x' is not an address"),
        ((account(max_leverage=0),), "accounts[0].maxLeverage must be at least 1"),
        ((account(taker_rate=D(1)),), "accounts[0].takerRate must be a ratio"),
        ((account(stop_distance=D("0.009")),), "accounts[0].stopDistance must be >= 0.01 and < 1 or null"),
        ((account(stop_distance=D(1)),), "accounts[0].stopDistance must be >= 0.01 and < 1 or null"),
        ((account(dead_man_ms=29_999),), "accounts[0].deadManMs must be at least 30000 or null"),
        ((account(stop_distance=D("0.05"), dead_man_ms=30_000),), "accounts[0].deadManMs would cancel the stops"),
        ((account(), account(address=OTHER)), "accounts must have different ids"),
        ((account(), account(id="two")), "accounts must have different addresses"),
    ],
)
def test_what_is_wrong_with_accounts_is_said(accounts: tuple[AccountPolicy, ...], problem: str) -> None:
    """One account is never counted as two."""
    assert [text for text in settings(accounts=accounts).problems() if text.startswith(problem)]


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"global_exposure_cap": D(0)}, "globalExposureCap must be positive or null"),
        ({"daily_loss_limit": D(-1)}, "dailyLossLimit must be positive or null"),
        ({"max_order_notional": D(0)}, "maxOrderNotional must be positive or null"),
        ({"asset_exposure_caps": {"BTC": D(0)}}, "assetExposureCaps.BTC must be positive or null"),
        ({"max_drawdown": D(1)}, "maxDrawdown must be > 0 and < 1"),
        ({"max_drawdown": D(0)}, "maxDrawdown must be > 0 and < 1"),
        ({"max_signal_age_ms": 0}, "maxSignalAgeMs must be positive"),
        ({"slippage": Slippage(entry_bps=D(0))}, "slippage.entryBps must be > 0 and <= 5000"),
        ({"slippage": Slippage(chase_bps=D(5001))}, "slippage.chaseBps must be > 0 and <= 5000"),
        ({"slippage": Slippage(reduce_bps=D(400))}, "slippage must grow: reduceBps <= emergencyBps <= flattenMaxBps"),
        ({"alerts": AlertPolicy(fill_usd=D(0))}, "alerts.fillUsd must be positive or null"),
        ({"alerts": AlertPolicy(limit_ratio=D(1))}, "alerts.limitRatio must be > 0 and < 1 or null"),
        ({"tuning": Tuning(minimum_usd=D(0))}, "tuning.minimum_usd must be positive"),
        ({"tuning": Tuning(coalesce_ms=-1)}, "tuning.coalesce_ms must be at least 0"),
    ],
)
def test_what_is_wrong_with_the_rest_is_said(more: dict[str, object], problem: str) -> None:
    """Limits that cannot bind are refused."""
    assert settings(**more).problems() == [problem]


def test_deny_goes_before_allow() -> None:
    """Without rules every coin is wanted."""
    assert CoinRules().permits("BTC")
    rules = CoinRules(allow=("BTC", "ETH"), deny=("ETH",))
    assert [rules.permits(coin) for coin in ("BTC", "ETH", "SOL")] == [True, False, False]


def test_real_money_needs_its_limits() -> None:
    """Without the global, the daily and each bot's limit it is not put at risk."""
    assert settings().gaps_for_real_money() == ["globalExposureCap", "dailyLossLimit", "bots[0].exposureCap"]
    ready = settings(bot(exposure_cap=D(1)), global_exposure_cap=D(1), daily_loss_limit=D(1))
    assert ready.gaps_for_real_money() == []
    assert Policy().problems() == []


def limited() -> Policy:
    """Return settings with every limit that real money needs."""
    return settings(bot(exposure_cap=D(1)), mode=Mode.LIVE, global_exposure_cap=D(2), daily_loss_limit=D(1))


def test_a_limit_does_not_go_while_live() -> None:
    """In simulation it may."""
    new = msgspec.structs.replace(limited(), daily_loss_limit=None)
    assert new.risks_beside(limited()) == ["dailyLossLimit must be set in live trading"]
    assert msgspec.structs.replace(new, mode=Mode.SIMULATION).risks_beside(limited()) == []


def test_a_bot_does_not_come_without_a_limit_while_live() -> None:
    """Those that have none already may stay, also where others before them go."""
    new = bot("new", OTHER)
    two = limited().with_bots([new])
    assert two.risks_beside(limited()) == ["bots[1].exposureCap must be set in live trading"]
    assert two.with_bots(drop=["bot"]).risks_beside(two) == []
    open_one = msgspec.structs.replace(limited(), daily_loss_limit=None)
    assert open_one.risks_beside(open_one) == []
