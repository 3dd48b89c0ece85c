"""Whether a process lives, and whether it is of use: `GET /healthz` and `GET /readyz`."""

from pydantic import ConfigDict, Field

from fadearena.api.schemas.common import Shape, Time


class AliveShape(Shape):
    """The process answers."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "alive"}]})

    status: str = Field(description="Always `alive`.")


class ReadyShape(Shape):
    """The process shows what is so now."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "ready", "lagEntries": 0, "lagMs": 0}]})

    status: str = Field(description="Always `ready`: one that is not answers with 503.")
    lag_entries: int = Field(ge=0, description="Journal entries of the worker that are not shown yet.")
    lag_ms: Time = Field(description="For how long the oldest of them has been known of, milliseconds.")
