"""`GET /api/alerts`: what people were told, or still have to be."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from fadearena.api.answers import answer
from fadearena.api.callers import Viewer
from fadearena.api.doors import Windows
from fadearena.api.errors import declared
from fadearena.api.paging import Cursor, Limit, before_of, cursor_after
from fadearena.api.schemas.alerts import AlertShape, AlertsShape
from fadearena.ports.outbox import Delivery

router = APIRouter(tags=["system"])

StateParameter = Annotated[Delivery | None, Query(description="Only alerts that stand there.")]


@router.get(
    "/api/alerts",
    operation_id="getAlerts",
    summary="Alerts and whether they were delivered",
    response_model=AlertsShape,
    responses=declared(400),
)
async def get_alerts(
    request: Request,
    _caller: Viewer,
    doors: Windows,
    state: StateParameter = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """Answer with a page of alerts."""
    found = await doors.outbox.rows(limit, () if state is None else (state,), before_of(cursor))
    page = AlertsShape(
        alerts=tuple(map(AlertShape.of, found)), next_cursor=cursor_after([row.id for row in found], limit)
    )
    return answer(request, page)
