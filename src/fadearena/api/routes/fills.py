"""`GET /api/fills`: every part of a book of ours that moved."""

from fastapi import APIRouter, Request, Response

from fadearena.api.answers import Decimals, DecimalsParameter, answer
from fadearena.api.callers import Viewer
from fadearena.api.doors import Windows
from fadearena.api.errors import declared
from fadearena.api.paging import Cursor, Limit, cursor_after, cut_of
from fadearena.api.parameters import AccountParameter, AssetParameter, BotIdParameter, EndTime, StartTime, check_span
from fadearena.api.schemas.fills import FillShape, FillsShape
from fadearena.ports.archive import FillQuery

router = APIRouter(tags=["history"])


@router.get(
    "/api/fills",
    operation_id="getFills",
    summary="Our fills: executions, crossings, corrections, and what others did on our accounts",
    response_model=FillsShape,
    responses=declared(400),
)
async def get_fills(  # noqa: PLR0913, PLR0917 - one for each filter
    request: Request,
    _caller: Viewer,
    doors: Windows,
    bot: BotIdParameter = None,
    account: AccountParameter = None,
    asset: AssetParameter = None,
    since: StartTime = None,
    until: EndTime = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    decimals: DecimalsParameter = Decimals.NUMBER,
) -> Response:
    """Answer with a page of fills."""
    check_span(since, until)
    cut = cut_of(cursor, limit)
    query = FillQuery(cut=cut, bot=bot, account=account, coin=asset, since=since, until=until)
    found = await doors.archive.fills(query)
    page = FillsShape(
        fills=tuple(map(FillShape.of, found)),
        next_cursor=cursor_after([logged.record_seq for logged in found], limit),
    )
    return answer(request, page, decimals)
