"""`GET /api/orders` and `GET /api/orders/{cloid}`: what was ordered, and what became of it."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from fadearena.api.answers import Decimals, DecimalsParameter, answer
from fadearena.api.callers import Viewer
from fadearena.api.doors import Windows
from fadearena.api.errors import Problem, declared
from fadearena.api.paging import Cursor, Limit, cursor_after, cut_of
from fadearena.api.parameters import AccountParameter, AssetParameter, BotIdParameter
from fadearena.api.schemas.order_history import OrderShape, OrdersShape, OrderStoryShape
from fadearena.model.order import OrderStatus
from fadearena.ports.archive import OrderQuery

router = APIRouter(tags=["history"])

StatusParameter = Annotated[OrderStatus | None, Query(description="Only orders that stand there.")]
CloidParameter = Annotated[
    str,
    Path(
        max_length=64,
        description="The order's client order id: 0x and 32 hex digits.",
        examples=["0x6d1f4b0c9a3e48d2b7c5e1f00a9d8c7b"],
    ),
]


@router.get(
    "/api/orders",
    operation_id="getOrders",
    summary="Our orders as they stand",
    response_model=OrdersShape,
    responses=declared(400),
)
async def get_orders(  # noqa: PLR0913, PLR0917 - one for each filter
    request: Request,
    _caller: Viewer,
    doors: Windows,
    bot: BotIdParameter = None,
    account: AccountParameter = None,
    asset: AssetParameter = None,
    status: StatusParameter = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    decimals: DecimalsParameter = Decimals.NUMBER,
) -> Response:
    """Answer with a page of orders."""
    query = OrderQuery(cut=cut_of(cursor, limit), bot=bot, account=account, coin=asset, status=status)
    found = await doors.archive.orders(query)
    page = OrdersShape(
        orders=tuple(map(OrderShape.of, found)),
        next_cursor=cursor_after([logged.record_seq for logged in found], limit),
    )
    return answer(request, page, decimals)


@router.get(
    "/api/orders/{cloid}",
    operation_id="getOrder",
    summary="An order with all its transitions, its decision and its fills",
    response_model=OrderStoryShape,
    responses=declared(404),
)
async def get_order(
    request: Request,
    _caller: Viewer,
    doors: Windows,
    cloid: CloidParameter,
    decimals: DecimalsParameter = Decimals.NUMBER,
) -> Response:
    """Answer with everything about one order."""
    story = await doors.archive.order(cloid.lower())
    if story is None:
        raise Problem(404, f"There is no order {cloid}: GET /api/orders lists them")
    return answer(request, OrderStoryShape.of(story), decimals)
