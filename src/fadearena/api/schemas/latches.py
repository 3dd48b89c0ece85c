"""Reasons to stop: `GET /api/latches`, and those that concern a bot."""

from typing import Self

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from fadearena.api.schemas.common import Shape, Time
from fadearena.ports.read_store import LatchView


class LatchShape(Shape):
    """One reason to stop."""

    scope: str = Field(description="What it stops: `all`, `bot:ID` or `account:ID`.")
    latch: str = Field(description="Which one: `kill`, `pause`, `loss_limit`, ...; docs/stopping.md lists them.")
    actor: str = Field(description="Who set it; `core` is the program.")
    since: Time = Field(description="Since when, ms UTC.")
    reason: str = Field(description="Why.")

    @classmethod
    def of(cls, latch: LatchView) -> Self:
        """Return the shape of a latch."""
        return cls.model_construct(
            scope=latch.scope, latch=latch.latch, actor=latch.actor, since=latch.since, reason=latch.reason
        )


_EXAMPLE: JsonDict = {
    "latches": [
        {
            "scope": "bot:grok-4",
            "latch": "pause",
            "actor": "cli:ann",
            "since": 1767268800000,
            "reason": "paused by a person",
        }
    ]
}


class LatchesShape(Shape):
    """Everything that holds increases, or everything, back."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    latches: tuple[LatchShape, ...] = Field(description="The reasons to stop that are set, by scope.")
