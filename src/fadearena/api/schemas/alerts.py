"""What people were told, or still have to be: `GET /api/alerts`."""

from typing import Self

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from fadearena.api.schemas.common import NextCursor, Shape, Time
from fadearena.api.schemas.events import Level
from fadearena.ports.outbox import Delivery, OutboxRow


class AlertShape(Shape):
    """One alert on its way."""

    id: int = Field(ge=1, description="Its number in the outbox.")
    seq: int | None = Field(description="Number of its record; null for what no worker recorded, such as its silence.")
    timestamp: Time = Field(description="When it was, ms UTC.")
    level: Level = Field(description="How much it matters.")
    category: str = Field(description="What it is about; docs/alerts.md lists them.")
    subject: str = Field(description="Of what: a bot, an account, a coin.")
    text: str = Field(description="What happened, in a sentence.")
    state: Delivery = Field(
        description="`queued` waits, `sent` was taken by all, `merged` is told by another, `failed` was given up."
    )
    times: int = Field(ge=1, description="How many alerts its message stands for.")
    into: int | None = Field(description="Id of the alert whose message tells of it; null unless it is merged.")
    attempts: int = Field(ge=0, description="How often it was tried.")
    next_attempt: Time | None = Field(description="When it may be tried again, ms UTC; null unless it waits for that.")
    changed: Time | None = Field(description="When its delivery changed last, ms UTC; null before that.")
    reached: tuple[str, ...] = Field(description="Which destinations have taken it already.")
    error: str = Field(description="Why the last attempt failed; empty where it did not.")

    @classmethod
    def of(cls, row: OutboxRow) -> Self:
        """Return the shape of a row of the outbox."""
        waits = row.state is Delivery.QUEUED and row.next_ms > 0
        return cls(
            id=row.id,
            seq=row.record_seq,
            timestamp=row.time,
            level=Level(row.alert.level),
            category=row.alert.category,
            subject=row.alert.subject,
            text=row.alert.text,
            state=row.state,
            times=row.times,
            into=row.into,
            attempts=row.attempts,
            next_attempt=row.next_ms if waits else None,
            changed=row.changed_ms or None,
            reached=row.reached,
            error=row.error,
        )


_EXAMPLE: JsonDict = {
    "id": 12,
    "seq": 4720,
    "timestamp": 1767268800000,
    "level": "warning",
    "category": "limit",
    "subject": "grok-4",
    "text": "80 % of its cap is used",
    "state": "sent",
    "times": 1,
    "into": None,
    "attempts": 1,
    "nextAttempt": None,
    "changed": 1767268801000,
    "reached": ["ntfy"],
    "error": "",
}


class AlertsShape(Shape):
    """A page of alerts."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"alerts": [_EXAMPLE], "nextCursor": None}]})

    alerts: tuple[AlertShape, ...] = Field(description="The alerts, the newest first.")
    next_cursor: NextCursor
