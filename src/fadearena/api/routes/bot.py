"""`GET /api/bots/{botId}`: everything about one bot."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from fadearena.api.answers import Decimals, DecimalsParameter, answer
from fadearena.api.bots import costs_of, latches_by_scope, latches_on, positions_of, sighting_of, statistics_of
from fadearena.api.callers import Viewer
from fadearena.api.curves import Span, span_of
from fadearena.api.doors import Doors, Windows
from fadearena.api.errors import Problem, declared
from fadearena.api.parameters import EndTime, StartTime
from fadearena.api.paths import BotIdPath
from fadearena.api.schemas.bot import BotCurveShape, BotPointShape, BotShape
from fadearena.api.schemas.equity import Interval
from fadearena.api.schemas.settings import BotSettingsShape
from fadearena.api.standing import venue_now
from fadearena.model.curve import by_time
from fadearena.model.ids import BotId
from fadearena.model.trading import TradingState
from fadearena.ports.archive import CurveQuery

router = APIRouter(tags=["bots"])

Step = Annotated[Interval, Query(description="How far points of the curve lie apart; at most 10,000 are given.")]


@router.get(
    "/api/bots/{botId}",
    operation_id="getBot",
    summary="A bot in full: settings, state, statistics, costs, positions, curve",
    response_model=BotShape,
    responses=declared(400, 404),
)
async def get_bot(
    request: Request,
    _caller: Viewer,
    doors: Windows,
    bot: BotIdPath,
    since: StartTime = None,
    until: EndTime = None,
    interval: Step = Interval.FIVE_MINUTES,
    decimals: DecimalsParameter = Decimals.NUMBER,
) -> Response:
    """Answer with everything about one bot; its curve is by default that of the last 24 hours."""
    records, archive = doors.records, doors.archive
    (now, settings, bots), (system, accounts, ledgers), (sources, sleeves, marks) = await asyncio.gather(
        asyncio.gather(venue_now(doors), records.settings(), records.bots()),
        asyncio.gather(records.system(), records.accounts(), archive.bot_ledgers((bot,))),
        asyncio.gather(records.sources(), records.sleeves(), archive.marks()),
    )
    span = span_of(since, until, interval, now)
    policy = None if settings is None else next((each for each in settings.policy.bots if each.id == bot), None)
    view = next((each for each in bots if each.id == bot), None)
    if policy is None or view is None:
        raise Problem(404, f"There is no bot {bot}: GET /api/models names them all")
    seen, curve = await asyncio.gather(doors.sightings.wallets({policy.wallet}), _curve(doors, bot, span))
    equity = next((each.equity for each in accounts if each.id == policy.account), None)
    sighting = seen[0] if seen else None
    shape = BotShape(
        settings=BotSettingsShape.model_validate(policy, from_attributes=True),
        state=TradingState(view.state),
        latches=latches_on(policy, latches_by_scope(system.latches)),
        sighting=sighting_of(sighting),
        statistics=statistics_of(view, ledgers[bot], equity, now),
        costs=costs_of(view, ledgers[bot]),
        positions=positions_of(
            (each for each in sources if each.bot == bot),
            (each for each in sleeves if each.bot == bot),
            marks,
            {} if sighting is None else sighting.leverages,
        ),
        curve=curve,
    )
    return answer(request, shape, decimals)


async def _curve(doors: Doors, bot: BotId, span: Span) -> BotCurveShape:
    source, mirror = f"bot:{bot}", f"mirror:{bot}"
    query = CurveQuery(series=(source, mirror), since=span.first, until=span.until, step_ms=span.interval.ms)
    points = (
        BotPointShape(timestamp=time, source=step.get(source), mirror=step.get(mirror))
        for time, step in by_time(await doors.archive.curves(query))
    )
    return BotCurveShape.model_construct(
        series=tuple(points), interval=span.interval, start_time=span.since, end_time=span.until
    )
