"""Whether everything works: `GET /api/health`."""

from enum import StrEnum

from pydantic import ConfigDict, Field

from fadearena.api.schemas.common import Shape, Time
from fadearena.model.policy import Mode
from fadearena.ports.sightings import FeedState


class Health(StrEnum):
    """How the whole does."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"


class Check(StrEnum):
    """How a part does; `unknown` where nobody is there who could say."""

    OK = "ok"
    DEGRADED = "degraded"
    DOWN = "down"
    UNKNOWN = "unknown"


class DatabaseCheck(Shape):
    """The database of what is shown."""

    status: Check = Field(description="Whether it answers.")
    latency: int | None = Field(description="How long it took to answer, ms; null where it did not.")


class HyperliquidCheck(Shape):
    """The exchange, as the worker hears it; nobody asks it for this."""

    status: Check = Field(description="`ok`: every feed that is wanted is heard; `down`: none is.")
    latency: int | None = Field(
        description="How long its newest trades were on their way to the worker, ms; null where that is not measured."
    )
    last_successful_call: Time | None = Field(description="When anything came from it last, ms UTC; null for never.")


class WorkerCheck(Shape):
    """The process that follows, decides and trades."""

    status: Check = Field(description="`ok`: it runs; `degraded`: it starts or recovers; `down`: it is not heard of.")
    last_seen_at: Time | None = Field(description="Its last sign of life, ms UTC; null where there never was one.")
    heartbeat_age: int | None = Field(description="How long ago that was, ms.")
    mode: Mode | None = Field(description="Where its orders go, as it said itself; null where it never did.")
    kill_switch: bool | None = Field(description="Whether the kill switch is on; null while the database is down.")


class FeedCheck(Shape):
    """One feed of the worker."""

    name: str = Field(description="`tape`, `user`, `snapshots`, `equity`, `markets` or `own`.")
    status: FeedState = Field(description="`starting` was not heard yet, `off` has nothing to follow.")
    last_message_age: int | None = Field(description="How old its newest data is, ms; null where there was none.")


class ChecksShape(Shape):
    """Each part."""

    database: DatabaseCheck = Field(description="The database.")
    hyperliquid: HyperliquidCheck = Field(description="The exchange.")
    worker: WorkerCheck = Field(description="The worker.")
    feeds: tuple[FeedCheck, ...] = Field(description="The worker's feeds; empty where it did not tell of them lately.")


class HealthShape(Shape):
    """Whether everything works."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "status": "healthy",
                    "checks": {
                        "database": {"status": "ok", "latency": 1},
                        "hyperliquid": {"status": "ok", "latency": 80, "lastSuccessfulCall": 1767268799900},
                        "worker": {
                            "status": "ok",
                            "lastSeenAt": 1767268799100,
                            "heartbeatAge": 900,
                            "mode": "simulation",
                            "killSwitch": False,
                        },
                        "feeds": [{"name": "tape", "status": "ok", "lastMessageAge": 120}],
                    },
                    "timestamp": 1767268800000,
                }
            ]
        }
    )

    status: Health = Field(
        description="`unhealthy` (503): the database is down or the worker is dead; `degraded`: something is not ok."
    )
    checks: ChecksShape = Field(description="Each part.")
    timestamp: Time = Field(description="When this was looked at, ms UTC.")
