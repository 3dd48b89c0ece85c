"""What operators have set: bots, accounts, limits. A policy is replaced, never edited."""

from collections.abc import Iterable
from typing import Self

import msgspec

from fadearena.model.ids import BotId, Coin
from fadearena.model.policy.account import AccountPolicy
from fadearena.model.policy.bot import BotPolicy, CoinRules
from fadearena.model.policy.choice import Mode, OnBreach, Repair, Sizing, StartPolicy
from fadearena.model.policy.problem import positive
from fadearena.model.policy.roster import problems_of_bots
from fadearena.model.policy.tuning import AlertPolicy, Slippage, Tuning
from fadearena.model.units import MINUTE_MS, Ratio, Usd

__all__ = [
    "AccountPolicy",
    "AlertPolicy",
    "BotPolicy",
    "CoinRules",
    "Mode",
    "OnBreach",
    "Policy",
    "Repair",
    "Sizing",
    "Slippage",
    "StartPolicy",
    "Tuning",
]


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """All settings. `version` grows by one with each accepted change."""

    version: int = 1
    mode: Mode = Mode.SIMULATION
    bots: tuple[BotPolicy, ...] = ()
    accounts: tuple[AccountPolicy, ...] = ()
    global_exposure_cap: Usd | None = None
    daily_loss_limit: Usd | None = None
    max_drawdown: Ratio | None = None
    max_order_notional: Usd | None = None
    asset_exposure_caps: dict[Coin, Usd] = {}
    on_breach: OnBreach = OnBreach.STOP
    max_signal_age_ms: int = MINUTE_MS
    slippage: Slippage = Slippage()
    repair: Repair = Repair.ALERT
    alerts: AlertPolicy = AlertPolicy()
    tuning: Tuning = Tuning()

    def problems(self) -> list[str]:
        """Return what is wrong with the settings, one sentence each, naming the field."""
        found = problems_of_bots(self.bots, self.accounts)
        found += [f"accounts[{n}].{text}" for n, account in enumerate(self.accounts) for text in account.problems()]
        found += self.slippage.problems() + self.alerts.problems() + self.tuning.problems()
        for name, value in (
            ("globalExposureCap", self.global_exposure_cap),
            ("dailyLossLimit", self.daily_loss_limit),
            ("maxOrderNotional", self.max_order_notional),
            *((f"assetExposureCaps.{coin}", cap) for coin, cap in self.asset_exposure_caps.items()),
        ):
            positive(found, name, value)
        if self.max_drawdown is not None and not 0 < self.max_drawdown < 1:
            found.append("maxDrawdown must be > 0 and < 1")
        if self.max_signal_age_ms <= 0:
            found.append("maxSignalAgeMs must be positive")
        if len({account.id for account in self.accounts}) < len(self.accounts):
            found.append("accounts must have different ids")
        if len({account.address for account in self.accounts}) < len(self.accounts):
            found.append("accounts must have different addresses: one is no two")
        return found

    def with_bots(self, put: Iterable[BotPolicy] = (), drop: Iterable[BotId] = ()) -> Self:
        """Return settings with these bots, each in the place of the one of its id or at the end, and without others."""
        new, gone = {bot.id: bot for bot in put}, frozenset(drop)
        kept = [new.pop(bot.id, bot) for bot in self.bots if bot.id not in gone]
        return msgspec.structs.replace(self, bots=(*kept, *new.values()))

    def gaps_for_real_money(self) -> list[str]:
        """Return the limits without which real money is not put at risk."""
        gaps = [
            name
            for name, value in (
                ("globalExposureCap", self.global_exposure_cap),
                ("dailyLossLimit", self.daily_loss_limit),
            )
            if value is None
        ]
        return gaps + [f"bots[{n}].exposureCap" for n, bot in enumerate(self.bots) if bot.exposure_cap is None]

    def risks_beside(self, old: Self) -> list[str]:
        """Return why settings may not become these: with real money no limit goes, and no bot comes without one."""
        if self.mode is not Mode.LIVE:
            return []
        without = {bot.id for bot in old.bots if bot.exposure_cap is None}
        spared = {f"bots[{n}].exposureCap" for n, bot in enumerate(self.bots) if bot.id in without}
        spared |= {name for name in old.gaps_for_real_money() if not name.startswith("bots[")}
        return [f"{name} must be set in live trading" for name in self.gaps_for_real_money() if name not in spared]
