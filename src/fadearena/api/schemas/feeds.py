"""What the worker sees at present: `GET /api/feeds`."""

from enum import StrEnum

from pydantic import ConfigDict, Field

from fadearena.api.schemas.common import Shape, Time
from fadearena.ports.sightings import FeedState


class WorkerRole(StrEnum):
    """What a worker process does."""

    ACTIVE = "active"
    STANDBY = "standby"


class WorkerShape(Shape):
    """A worker process."""

    id: str = Field(description="What it is called by: `worker` or `standby`, and the number of its process.")
    role: WorkerRole = Field(description="`active` trades, `standby` waits for its turn.")
    last_seen_at: Time = Field(description="When it said last that it lives, ms UTC; it does each second.")


class FeedShape(Shape):
    """One feed."""

    name: str = Field(description="`tape`, `user`, `snapshots`, `equity`, `markets` or `own`.")
    state: FeedState = Field(
        description="`ok`, `stale` (nothing came for too long), `starting` (was not heard yet) or `off` (nothing to "
        "follow)."
    )
    age_ms: Time | None = Field(
        description="Age of its newest data when the worker looked, milliseconds; null before the first."
    )
    connections: int = Field(ge=0, description="Open sockets.")
    wanted: int = Field(ge=0, description="Subscriptions that are wanted; of `snapshots` wallets.")
    confirmed: int = Field(ge=0, description="Those that are confirmed; of `snapshots` read within this round.")
    refused: list[str] = Field(description="What the exchange refused, shortened.")
    round_ms: Time | None = Field(description="How long a round takes, milliseconds; null where there are no rounds.")
    counts: dict[str, int] = Field(description="Totals since the worker started, by what is counted.")


class LaneShape(Shape):
    """A lane of the rate budget."""

    lane: str = Field(description="Its name.")
    used: int = Field(ge=0, description="Weight of the last minute.")
    limit: int = Field(ge=0, description="Up to which weight it may fill a minute, with what others before it used.")
    waiting: int = Field(ge=0, description="Requests that wait for their turn.")
    refusals: int = Field(ge=0, description="Requests that the exchange refused as too many, since the start.")
    paused_ms: Time = Field(description="For how long it is still paused, milliseconds; 0 where it is not.")


class RateShape(Shape):
    """The rate budget of our address."""

    per_minute: int = Field(ge=0, description="Weight that a minute may have.")
    used: int = Field(ge=0, description="Weight of the last minute.")
    lanes: list[LaneShape] = Field(description="By lane, the first served first.")


class WalletsShape(Shape):
    """The wallets in sight."""

    total: int = Field(ge=0, description="Wallets in sight.")
    read: int = Field(ge=0, description="Those that were read completely at least once.")
    oldest_read_ms: Time | None = Field(
        description="How long ago the one was read that waits longest for its next reading, milliseconds; null while "
        "none was read."
    )


class IdleBotShape(Shape):
    """A bot that is followed and does not trade."""

    id: str = Field(description="The bot's id.")
    name: str = Field(description="The bot's name.")
    quiet_ms: Time = Field(description="For how long it is known not to have traded, at least, milliseconds.")


class FeedsShape(Shape):
    """What the worker sees."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "asOf": 1767268800000,
                    "isCurrent": True,
                    "feeds": [
                        {
                            "name": "tape",
                            "state": "ok",
                            "ageMs": 120,
                            "connections": 2,
                            "wanted": 30,
                            "confirmed": 30,
                            "refused": [],
                            "roundMs": None,
                            "counts": {"trades": 1200},
                        }
                    ],
                    "rate": {
                        "perMinute": 1200,
                        "used": 210,
                        "lanes": [
                            {
                                "lane": "own",
                                "used": 10,
                                "limit": 1200,
                                "waiting": 0,
                                "refusals": 0,
                                "pausedMs": 0,
                            }
                        ],
                    },
                    "wallets": {"total": 6, "read": 6, "oldestReadMs": 9000},
                    "idleBots": [{"id": "grok-4", "name": "Grok 4", "quietMs": 700000000}],
                    "workers": [{"id": "worker:4711", "role": "active", "lastSeenAt": 1767268800000}],
                }
            ]
        }
    )

    as_of: Time | None = Field(description="When the worker looked, ms UTC; null where none ever did.")
    is_current: bool = Field(description="Whether that was lately: else everything here is how it was then.")
    feeds: list[FeedShape] = Field(description="The feeds.")
    rate: RateShape | None = Field(description="The rate budget; null where there is none.")
    wallets: WalletsShape = Field(description="The wallets in sight.")
    idle_bots: list[IdleBotShape] = Field(
        description="Enabled bots that are known not to have traded for a week, at most 200, the quietest first."
    )
    workers: list[WorkerShape] = Field(
        description="Worker processes, but for those that said that they ended; the one that trades first."
    )
