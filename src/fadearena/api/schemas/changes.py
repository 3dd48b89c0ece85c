"""What is asked for of settings and bots: `POST /api/settings`, `POST /api/bots`, `PATCH /api/bots/{botId}`."""

from typing import Final, Literal

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from fadearena.api.schemas.common import Money, Shape
from fadearena.api.schemas.partial import Given, partial
from fadearena.api.schemas.settings import (
    BOT_EXAMPLE,
    SETTINGS_EXAMPLE,
    BotSettingsShape,
    CoinRulesShape,
    SettingsShape,
    SlippageShape,
)


@partial()
class CoinRulesUpdate(CoinRulesShape, Given):
    """Which coins a bot is followed in; what is left out stays."""


@partial()
class SlippageUpdate(SlippageShape, Given):
    """How far from the touch an order may trade, in bps; what is left out stays."""


@partial(without=("id",))
class BotUpdate(BotSettingsShape, Given):
    """Fields of a bot that change; what is left out stays. Wallet and account change only while it is flat."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"leverageMultiplier": 0.1, "exposureCap": 2500}]})

    coins: CoinRulesUpdate = Field(description="Which coins it is followed in.")


@partial(needs=("id",))
class NamedBotUpdate(BotSettingsShape, Given):
    """Fields of one of the bots that change; what is left out stays."""

    coins: CoinRulesUpdate = Field(description="Which coins it is followed in.")


@partial(needs=("id", "wallet"))
class NewBot(BotSettingsShape, Given):
    """A bot that is new; what is left out is as the defaults have it, its name is its id."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "grok-5",
                    "name": "Grok 5",
                    "walletAddress": "0x56d652e62998251b56c8398fb11fcfe464c08f85",
                    "direction": "fade",
                    "leverageMultiplier": 0.05,
                    "exposureCap": 1000,
                }
            ]
        }
    )

    coins: CoinRulesUpdate = Field(description="Which coins it is followed in.")


_CHANGE: Final[JsonDict] = {"dailyLossLimit": 250, "bots": [{"id": "grok-4", "enabled": False}], "version": 7}


@partial(without=("kill_switch",))
class SettingsUpdate(SettingsShape, Given):
    """
    Settings that change; what is left out stays, and either all of it is taken or nothing.

    Bots are merged by id, caps of coins by coin: null takes a coin's cap away.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [_CHANGE, {"mode": "live", "confirm": "GO LIVE"}]})

    bots: tuple[NamedBotUpdate, ...] = Field(description="Bots that change; an id that is not known is refused.")
    asset_exposure_caps: dict[str, Money | None] = Field(  # type: ignore[assignment]  # a request has more to say
        description="Most that is held of a coin, USD gross, by coin; null takes the cap away, others stay."
    )
    slippage: SlippageUpdate = Field(description="How far from the touch orders may trade.")
    version: int = Field(description="The version that is changed: 409 where the settings are at another by then.")
    confirm: str = Field(description='"GO LIVE", where `mode` becomes `live`: orders will cost real money.')


class SettingsTaken(Shape):
    """The settings were changed, or were as asked for already."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"success": True, "settings": SETTINGS_EXAMPLE}]})

    success: Literal[True] = Field(default=True, description="Always true.")
    settings: SettingsShape = Field(description="The settings in force.")


class SettingsRefused(Shape):
    """Nothing was changed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"success": False, "errors": ["bots[0].leverageMultiplier must be > 0 and <= 10"]}]
        }
    )

    success: Literal[False] = Field(default=False, description="Always false.")
    errors: tuple[str, ...] = Field(description="What is wrong, a sentence for each field, which it begins with.")


class BotTaken(Shape):
    """A bot as the settings have it now."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"success": True, "bot": BOT_EXAMPLE, "version": 8}]})

    success: Literal[True] = Field(default=True, description="Always true.")
    bot: BotSettingsShape = Field(description="The bot's settings in force.")
    version: int = Field(description="The version of the settings since this change.")


class BotGone(Shape):
    """A bot that is no part of the settings any more; its history stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"success": True, "id": "grok-4", "version": 9}]})

    success: Literal[True] = Field(default=True, description="Always true.")
    id: str = Field(description="The id that it had.")
    version: int = Field(description="The version of the settings since this change.")
