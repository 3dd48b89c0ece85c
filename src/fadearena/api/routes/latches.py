"""`GET /api/latches`: what holds increases, or everything, back."""

from fastapi import APIRouter, Request, Response

from fadearena.api.answers import answer
from fadearena.api.callers import Viewer
from fadearena.api.doors import Windows
from fadearena.api.errors import declared
from fadearena.api.schemas.latches import LatchesShape, LatchShape

router = APIRouter(tags=["overview"])


@router.get(
    "/api/latches",
    operation_id="getLatches",
    summary="Every reason to stop that is set: of everything, of accounts, of bots",
    response_model=LatchesShape,
    responses=declared(),
)
async def get_latches(request: Request, _caller: Viewer, doors: Windows) -> Response:
    """Answer with all latches."""
    system = await doors.records.system()
    return answer(request, LatchesShape(latches=tuple(map(LatchShape.of, system.latches))))
