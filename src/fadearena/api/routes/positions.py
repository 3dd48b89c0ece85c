"""`GET /api/positions`: what all bots hold, and we because of them."""

import asyncio

from fastapi import APIRouter, Request, Response

from fadearena.api.answers import Decimals, DecimalsParameter, answer
from fadearena.api.bots import by_bot, positions_of
from fadearena.api.callers import Viewer
from fadearena.api.doors import Doors, Windows
from fadearena.api.errors import declared
from fadearena.api.schemas.positions import PositionRowShape, PositionsShape

router = APIRouter(tags=["overview"])


@router.get(
    "/api/positions",
    operation_id="getPositions",
    summary="What all bots hold, and we because of them, with the gap between",
    response_model=PositionsShape,
    responses=declared(),
)
async def get_positions(
    request: Request, _caller: Viewer, doors: Windows, decimals: DecimalsParameter = Decimals.NUMBER
) -> Response:
    """Answer with all positions that are not flat."""
    return answer(request, await _positions(doors), decimals)


async def _positions(doors: Doors) -> PositionsShape:
    records = doors.records
    bots, sources, sleeves, marks = await asyncio.gather(
        records.bots(), records.sources(), records.sleeves(), doors.archive.marks()
    )
    theirs, ours = by_bot(sources), by_bot(sleeves)
    wallets = {bot.id: bot.wallet for bot in bots if bot.id in theirs}
    seen = {one.wallet: one.leverages for one in await doors.sightings.wallets(frozenset(wallets.values()))}
    return PositionsShape(
        as_of=max((mark.time for mark in marks.values()), default=None),
        positions=tuple(
            PositionRowShape.model_construct(bot_id=bot, **dict(position))
            for bot in sorted({*theirs, *ours})
            for position in positions_of(
                theirs.get(bot, ()), ours.get(bot, ()), marks, seen.get(wallets.get(bot, ""), {})
            )
        ),
    )
