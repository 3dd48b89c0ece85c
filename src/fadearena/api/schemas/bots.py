"""The leaderboard: `GET /api/bots`."""

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from fadearena.api.schemas.bot import COSTS, SIGHTING, STATISTICS, BotStatisticsShape, CostsShape, SightingShape
from fadearena.api.schemas.common import Rate, Shape
from fadearena.api.schemas.latches import LatchShape
from fadearena.model.trading import TradingState
from fadearena.model.units import Direction


class LeaderShape(Shape):
    """One bot with what following it brought and cost."""

    id: str = Field(description="Its id.")
    name: str = Field(description="Its name, for people.")
    wallet_address: str = Field(description="Its public wallet.")
    enabled: bool = Field(description="Whether it is followed.")
    direction: Direction = Field(description="`fade` holds the opposite of the bot, `copy` the same.")
    leverage_multiplier: Rate = Field(description="Our size per unit of the bot's, with sizing `multiplier`.")
    account: str = Field(description="Id of the account of ours that trades for it.")
    state: TradingState = Field(description="What may be sent for it: the strictest of its own, its account's, all's.")
    latches: tuple[LatchShape, ...] = Field(description="The reasons to stop that concern it.")
    sighting: SightingShape | None = Field(description="What a worker saw of its wallet; null before one looked.")
    statistics: BotStatisticsShape = Field(description="What following it brought.")
    costs: CostsShape = Field(description="What following it cost.")


_EXAMPLE: JsonDict = {
    "bots": [
        {
            "id": "grok-4",
            "name": "Grok 4",
            "walletAddress": "0x56d652e62998251b56c8398fb11fcfe464c08f84",
            "enabled": True,
            "direction": "fade",
            "leverageMultiplier": 0.05,
            "account": "main",
            "state": "active",
            "latches": [],
            "sighting": SIGHTING,
            "statistics": STATISTICS,
            "costs": COSTS,
        }
    ]
}


class LeaderboardShape(Shape):
    """All bots of the settings, side by side."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    bots: tuple[LeaderShape, ...] = Field(description="The bots, in the order of the settings.")
