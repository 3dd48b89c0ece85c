"""`GET /api/events`: the log of everything that was recorded, ascending."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from fadearena.api.answers import Decimals, DecimalsParameter, answer
from fadearena.api.callers import Viewer
from fadearena.api.doors import Windows
from fadearena.api.errors import declared
from fadearena.api.paging import Limit
from fadearena.api.records import form_of_record
from fadearena.api.schemas.events import EventShape, EventsShape, Level
from fadearena.ports.archive import EventQuery, LoggedEvent

router = APIRouter(tags=["history"])
_SEQ_MAX: Final = 2**53 - 1
"""The last whole number that every JSON reader takes exactly."""

Since = Annotated[
    int, Query(ge=0, le=_SEQ_MAX, description="Only records after this `seq`: `nextSince` of the answer before.")
]
LevelParameter = Annotated[Level | None, Query(description="Only of this level.")]
CategoryParameter = Annotated[
    str | None,
    Query(max_length=64, description="Only of this category: an alert's own, else the kind.", examples=["drift"]),
]


@router.get(
    "/api/events",
    operation_id="getEvents",
    summary="The log of records, the oldest first",
    response_model=EventsShape,
    responses=declared(),
)
async def get_events(
    request: Request,
    _caller: Viewer,
    doors: Windows,
    since: Since = 0,
    level: LevelParameter = None,
    category: CategoryParameter = None,
    limit: Limit = 50,
    decimals: DecimalsParameter = Decimals.NUMBER,
) -> Response:
    """Answer with a part of the log."""
    query = EventQuery(after=since, limit=limit, level=None if level is None else level.value, category=category)
    found = await doors.archive.events(query)
    page = EventsShape(
        events=tuple(_shape(event, simulated=doors.simulated) for event in found),
        next_since=found[-1].logged.record_seq if found else since,
    )
    return answer(request, page, decimals)


def _shape(event: LoggedEvent, *, simulated: bool) -> EventShape:
    logged = event.logged
    return EventShape(
        seq=logged.record_seq,
        journal_seq=logged.journal_seq,
        timestamp=logged.time,
        type=str(logged.record.__struct_config__.tag),
        level=Level(event.level),
        category=event.category,
        data=form_of_record(logged, simulated=simulated),
    )
