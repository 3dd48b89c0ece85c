"""`POST /api/bots/preview`: what a wallet is and holds, as the worker reads it, before it is followed."""

from typing import Final

from fastapi import APIRouter, Request, Response

from fadearena.api.answers import Decimals, DecimalsParameter, answer
from fadearena.api.desk import AtDesk
from fadearena.api.doors import Doors
from fadearena.api.errors import Problem, declared
from fadearena.api.once import OnceRoute
from fadearena.api.schemas.people import Preview, PreviewOrder, PreviewPosition
from fadearena.model.ids import Address
from fadearena.model.typed import typed_address
from fadearena.model.units import SECOND_MS, EpochMs
from fadearena.ports.inquiries import A_MINUTE, KEPT_MS, WalletLook

router = APIRouter(tags=["bots"], route_class=OnceRoute)
_ANSWER_MS: Final = 10 * SECOND_MS
_LOOK_MS: Final[EpochMs] = 50


@router.post(
    "/api/bots/preview",
    operation_id="previewBot",
    summary="What a wallet is and holds, before it is followed",
    response_model=Preview,
    responses=declared(400, 403, 429, 504),
)
async def preview_bot(
    request: Request, desk: AtDesk, asked: PreviewOrder, decimals: DecimalsParameter = Decimals.NUMBER
) -> Response:
    """Have the worker read a wallet: one after the other, with what its own work leaves of the exchange's limits."""
    wallet = typed_address(asked.wallet)
    doors = desk.doors
    if not await doors.people.has_worker():
        raise Problem(503, "No worker is running, and only it may ask the exchange: start one with `fadearena up`")
    look = await _look(doors, wallet)
    if look.error:
        raise Problem(503, f"The wallet could not be read: {look.error}", headers={"Retry-After": "10"})
    bots = await doors.records.bots()
    shown = Preview(
        wallet=wallet,
        time=look.time,
        role=look.role,
        may_be_followed=None if look.role is None else look.role.may_be_followed,
        bot_id=next((bot.id for bot in bots if bot.wallet == wallet), None),
        equity=look.equity,
        positions=tuple(
            PreviewPosition(
                asset=held.coin,
                side="long" if held.size > 0 else "short",
                size=abs(held.size),
                entry_price=held.entry,
            )
            for held in look.positions
        ),
        dexs_left_out=look.dexs_left_out,
    )
    return answer(request, shown, decimals)


async def _look(doors: Doors, wallet: Address) -> WalletLook:
    """
    Ask the worker, and wait for its answer.

    Raises:
        Problem: 429, it was asked too often; 504, it does not answer.
    """
    began = doors.clock.now_ms()
    inquiry = await doors.inquiries.ask(wallet, began)
    if inquiry is None:
        detail = f"At most {A_MINUTE} wallets are looked at within a minute: try again later"
        raise Problem(429, detail, headers={"Retry-After": str(KEPT_MS // SECOND_MS)})
    while doors.clock.now_ms() < began + _ANSWER_MS:
        await doors.clock.sleep_until(doors.clock.now_ms() + _LOOK_MS)
        if look := await doors.inquiries.answer_to(inquiry):
            return look
    raise Problem(504, "The worker did not answer in time: the exchange's limits are used up at present; try again")
