"""The decision ledger: `GET /api/decisions`."""

from typing import Self

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from fadearena.api.schemas.common import Amount, NextCursor, Rate, Shape, Time
from fadearena.model.record import Check, Effect, Outcome
from fadearena.ports.archive import LoggedDecision


class CheckShape(Shape):
    """One risk check of one decision."""

    name: str = Field(description="Its name; docs/rules.md tells what it looks at.")
    passed: bool = Field(description="Whether it passed.")
    value: str = Field(description="What it found, with its unit; empty where it could not be evaluated.")
    limit: str = Field(description="What it allows, with its unit; empty where there is no limit.")
    effect: Effect = Field(description="What it did where it did not pass: `skip`, `clamp`, `hold`; else `none`.")

    @classmethod
    def of(cls, check: Check) -> Self:
        """Return the shape of a check."""
        return cls.model_construct(
            name=check.name, passed=check.passed, value=check.value, limit=check.limit, effect=check.effect
        )


class DecisionShape(Shape):
    """What was decided for a sleeve, written when the outcome changed."""

    seq: int = Field(ge=1, description="Number of its record.")
    timestamp: Time = Field(description="When it was decided, ms UTC.")
    bot_id: str | None = Field(description="The bot; null for what belongs to none.")
    account: str = Field(description="Id of the account of ours.")
    asset: str = Field(description="The coin, as the exchange names it.")
    outcome: Outcome = Field(description="`execute`: an order or a crossing; `skip`: nothing; `hold`: not yet.")
    reason: str = Field(description="Why.")
    delta: Amount = Field(description="What was wanted: target - sleeve, signed base units.")
    target: Amount = Field(description="The size that the sleeve should have, signed base units.")
    sleeve: Amount = Field(description="The size that it had, signed base units.")
    size: Amount | None = Field(description="What was ordered, base units; null where nothing was.")
    limit_price: Rate | None = Field(description="The order's limit, USD; null where nothing was ordered.")
    cloid: str | None = Field(description="The order's client order id; null where nothing was ordered.")
    checks: tuple[CheckShape, ...] = Field(description="Every check that was made, passed or not, in order.")

    @classmethod
    def of(cls, logged: LoggedDecision) -> Self:
        """Return the shape of a decision."""
        made = logged.decision
        return cls.model_construct(
            seq=logged.record_seq,
            timestamp=logged.time,
            bot_id=made.bot,
            account=made.account,
            asset=made.coin,
            outcome=made.outcome,
            reason=made.reason,
            delta=made.delta,
            target=made.target,
            sleeve=made.sleeve,
            size=made.quantity,
            limit_price=made.limit,
            cloid=made.cloid,
            checks=tuple(map(CheckShape.of, made.checks)),
        )


DECISION: JsonDict = {
    "seq": 4710,
    "timestamp": 1767268800000,
    "botId": "grok-4",
    "account": "main",
    "asset": "BTC",
    "outcome": "execute",
    "reason": "increase",
    "delta": -0.025,
    "target": -0.025,
    "sleeve": 0,
    "size": 0.025,
    "limitPrice": 98514,
    "cloid": "0x6d1f4b0c9a3e48d2b7c5e1f00a9d8c7b",
    "checks": [
        {"name": "bot_exposure", "passed": True, "value": "2475 USD", "limit": "5000 USD", "effect": "none"},
    ],
}
"""An example."""


class DecisionsShape(Shape):
    """A page of decisions."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"decisions": [DECISION], "nextCursor": None}]})

    decisions: tuple[DecisionShape, ...] = Field(description="The decisions, the newest first.")
    next_cursor: NextCursor
