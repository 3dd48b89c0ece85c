"""`GET /api/bots`: all bots side by side."""

import asyncio

from fastapi import APIRouter, Request, Response

from fadearena.api.answers import Decimals, DecimalsParameter, answer
from fadearena.api.bots import costs_of, latches_by_scope, latches_on, sighting_of, statistics_of
from fadearena.api.callers import Viewer
from fadearena.api.doors import Doors, Windows
from fadearena.api.errors import declared
from fadearena.api.schemas.bots import LeaderboardShape, LeaderShape
from fadearena.api.standing import venue_now
from fadearena.model.trading import TradingState

router = APIRouter(tags=["bots"])


@router.get(
    "/api/bots",
    operation_id="getBots",
    summary="All bots side by side: state, statistics, costs",
    response_model=LeaderboardShape,
    responses=declared(),
)
async def get_bots(
    request: Request, _caller: Viewer, doors: Windows, decimals: DecimalsParameter = Decimals.NUMBER
) -> Response:
    """Answer with all bots."""
    return answer(request, await _leaderboard(doors), decimals)


async def _leaderboard(doors: Doors) -> LeaderboardShape:
    records = doors.records
    (now, settings, bots), (system, accounts) = await asyncio.gather(
        asyncio.gather(venue_now(doors), records.settings(), records.bots()),
        asyncio.gather(records.system(), records.accounts()),
    )
    views = {view.id: view for view in bots}
    policies = () if settings is None else tuple(bot for bot in settings.policy.bots if bot.id in views)
    ledgers, wallets = await asyncio.gather(
        doors.archive.bot_ledgers(tuple(bot.id for bot in policies)),
        doors.sightings.wallets({bot.wallet for bot in policies}),
    )
    seen = {one.wallet: one for one in wallets}
    equities = {account.id: account.equity for account in accounts}
    latches = latches_by_scope(system.latches)
    return LeaderboardShape(
        bots=tuple(
            LeaderShape(
                id=bot.id,
                name=bot.name,
                wallet_address=bot.wallet,
                enabled=bot.enabled,
                direction=bot.direction,
                leverage_multiplier=bot.leverage_multiplier,
                account=bot.account,
                state=TradingState(views[bot.id].state),
                latches=latches_on(bot, latches),
                sighting=sighting_of(seen.get(bot.wallet)),
                statistics=statistics_of(views[bot.id], ledgers[bot.id], equities.get(bot.account), now),
                costs=costs_of(views[bot.id], ledgers[bot.id]),
            )
            for bot in policies
        )
    )
