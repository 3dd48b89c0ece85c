"""`GET /api/bots/{botId}`: everything about one bot."""

import asyncio
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from fadearena.api.answers import Decimals, DecimalsParameter, answer
from fadearena.api.callers import Viewer
from fadearena.api.curves import Span, span_of
from fadearena.api.doors import Doors, Windows
from fadearena.api.errors import Problem, declared
from fadearena.api.parameters import EndTime, StartTime
from fadearena.api.paths import BotIdPath
from fadearena.api.schemas.bot import (
    BotCurveShape,
    BotPointShape,
    BotPositionShape,
    BotShape,
    BotStatisticsShape,
    CostsShape,
    LatchShape,
    SightingShape,
    SleeveShape,
    SourceShape,
)
from fadearena.api.schemas.equity import Interval
from fadearena.api.schemas.settings import BotSettingsShape
from fadearena.api.standing import day_net, venue_now
from fadearena.model.curve import by_time
from fadearena.model.ids import BotId, Coin
from fadearena.model.position import average_price, unrealised
from fadearena.model.record import FollowUpdate, SleeveUpdate
from fadearena.model.sums import growth, notional
from fadearena.model.trading import TradingState
from fadearena.model.units import EpochMs, Ratio, Usd
from fadearena.ports.archive import BotLedger, CurveQuery, Mark
from fadearena.ports.read_store import BotView
from fadearena.ports.sightings import Sighting

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
    (now, settings, bots), (system, accounts, ledger), (sources, sleeves, marks) = await asyncio.gather(
        asyncio.gather(venue_now(doors), records.settings(), records.bots()),
        asyncio.gather(records.system(), records.accounts(), archive.bot_ledger(bot)),
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
    scopes = {"all", f"account:{policy.account}", f"bot:{bot}"}
    shape = BotShape(
        settings=BotSettingsShape.model_validate(policy, from_attributes=True),
        state=TradingState(view.state),
        latches=tuple(
            LatchShape(scope=each.scope, latch=each.latch, actor=each.actor, since=each.since, reason=each.reason)
            for each in system.latches
            if each.scope in scopes
        ),
        sighting=None if sighting is None else _sighting(sighting),
        statistics=_statistics(view, ledger, equity, now),
        costs=_costs(view, ledger),
        positions=_positions(
            {each.coin: each for each in sources if each.bot == bot},
            {each.coin: each for each in sleeves if each.bot == bot},
            marks,
            {} if sighting is None else sighting.leverages,
        ),
        curve=curve,
    )
    return answer(request, shape, decimals)


def _sighting(seen: Sighting) -> SightingShape:
    return SightingShape(
        feed=seen.feed,
        heard=seen.heard,
        read=seen.read,
        last_trade=seen.last_trade,
        equity=seen.equity,
        equity_time=seen.equity_time,
    )


def _statistics(view: BotView, ledger: BotLedger, equity: Usd | None, now: EpochMs) -> BotStatisticsShape:
    brought = view.performance
    return BotStatisticsShape(
        as_of=view.performance_time,
        net=None if brought is None else brought.net,
        day_net=day_net(view, now),
        roi=_roi(view, equity),
        source_roi=growth(ledger.source_first, ledger.source_last),
        max_drawdown=ledger.drawdown_usd,
        source_max_drawdown=ledger.source_drawdown,
        round_trips=None if brought is None else brought.round_trips,
        win_rate=None if brought is None else brought.win_rate,
        fills=None if brought is None else brought.fills,
        bot_trades=ledger.bot_trades,
        traded=None if brought is None else brought.traded_usd,
        reaction_ms=None if brought is None else brought.reaction_ms,
        tracking_error=None if brought is None else brought.tracking_error,
    )


def _roi(view: BotView, equity: Usd | None) -> Ratio | None:
    """Return what it brought as a ratio of what our account would hold without it."""
    if view.performance is None or equity is None:
        return None
    return growth(equity - view.performance.net, equity)


def _costs(view: BotView, ledger: BotLedger) -> CostsShape:
    brought = view.performance
    return CostsShape(
        fees=None if brought is None else brought.fees,
        funding=None if brought is None else brought.funding,
        slippage_bps=None if brought is None else brought.slippage_bps,
        slippage=None if brought is None else brought.slippage_usd,
        crossing_saved=None if brought is None else brought.crossed_saved_usd,
        missed=ledger.skipped,
    )


def _positions(
    sources: Mapping[Coin, FollowUpdate],
    sleeves: Mapping[Coin, SleeveUpdate],
    marks: Mapping[Coin, Mark],
    leverages: Mapping[Coin, int],
) -> tuple[BotPositionShape, ...]:
    return tuple(
        BotPositionShape(
            asset=coin,
            mark=marks[coin].price if coin in marks else None,
            mark_time=marks[coin].time if coin in marks else None,
            source=_source(sources[coin], marks.get(coin), leverages.get(coin)) if coin in sources else None,
            ours=_sleeve(sleeves[coin], marks.get(coin)) if coin in sleeves else None,
        )
        for coin in sorted({*sources, *sleeves})
    )


def _source(source: FollowUpdate, mark: Mark | None, leverage: int | None) -> SourceShape:
    entry = source.entry
    known = None if mark is None or entry is None else unrealised(source.position, source.position * entry, mark.price)
    return SourceShape(
        size=source.position,
        followed=source.followed,
        baseline=source.baseline,
        confidence=source.confidence,
        entry_price=entry,
        leverage=leverage,
        unrealized_pnl=known,
    )


def _sleeve(sleeve: SleeveUpdate, mark: Mark | None) -> SleeveShape:
    return SleeveShape(
        size=sleeve.size,
        target=sleeve.target,
        gap=sleeve.target - sleeve.size,
        ratio=sleeve.ratio,
        entry_price=average_price(sleeve.size, sleeve.cost),
        notional=None if mark is None else notional(sleeve.size, mark.price),
        unrealized_pnl=None if mark is None else unrealised(sleeve.size, sleeve.cost, mark.price),
        realised=sleeve.realised,
        fees=sleeve.fees,
        funding=sleeve.funding,
    )


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
