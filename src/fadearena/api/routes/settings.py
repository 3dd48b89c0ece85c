"""`GET /api/settings`: the settings in force."""

from fastapi import APIRouter, Request, Response

from fadearena.api.answers import Decimals, DecimalsParameter, answer
from fadearena.api.callers import Viewer
from fadearena.api.doors import Windows
from fadearena.api.errors import declared
from fadearena.api.schemas.settings import SettingsShape
from fadearena.api.standing import settings_of

router = APIRouter(tags=["settings"])


@router.get(
    "/api/settings",
    operation_id="getSettings",
    summary="The settings in force",
    response_model=SettingsShape,
    responses=declared(),
)
async def get_settings(
    request: Request, _caller: Viewer, doors: Windows, decimals: DecimalsParameter = Decimals.NUMBER
) -> Response:
    """Answer with the settings."""
    return answer(request, await settings_of(doors), decimals)
