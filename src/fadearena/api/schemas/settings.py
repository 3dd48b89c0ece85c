"""
The settings: `GET /api/settings`, the answer of `POST /api/settings`, and `settings-update` of the WebSocket.

Fields have the names of the policy; outside they are those of the contract.
"""

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from fadearena.api.schemas.common import Money, Rate, Shape
from fadearena.model.policy import Mode, OnBreach, Policy, Repair, Sizing, StartPolicy
from fadearena.model.units import Direction


class CoinRulesShape(Shape):
    """Which coins a bot is followed in."""

    allow: tuple[str, ...] | None = Field(description="Only these coins may grow; null is all.")
    deny: tuple[str, ...] = Field(description="These coins may not grow; it wins over `allow`.")


class BotSettingsShape(Shape):
    """One followed wallet."""

    id: str = Field(description="Its id: 1 to 64 of a-z 0-9 . _ -.")
    name: str = Field(description="Its name, for people.")
    wallet: str = Field(description="Its public wallet: 0x and 40 lower-case hex digits.")
    enabled: bool = Field(description="Whether it is followed; what is held because of one that is not is closed.")
    direction: Direction = Field(description="`fade` holds the opposite of the bot, `copy` the same.")
    sizing: Sizing = Field(
        description="How large we are: by `multiplier` of its size, by `equity` of the account, or a fixed `notional`."
    )
    leverage_multiplier: Rate = Field(description="Our size per unit of the bot's, with sizing `multiplier`.")
    notional_usd: Money | None = Field(description="USD of a position, with sizing `notional`.")
    share: Rate | None = Field(description="Part of our account that it may use, with sizing `equity`: in (0, 1].")
    exposure_cap: Money | None = Field(description="Most that is held because of it, USD; null is unlimited.")
    loss_limit: Money | None = Field(description="Loss at which it is stopped, USD; null is unlimited.")
    max_leverage: int | None = Field(description="Highest leverage of its positions; null is that of the account.")
    orphan_after_ms: int | None = Field(
        description="After how many milliseconds without news of it what we hold is closed; null is never."
    )
    start_policy: StartPolicy = Field(description="What happens with what it holds when following starts.")
    account: str = Field(description="Id of the account of ours that trades for it.")
    coins: CoinRulesShape = Field(description="Which coins it is followed in.")


class SlippageShape(Shape):
    """How far from the touch an order may trade, in bps (1 bps = 0.01 %)."""

    entry_bps: Rate = Field(description="Of an order that opens or increases, bps.")
    reduce_bps: Rate = Field(description="Of an order that reduces, bps.")
    emergency_bps: Rate = Field(description="Of an order that reduces in an emergency, bps.")
    flatten_max_bps: Rate = Field(description="How far flattening goes at most, bps.")
    chase_bps: Rate = Field(description="How far the price may have run from the bot's own before we stay out, bps.")


BOT_EXAMPLE: JsonDict = {
    "id": "grok-4",
    "name": "Grok 4",
    "walletAddress": "0x56d652e62998251b56c8398fb11fcfe464c08f84",
    "enabled": True,
    "direction": "fade",
    "sizing": "multiplier",
    "leverageMultiplier": 0.05,
    "notionalUsd": None,
    "share": None,
    "exposureCap": None,
    "lossLimit": None,
    "maxLeverage": None,
    "orphanAfterMs": None,
    "startPolicy": "follow_changes",
    "account": "main",
    "coins": {"allow": None, "deny": []},
}
SETTINGS_EXAMPLE: JsonDict = {
    "mode": "simulation",
    "globalExposureCap": None,
    "dailyLossLimit": 250,
    "maxDrawdown": 0.2,
    "maxOrderNotional": None,
    "onBreach": "stop",
    "maxSignalAgeMs": 60000,
    "bots": [BOT_EXAMPLE],
    "assetExposureCaps": {"BTC": 5000},
    "slippage": {"entryBps": 50, "reduceBps": 100, "emergencyBps": 300, "flattenMaxBps": 2000, "chaseBps": 50},
    "repair": "alert",
    "killSwitch": False,
    "version": 7,
}


class SettingsShape(Shape):
    """The settings in force."""

    model_config = ConfigDict(json_schema_extra={"examples": [SETTINGS_EXAMPLE]})

    mode: Mode = Field(description="Where orders go: `simulation` is on paper, `live` real money.")
    global_exposure_cap: Money | None = Field(description="Most that is held in all, USD gross; null is unlimited.")
    daily_loss_limit: Money | None = Field(description="Loss of a day (UTC) at which trading stops, USD.")
    max_drawdown: Rate | None = Field(description="Fall from the highest equity at which trading stops: in (0, 1).")
    max_order_notional: Money | None = Field(description="Largest single order, USD; null is unlimited.")
    on_breach: OnBreach = Field(description="What a breached loss limit does: `stop` increases, or `flatten` all.")
    max_signal_age_ms: int = Field(description="Older fills of bots make nothing grow any more, milliseconds.")
    bots: tuple[BotSettingsShape, ...] = Field(description="The followed wallets.")
    asset_exposure_caps: dict[str, Money] = Field(description="Most that is held of a coin, USD gross, by coin.")
    slippage: SlippageShape = Field(description="How far from the touch orders may trade.")
    repair: Repair = Field(description="What happens with a drift that was found: `alert` people, or `auto` repair.")
    kill_switch: bool = Field(description="Whether the kill switch is on; POST /api/kill-switch turns it.")
    version: int = Field(description="Grows by one with each change; 0 before any settings were made.")


def settings_shape(policy: Policy, *, is_killed: bool) -> SettingsShape:
    """Return settings as the contract has them."""
    given = {name: getattr(policy, name) for name in SettingsShape.model_fields if name != "kill_switch"}
    return SettingsShape.model_validate({**given, "kill_switch": is_killed}, from_attributes=True)
