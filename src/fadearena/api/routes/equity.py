"""`GET /api/equity`: curves of equity of the bots and of ours."""

import asyncio
from collections.abc import Sequence
from itertools import islice
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from fadearena.api.answers import Decimals, DecimalsParameter, json_answer, json_of, json_of_form
from fadearena.api.callers import Viewer
from fadearena.api.curves import Span, points_of, span_of
from fadearena.api.doors import Windows
from fadearena.api.errors import Problem, declared
from fadearena.api.parameters import BotIdParameter, EndTime, StartTime
from fadearena.api.schemas.equity import EquityCurveShape, Interval
from fadearena.api.standing import venue_now
from fadearena.ports.archive import Archive, CurveQuery

router = APIRouter(tags=["history"])
_VALUES_MAX: Final = 1_000_000
_AT_ONCE: Final = 100
"""So many points are written at once: nobody else runs meanwhile."""

Step = Annotated[Interval, Query(description="How far points lie apart; at most 10,000 points are given.")]


@router.get(
    "/api/equity",
    operation_id="getEquity",
    summary="Curves of equity of the bots and of ours",
    response_model=EquityCurveShape,
    responses=declared(400),
)
async def get_equity(
    request: Request,
    _caller: Viewer,
    doors: Windows,
    since: StartTime = None,
    until: EndTime = None,
    interval: Step = Interval.FIVE_MINUTES,
    bot: BotIdParameter = None,
    decimals: DecimalsParameter = Decimals.NUMBER,
) -> Response:
    """Answer with the last value of each interval; with `botId` of this bot and of us alone."""
    now, views, ours = await asyncio.gather(venue_now(doors), doors.records.bots(), doors.records.accounts())
    bots = [f"bot:{view.id}" for view in views if view.enabled] if bot is None else [f"bot:{bot}"]
    accounts = [f"account:{account.id}" for account in ours]
    span = span_of(since, until, interval, now)
    return json_answer(request, await _curve(doors.archive, span, bots, accounts, decimals))


async def _curve(
    archive: Archive, span: Span, bots: Sequence[str], accounts: Sequence[str], decimals: Decimals
) -> bytes:
    """
    Return the curves; a long one is put together bit by bit, so that nobody else waits for the whole of it.

    Raises:
        Problem: 400, so many bots for so long a time are too much.
    """
    series = (*bots, *accounts)
    if span.steps * len(series) > _VALUES_MAX:
        raise Problem(400, f"{len(bots)} bots in {span.steps} points are too much: take one by botId, or fewer points")
    query = CurveQuery(series=series, since=span.first, until=span.until, step_ms=span.interval.ms)
    before, found = await asyncio.gather(archive.equity_before(series, span.first - 1), archive.curves(query))
    frame = EquityCurveShape(series=(), interval=span.interval, start_time=span.since, end_time=span.until)

    points, parts = points_of(found, before, bots, accounts), []
    while part := tuple(islice(points, _AT_ONCE)):
        parts.append(json_of_form(part, decimals)[1:-1])
        await asyncio.sleep(0)
    return json_of(frame, decimals).replace(b"[]", b"[%b]" % b",".join(parts), 1)
