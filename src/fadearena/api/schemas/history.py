"""Who changed which settings: `GET /api/settings/history`."""

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from fadearena.api.schemas.common import NextCursor, Shape, Time


class FieldChangeShape(Shape):
    """One field that is another now."""

    field: str = Field(description="Its name: `slippage.entryBps`, `bots.grok-4.enabled`, `accounts.main.maxLeverage`.")
    before: str | None = Field(
        description="What it was, as text (`null` is no limit); null where there was no such field."
    )
    after: str | None = Field(description="What it is since, as text; null where there is no such field any more.")


class SettingsStepShape(Shape):
    """One change of the settings."""

    seq: int = Field(ge=1, description="Number of its record.")
    timestamp: Time = Field(description="When it came into force, ms UTC.")
    version: int = Field(ge=0, description="The version that it made.")
    actor: str = Field(description="Who changed it.")
    changes: tuple[FieldChangeShape, ...] | None = Field(
        description="Field by field what changed; null for the first settings, and where what was before is not known."
    )


_EXAMPLE: JsonDict = {
    "history": [
        {
            "seq": 4800,
            "timestamp": 1767268800000,
            "version": 7,
            "actor": "api:desk",
            "changes": [{"field": "bots.grok-4.leverageMultiplier", "before": "0.05", "after": "0.1"}],
        }
    ],
    "nextCursor": None,
}


class SettingsHistoryShape(Shape):
    """A page of changes."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    history: tuple[SettingsStepShape, ...] = Field(description="The changes, the newest first.")
    next_cursor: NextCursor
