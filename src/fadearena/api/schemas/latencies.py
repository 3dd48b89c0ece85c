"""How long everything takes from a bot's fill to ours: `GET /api/latencies`."""

from pydantic import ConfigDict, Field

from fadearena.api.schemas.common import Shape, Time


class BucketShape(Shape):
    """How many times were at most so long."""

    le_ms: float | None = Field(description="The bound in milliseconds, inclusive; null for no bound: all of them.")
    count: int = Field(ge=0, description="How many were at most so long, those of the smaller bounds included.")


class StepShape(Shape):
    """One step, since the worker started."""

    step: str = Field(
        description="`detection`: from the bot's trade, by the exchange's time, until it was taken in. `queue`, "
        "`decide`, `commit`, `dispatch`: the worker's own work on a fill that an order follows. `answer`, `fill`: from "
        "the hand-over to the venue until it answered, and until our fill was heard. `reaction`: the worker's four "
        "steps together, from the fill coming in to the hand-over. `projection`: one batch of records becoming visible."
    )
    feed: str | None = Field(description="Of a detection, the feed that told it first: `tape`, `user` or `poll`.")
    count: int = Field(ge=0, description="How many times it was measured.")
    mean_ms: float | None = Field(description="Mean, milliseconds; null before the first.")
    p50_ms: float | None = Field(
        description="Median, milliseconds, estimated within its bucket; null before the first, or beyond all bounds."
    )
    p95_ms: float | None = Field(description="95th percentile, milliseconds, estimated and null as the median is.")
    p99_ms: float | None = Field(description="99th percentile, milliseconds, estimated and null as the median is.")
    buckets: list[BucketShape] = Field(description="The histogram, by growing bounds.")


class LatenciesShape(Shape):
    """How long everything takes."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "asOf": 1767268800000,
                    "isCurrent": True,
                    "steps": [
                        {
                            "step": "reaction",
                            "feed": None,
                            "count": 3,
                            "meanMs": 2.1,
                            "p50Ms": 2.5,
                            "p95Ms": 2.9,
                            "p99Ms": 3.0,
                            "buckets": [{"leMs": 3.0, "count": 3}, {"leMs": None, "count": 3}],
                        }
                    ],
                }
            ]
        }
    )

    as_of: Time | None = Field(description="When the worker told it, ms UTC; null where there never was one.")
    is_current: bool = Field(description="Whether that worker lives.")
    steps: list[StepShape] = Field(description="The steps, in the order in which they happen; empty without a worker.")
