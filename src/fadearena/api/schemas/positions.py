"""What all bots hold, and we because of them: `GET /api/positions`."""

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from fadearena.api.schemas.bot import POSITION, BotPositionShape
from fadearena.api.schemas.common import Shape, Time


class PositionRowShape(BotPositionShape):
    """One coin that a bot holds, or we because of it, or that we should."""

    bot_id: str = Field(description="The bot.")


_EXAMPLE: JsonDict = {"asOf": 1767268799000, "positions": [{"botId": "grok-4", **POSITION}]}


class PositionsShape(Shape):
    """The positions of all bots, and ours because of them; flat ones are left out."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    as_of: Time | None = Field(
        description="When the newest of all marks was heard, ms UTC; null before the first. A worker that lives "
        "journals each mark about every ten seconds."
    )
    positions: tuple[PositionRowShape, ...] = Field(description="The positions, by bot and coin.")
