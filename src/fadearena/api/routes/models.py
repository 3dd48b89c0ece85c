"""`GET /api/models`: every bot with what it holds and what it brought us."""

import asyncio
from collections.abc import Iterable, Mapping

from fastapi import APIRouter, Request, Response

from fadearena.api.answers import Decimals, DecimalsParameter, answer
from fadearena.api.bots import by_bot
from fadearena.api.callers import Viewer
from fadearena.api.doors import Doors, Windows
from fadearena.api.errors import declared
from fadearena.api.schemas.models import (
    Holding,
    MirroredShape,
    ModelShape,
    ModelsShape,
    PositionShape,
    StatsShape,
)
from fadearena.api.standing import day_net, venue_now
from fadearena.model.ids import Coin
from fadearena.model.position import average_price, unrealised
from fadearena.model.record import FollowUpdate, SleeveUpdate
from fadearena.model.sums import notional
from fadearena.model.units import ZERO, EpochMs, Price, Size, Usd
from fadearena.ports.archive import Mark
from fadearena.ports.read_store import BotView
from fadearena.ports.sightings import Sighting

router = APIRouter(tags=["overview"])
_NOTHING = StatsShape(
    total_trades=0, win_rate=None, total_pnl=ZERO, daily_pnl=ZERO, fees=ZERO, funding=ZERO, tracking_error=None
)
_UNKNOWN = StatsShape(
    total_trades=None, win_rate=None, total_pnl=None, daily_pnl=None, fees=None, funding=None, tracking_error=None
)


@router.get(
    "/api/models",
    operation_id="getModels",
    summary="Every bot with its positions, ours that mirror them, and statistics",
    response_model=ModelsShape,
    responses=declared(),
)
async def get_models(
    request: Request, _caller: Viewer, doors: Windows, decimals: DecimalsParameter = Decimals.NUMBER
) -> Response:
    """Answer with all bots."""
    return answer(request, await _models(doors), decimals)


async def _models(doors: Doors) -> ModelsShape:
    records = doors.records
    now, settings, bots, marks, (all_sources, all_sleeves) = await asyncio.gather(
        venue_now(doors),
        records.settings(),
        records.bots(),
        doors.archive.marks(),
        asyncio.gather(records.sources(), records.sleeves()),
    )
    views = {view.id: view for view in bots}
    sources, sleeves = by_bot(all_sources), by_bot(all_sleeves)
    policies = () if settings is None else settings.policy.bots
    seen = {one.wallet: one for one in await doors.sightings.wallets({bot.wallet for bot in policies})}
    return ModelsShape(
        bots=tuple(
            ModelShape(
                id=bot.id,
                name=bot.name,
                wallet_address=bot.wallet,
                enabled=bot.enabled,
                direction=bot.direction,
                leverage_multiplier=bot.leverage_multiplier,
                account=bot.account,
                current_positions=_positions(sources[bot.id], marks, seen.get(bot.wallet)),
                my_mirrored_positions=_mirrored(sleeves[bot.id], marks),
                stats=_stats(views.get(bot.id), now, is_held=bool(sleeves[bot.id])),
            )
            for bot in policies
        )
    )


def holding_of(size: Size) -> Holding:
    """Return which way a position points that is not flat."""
    return Holding.LONG if size > 0 else Holding.SHORT


def _positions(
    sources: Iterable[FollowUpdate], marks: Mapping[Coin, Mark], seen: Sighting | None
) -> tuple[PositionShape, ...]:
    leverages = seen.leverages if seen else {}
    return tuple(
        PositionShape(
            asset=source.coin,
            side=holding_of(source.position),
            size=abs(source.position),
            notional=notional(source.position, _price(marks, source.coin)),
            entry_price=source.entry,
            unrealized_pnl=_unrealised(source.position, source.entry, _price(marks, source.coin)),
            leverage=leverages.get(source.coin),
        )
        for source in sources
    )


def _mirrored(sleeves: Iterable[SleeveUpdate], marks: Mapping[Coin, Mark]) -> tuple[MirroredShape, ...]:
    return tuple(
        MirroredShape(
            asset=sleeve.coin,
            side=holding_of(sleeve.size),
            size=abs(sleeve.size),
            notional=notional(sleeve.size, _price(marks, sleeve.coin)),
            entry_price=average_price(sleeve.size, sleeve.cost),
            unrealized_pnl=_worth(sleeve, _price(marks, sleeve.coin)),
        )
        for sleeve in sleeves
        if sleeve.size
    )


def _price(marks: Mapping[Coin, Mark], coin: Coin) -> Price | None:
    return marks[coin].price if coin in marks else None


def _unrealised(size: Size, entry: Price | None, mark: Price | None) -> Usd | None:
    return None if entry is None or mark is None else unrealised(size, size * entry, mark)


def _worth(sleeve: SleeveUpdate, mark: Price | None) -> Usd | None:
    return None if mark is None else unrealised(sleeve.size, sleeve.cost, mark)


def _stats(view: BotView | None, now: EpochMs, *, is_held: bool) -> StatsShape:
    """Return what a bot brought us; one for which nothing was ever held or wanted brought nothing."""
    performance = None if view is None else view.performance
    if view is None or performance is None:
        return _UNKNOWN if is_held else _NOTHING
    return StatsShape(
        total_trades=performance.fills,
        win_rate=performance.win_rate,
        total_pnl=performance.net,
        daily_pnl=day_net(view, now),
        fees=performance.fees,
        funding=performance.funding,
        tracking_error=performance.tracking_error,
    )
