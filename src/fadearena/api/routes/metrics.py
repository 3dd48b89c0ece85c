"""`GET /metrics`, for Prometheus."""

from typing import cast

from fastapi import APIRouter, Request, Response

from fadearena.api.callers import Viewer
from fadearena.api.errors import declared
from fadearena.api.metrics.giving import Giving

router = APIRouter(tags=["operations"])
_EXAMPLE = "# HELP fadearena_worker_up Whether a worker lives: 1 or 0.\n# TYPE fadearena_worker_up gauge\n"
_TEXT = {"schema": {"type": "string"}, "example": f"{_EXAMPLE}fadearena_worker_up 1.0\n"}


def giving_of(request: Request) -> Giving:
    """Return what gathers metrics in this application."""
    state = request.app.state
    if not hasattr(state, "giving"):
        state.giving = Giving(state.doors)
    return cast("Giving", state.giving)


@router.get(
    "/metrics",
    operation_id="getMetrics",
    summary="Everything that is measured, of this process and of the worker",
    response_class=Response,
    responses={
        **declared(),
        200: {
            "description": "Prometheus' text format 0.0.4, or OpenMetrics where `Accept` asks for it. While no worker "
            "lives `fadearena_worker_up` is 0, and none of its gauges is given out.",
            "content": {"text/plain": _TEXT, "application/openmetrics-text": _TEXT},
        },
    },
)
async def get_metrics(request: Request, _caller: Viewer) -> Response:
    """Gather and encode."""
    body, content_type = await giving_of(request).metrics(request.headers.get("accept", ""))
    return Response(body, headers={"Content-Type": content_type, "Cache-Control": "no-store"})
