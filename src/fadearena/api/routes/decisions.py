"""`GET /api/decisions`: what was decided, and why."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from fadearena.api.answers import Decimals, DecimalsParameter, answer
from fadearena.api.callers import Viewer
from fadearena.api.doors import Windows
from fadearena.api.errors import declared
from fadearena.api.paging import Cursor, Limit, cursor_after, cut_of
from fadearena.api.parameters import AssetParameter, BotIdParameter, EndTime, StartTime, check_span
from fadearena.api.schemas.decisions import DecisionShape, DecisionsShape
from fadearena.model.record import Outcome
from fadearena.ports.archive import DecisionQuery

router = APIRouter(tags=["history"])

OutcomeParameter = Annotated[Outcome | None, Query(description="Only decisions with this outcome.")]


@router.get(
    "/api/decisions",
    operation_id="getDecisions",
    summary="The decision ledger: every outcome that changed, with every check",
    response_model=DecisionsShape,
    responses=declared(400),
)
async def get_decisions(  # noqa: PLR0913, PLR0917 - one for each filter
    request: Request,
    _caller: Viewer,
    doors: Windows,
    bot: BotIdParameter = None,
    asset: AssetParameter = None,
    outcome: OutcomeParameter = None,
    since: StartTime = None,
    until: EndTime = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    decimals: DecimalsParameter = Decimals.NUMBER,
) -> Response:
    """Answer with a page of decisions."""
    check_span(since, until)
    cut = cut_of(cursor, limit)
    query = DecisionQuery(cut=cut, bot=bot, coin=asset, outcome=outcome, since=since, until=until)
    found = await doors.archive.decisions(query)
    page = DecisionsShape(
        decisions=tuple(map(DecisionShape.of, found)),
        next_cursor=cursor_after([logged.record_seq for logged in found], limit),
    )
    return answer(request, page, decimals)
