"""`GET /api/trades`: what bots traded, and what we did."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from fadearena.api.answers import Decimals, DecimalsParameter, answer
from fadearena.api.callers import Viewer
from fadearena.api.doors import Windows
from fadearena.api.errors import declared
from fadearena.api.paging import Limit
from fadearena.api.parameters import AssetParameter, BotIdParameter, EndTime, StartTime, check_span
from fadearena.api.schemas.models import Holding
from fadearena.api.schemas.trades import PaginationShape, TradeShape, TradesShape, Wanted
from fadearena.model.units import Side
from fadearena.ports.archive import Trade, TradeKind, TradePage, TradeQuery

router = APIRouter(tags=["history"])
_PAGES_MAX = 10_000_000
_KINDS = {Wanted.ALL: None, Wanted.BOT: TradeKind.BOT, Wanted.MINE: TradeKind.MINE}
_SIDES = {Side.BUY: Holding.LONG, Side.SELL: Holding.SHORT}

Page = Annotated[int, Query(ge=1, le=_PAGES_MAX, description="Number of the page, from 1.")]
Type = Annotated[Wanted, Query(alias="type", description="Whose trades: `bot` are the bots' own, `mine` ours.")]


@router.get(
    "/api/trades",
    operation_id="getTrades",
    summary="Trades of bots and of ours, the newest first",
    response_model=TradesShape,
    responses=declared(400),
)
async def get_trades(  # noqa: PLR0913, PLR0917 - the parameters of the contract
    request: Request,
    _caller: Viewer,
    doors: Windows,
    page: Page = 1,
    limit: Limit = 50,
    bot: BotIdParameter = None,
    wanted: Type = Wanted.ALL,
    since: StartTime = None,
    until: EndTime = None,
    asset: AssetParameter = None,
    decimals: DecimalsParameter = Decimals.NUMBER,
) -> Response:
    """Answer with a page of trades; a page behind the last one is empty."""
    check_span(since, until)
    query = TradeQuery(page=page, limit=limit, kind=_KINDS[wanted], bot=bot, coin=asset, since=since, until=until)
    found = await doors.archive.trades(query)
    return answer(request, _shape(query, found, is_simulated=doors.simulated), decimals)


def _shape(query: TradeQuery, found: TradePage, *, is_simulated: bool) -> TradesShape:
    return TradesShape(
        trades=tuple(trade_shape(trade, is_simulated=is_simulated) for trade in found.trades),
        pagination=PaginationShape(
            page=query.page, limit=query.limit, total=found.total, total_pages=-(-found.total // query.limit)
        ),
    )


def trade_shape(trade: Trade, *, is_simulated: bool) -> TradeShape:
    """Return a trade as the contract has it."""
    return TradeShape(
        id=str(trade.record_seq),
        type=trade.kind,
        bot_id=trade.bot,
        timestamp=trade.time,
        asset=trade.coin,
        side=_SIDES[trade.side],
        size=trade.quantity,
        price=trade.price,
        notional=trade.quantity * trade.price,
        pnl=trade.realised,
        simulated=is_simulated,
    )
