"""
The settings that an installation begins with: the bots of Alpha Arena, and one paper account.

They are set where there are none at all. What is there stays as it is: settings, and above all stops.
"""

from collections.abc import Iterable, Iterator

from fadearena.adapters.sim.arena import wallet_of
from fadearena.adapters.sim.paper import PaperAccount
from fadearena.core.state import State
from fadearena.model.event import (
    BudgetRead,
    CashMoved,
    Event,
    FundingPaid,
    LeverageRead,
    Operator,
    OwnFills,
    SetPolicy,
)
from fadearena.model.ids import AccountId, Address, BotId
from fadearena.model.policy import AccountPolicy, BotPolicy, Policy
from fadearena.model.units import Usd

ACCOUNT: AccountId = "main"
ACTOR = "seed"
_MADE_UP = "fadearena/account"
_ACTIONS_LEFT = 10_000

SEASON_1_5: tuple[tuple[BotId, str, Address], ...] = (
    ("gemini-3-pro", "Gemini 3 Pro", "0x6f2ea87352a816480ccdf19eb9e0f2192b0ef492"),
    ("grok-4", "Grok 4", "0x228b0c07a852b303619b59fa548d0e542ccc3aee"),
    ("qwen3-max", "Qwen3 Max", "0x894f3a60c06e9e96d251fd9137ce0962969e924b"),
    ("kimi-k2-thinking", "Kimi K2 Thinking", "0x4f3d2a8e226b0f1123ab3ed3b697847ef2488b37"),
    ("deepseek-chat-v3.1", "DeepSeek Chat v3.1", "0x0a780c3b47765d60b72b5f11d4513e71c691782a"),
    ("claude-sonnet", "Claude Sonnet", "0xb1a397558c7a2ea43b46114addd2fb277216500b"),
)
"""Alpha Arena, November 2025: followed from the start. One public source names these wallets."""

SEASON_1: tuple[tuple[BotId, str, Address], ...] = (
    ("gpt-5-season-1", "GPT-5 (season 1)", "0x67293d914eafb26878534571add81f6bd2d9fe06"),
    ("gemini-2.5-pro-season-1", "Gemini 2.5 Pro (season 1)", "0x1b7a7d099a670256207a30dd0ae13d35f278010f"),
    ("claude-sonnet-4.5-season-1", "Claude Sonnet 4.5 (season 1)", "0x59fa085d106541a834017b97060bcbbb0aa82869"),
    ("grok-4-season-1", "Grok 4 (season 1)", "0x56d652e62998251b56c8398fb11fcfe464c08f84"),
    ("deepseek-chat-v3.1-season-1", "DeepSeek Chat v3.1 (season 1)", "0xc20ac4dc4188660cbf555448af52694ca62b0734"),
    ("qwen3-max-season-1", "Qwen3 Max (season 1)", "0x7a8fd8bba33e37361ca6b0cb4518a44681bad2f3"),
)
"""Alpha Arena, October 2025: known, and switched off."""


def default_policy() -> Policy:
    """Return the settings that an installation begins with: simulation, 0.05 of each bot, no caps."""
    ours = wallet_of(_MADE_UP)
    return Policy(
        bots=tuple(_bots()),
        accounts=(AccountPolicy(id=ACCOUNT, address=ours, signer=ours),),
    )


def is_unset(state: State) -> bool:
    """Tell whether no settings were ever set."""
    return not state.policy.accounts and not state.policy.bots


def first_settings(state: State, policy: Policy | None = None) -> tuple[Operator, ...]:
    """Return the event that sets these settings, or the default ones; nothing where there are some."""
    if not is_unset(state):
        return ()
    action = SetPolicy(policy=policy or default_policy())
    return (Operator(time=0, received=0, control_id=0, actor=ACTOR, action=action),)


def paper_budgets(state: State) -> tuple[BudgetRead, ...]:
    """Return what paper accounts may still order: as much as the exchange allows an address that has not traded yet."""
    accounts = [account.id for account in state.policy.accounts] or [ACCOUNT]
    return tuple(BudgetRead(time=0, received=0, account=each, actions_left=_ACTIONS_LEFT) for each in accounts)


def paper_accounts(policy: Policy, start_usd: Usd, traded: Iterable[Event] = ()) -> tuple[PaperAccount, ...]:
    """Return the paper accounts of the settings and of what was traded, each with as much to start with."""
    named = (event.account for event in traded if isinstance(event, OwnFills | FundingPaid | CashMoved | LeverageRead))
    ids = dict.fromkeys((ACCOUNT, *(account.id for account in policy.accounts), *named))
    return tuple(PaperAccount(id=each, start_usd=start_usd) for each in ids)


def paid_addresses(policy: Policy) -> dict[AccountId, Address]:
    """Return the real addresses of accounts, whose fees are paid on paper, too; a made-up one is none."""
    made_up = wallet_of(_MADE_UP)
    return {account.id: account.address for account in policy.accounts if account.address != made_up}


def _bots() -> Iterator[BotPolicy]:
    for season, is_followed in ((SEASON_1_5, True), (SEASON_1, False)):
        for bot, name, wallet in season:
            yield BotPolicy(id=bot, name=name, wallet=wallet, enabled=is_followed, account=ACCOUNT)
