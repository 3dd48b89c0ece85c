"""Settings of one followed wallet."""

import msgspec

from fadearena.model.ids import AccountId, Address, BotId, Coin, address, slug
from fadearena.model.policy.choice import Sizing, StartPolicy
from fadearena.model.policy.problem import positive, well_formed
from fadearena.model.units import Direction, EpochMs, Ratio, Usd

_MAX_MULTIPLIER = Ratio(10)


class CoinRules(msgspec.Struct, frozen=True, kw_only=True):
    """Which coins a bot is followed in; `deny` wins."""

    allow: tuple[Coin, ...] | None = None
    deny: tuple[Coin, ...] = ()

    def permits(self, coin: Coin) -> bool:
        """Tell whether increases in this coin are wanted."""
        return coin not in self.deny and (self.allow is None or coin in self.allow)


class BotPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """One followed wallet. Caps and limits are USD, None = unlimited."""

    id: BotId
    name: str
    wallet: Address
    enabled: bool = True
    direction: Direction = Direction.FADE
    sizing: Sizing = Sizing.MULTIPLIER
    leverage_multiplier: Ratio = Ratio("0.05")
    notional_usd: Usd | None = None
    share: Ratio | None = None
    exposure_cap: Usd | None = None
    loss_limit: Usd | None = None
    max_leverage: int | None = None
    orphan_after_ms: EpochMs | None = None
    start_policy: StartPolicy = StartPolicy.FOLLOW_CHANGES
    account: AccountId = "main"
    coins: CoinRules = CoinRules()

    @property
    def is_limited(self) -> bool:
        """Whether there is a limit on what all its sleeves together hold or lose."""
        return self.exposure_cap is not None or self.loss_limit is not None

    def problems(self) -> list[str]:
        """Return what is wrong with it, one sentence each, naming the field."""
        found: list[str] = []
        well_formed(found, slug, self.id)
        well_formed(found, address, self.wallet)
        if not 0 < self.leverage_multiplier <= _MAX_MULTIPLIER:
            found.append(f"leverageMultiplier must be > 0 and <= {_MAX_MULTIPLIER}")
        if self.sizing is Sizing.NOTIONAL and self.notional_usd is None:
            found.append("notionalUsd is needed for sizing by notional")
        for name, value in (
            ("notionalUsd", self.notional_usd),
            ("exposureCap", self.exposure_cap),
            ("lossLimit", self.loss_limit),
            ("orphanAfterMs", None if self.orphan_after_ms is None else Usd(self.orphan_after_ms)),
        ):
            positive(found, name, value)
        if self.share is not None and not 0 < self.share <= 1:
            found.append("share must be > 0 and <= 1")
        if self.max_leverage is not None and self.max_leverage < 1:
            found.append("maxLeverage must be at least 1 or null")
        return found
