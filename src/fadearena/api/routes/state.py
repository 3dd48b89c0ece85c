"""`GET /api/state`: how things stand."""

from fastapi import APIRouter, Request, Response

from fadearena.api.answers import Decimals, DecimalsParameter, answer
from fadearena.api.callers import Viewer
from fadearena.api.doors import Windows
from fadearena.api.errors import declared
from fadearena.api.schemas.state import StateShape
from fadearena.api.standing import state_of

router = APIRouter(tags=["overview"])


@router.get(
    "/api/state",
    operation_id="getState",
    summary="How things stand: mode, stops, equity, open positions, the day's PnL",
    response_model=StateShape,
    responses=declared(),
)
async def get_state(
    request: Request, _caller: Viewer, doors: Windows, decimals: DecimalsParameter = Decimals.NUMBER
) -> Response:
    """Answer with how things stand."""
    return answer(request, await state_of(doors), decimals)
