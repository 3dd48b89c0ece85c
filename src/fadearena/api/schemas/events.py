"""The audit log of what happened: `GET /api/events`."""

from enum import StrEnum
from typing import Any

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from fadearena.api.schemas.common import Shape, Time


class Level(StrEnum):
    """How much something matters."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class EventShape(Shape):
    """One record of the log."""

    seq: int = Field(ge=1, description="Its number; counts from 1 without a gap, the same as in the WebSocket.")
    journal_seq: int = Field(ge=1, description="The journal's entry that it belongs to.")
    timestamp: Time = Field(description="When it was recorded, ms UTC.")
    type: str = Field(description="Its kind: `decision`, `my-fill`, `order-update`, `alert`, ...")
    level: Level = Field(description="How much it matters; all but alerts are `info`.")
    category: str = Field(description="An alert's category; of anything else its kind.")
    data: dict[str, Any] = Field(description="What was recorded, in the form in which the WebSocket tells it.")


_EXAMPLE: JsonDict = {
    "events": [
        {
            "seq": 4720,
            "journalSeq": 1811,
            "timestamp": 1767268800000,
            "type": "alert",
            "level": "warning",
            "category": "limit",
            "data": {"level": "warning", "category": "limit", "subject": "grok-4", "text": "80 % of its cap is used"},
        }
    ],
    "nextSince": 4720,
}


class EventsShape(Shape):
    """A part of the log."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    events: tuple[EventShape, ...] = Field(description="The records, ascending by `seq`.")
    next_since: int = Field(
        ge=0, description="Asks for what follows, as `since`; the `since` of this request where nothing follows yet."
    )
