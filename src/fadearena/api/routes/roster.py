"""Bots that come, change and go, are paused, killed and released, while trading runs."""

from collections.abc import Callable
from typing import Final, assert_never

import msgspec
from fastapi import APIRouter, Request, Response

from fadearena.api.answers import Decimals, DecimalsParameter, answer
from fadearena.api.changes import Wrong, changed_bot, new_bot
from fadearena.api.desk import AtDesk, Desk, no_worker, policy_in_force
from fadearena.api.errors import Problem, declared
from fadearena.api.once import OnceRoute, StopRoute
from fadearena.api.paths import BotIdPath
from fadearena.api.routes.stops import state_answer
from fadearena.api.schemas.changes import BotGone, BotTaken, BotUpdate, NewBot
from fadearena.api.schemas.people import BotStateOrder, CoinOrder, Done, StateAnswer, WantedBotState
from fadearena.api.schemas.settings import BotSettingsShape
from fadearena.model.event import ChangeBots, Kill, OperatorAction, Pause, Reanchor, Rejoin, Release, Resume
from fadearena.model.policy import BotPolicy, Policy
from fadearena.model.trading import TradingState
from fadearena.ports.control import ControlEntry
from fadearena.ports.read_store import BotView

router = APIRouter(tags=["bots"], route_class=OnceRoute)
_stops = APIRouter(route_class=StopRoute)
_QUEUED: Final = {"description": "No worker answered within two seconds: the stop is queued.", "model": StateAnswer}
_WRONG: Final = (400, 403, 409, 504)
_STOPS: Final = frozenset({"kill", "flatten"})
_SWITCHED_OFF: Final = frozenset({"disabled"})


@router.post(
    "/api/bots",
    status_code=201,
    operation_id="addBot",
    summary="Follow one more wallet",
    response_model=BotTaken,
    responses=declared(*_WRONG),
)
async def add_bot(
    request: Request, desk: AtDesk, asked: NewBot, decimals: DecimalsParameter = Decimals.NUMBER
) -> Response:
    """Follow one more wallet from now on; POST /api/bots/preview shows beforehand what it is and holds."""

    def chosen(policy: Policy) -> ChangeBots:
        if any(bot.id == asked.id for bot in policy.bots):
            raise Problem(409, f"There is a bot {asked.id} already: PATCH /api/bots/{asked.id} changes it")
        return ChangeBots(put=(new_bot(policy, asked),))

    await _change(desk, chosen)
    return await _taken(request, desk, asked.id, decimals, status=201)


@router.patch(
    "/api/bots/{botId}",
    operation_id="changeBot",
    summary="Change how a bot is followed",
    response_model=BotTaken,
    responses=declared(404, *_WRONG),
)
async def change_bot(
    request: Request,
    desk: AtDesk,
    bot: BotIdPath,
    asked: BotUpdate,
    decimals: DecimalsParameter = Decimals.NUMBER,
) -> Response:
    """Change some of a bot's settings; `enabled` false only closes what is held because of it."""

    def chosen(policy: Policy) -> ChangeBots | None:
        old = _of(policy, bot)
        new = changed_bot(policy, old, asked)
        return None if new == old else ChangeBots(put=(new,))

    await _change(desk, chosen)
    return await _taken(request, desk, bot, decimals, status=200)


@router.delete(
    "/api/bots/{botId}",
    operation_id="removeBot",
    summary="Forget a bot; only when it is flat",
    response_model=BotGone,
    responses=declared(404, *_WRONG),
)
async def remove_bot(request: Request, desk: AtDesk, bot: BotIdPath) -> Response:
    """
    Forget a bot; its history stays.

    Refused (409) while we hold something because of it: POST /api/bots/{botId}/flatten closes that.
    """
    if any(sleeve.bot == bot and sleeve.size for sleeve in await desk.doors.records.sleeves()):
        advice = f"POST /api/bots/{bot}/flatten closes it, then delete it again"
        raise Problem(409, f"We hold something because of {bot}: {advice}")

    def chosen(policy: Policy) -> ChangeBots:
        return ChangeBots(drop=(_of(policy, bot).id,))

    await _change(desk, chosen)
    return answer(request, BotGone(id=bot, version=(await policy_in_force(desk.doors)).version))


@_stops.post(
    "/api/bots/{botId}/state",
    operation_id="setBotState",
    summary="Pause, resume, kill or release one bot",
    response_model=StateAnswer,
    responses={**declared(404, *_WRONG), 202: _QUEUED},
)
async def set_bot_state(
    request: Request,
    desk: AtDesk,
    bot: BotIdPath,
    asked: BotStateOrder,
) -> Response:
    """Bring a bot into a state; one that is switched off (`enabled` false) never gets beyond `reducing`."""
    await _view(desk, bot)
    match asked.state:
        case WantedBotState.REDUCING:
            entry: ControlEntry | None = await desk.order(Pause(bot=bot))
        case WantedBotState.HALTED:
            entry = await desk.order(Kill(bot=bot))
        case WantedBotState.ACTIVE:
            entry = await _activate(desk, bot, Release(bot=bot, rejoin=asked.rejoin))
        case _:
            assert_never(asked.state)
    return state_answer(request, entry, TradingState((await _view(desk, bot)).state))


@_stops.post(
    "/api/bots/{botId}/flatten",
    operation_id="flattenBot",
    summary="Close what is held because of a bot, and kill it",
    response_model=StateAnswer,
    responses={**declared(404, *_WRONG), 202: _QUEUED},
)
async def flatten_bot(request: Request, desk: AtDesk, bot: BotIdPath) -> Response:
    """Close what is held because of a bot; it is `halted` then, until its state is set to `active`."""
    await _view(desk, bot)
    entry = await desk.order(Kill(bot=bot, flatten=True))
    return state_answer(request, entry, TradingState((await _view(desk, bot)).state))


@router.post(
    "/api/bots/{botId}/reanchor",
    operation_id="reanchorBot",
    summary="Size a bot's open positions by the settings of now",
    response_model=Done,
    responses=declared(404, *_WRONG),
)
async def reanchor_bot(
    request: Request,
    desk: AtDesk,
    bot: BotIdPath,
    asked: CoinOrder | None = None,
) -> Response:
    """Take the ratio of open positions anew; where that is more than before, they grow with the bot's next growth."""
    await _view(desk, bot)
    await desk.order(Reanchor(bot=bot, coin=asked.asset if asked else None))
    return answer(request, Done(message="Open positions are sized by the settings of now"))


@router.post(
    "/api/bots/{botId}/rejoin",
    operation_id="rejoinBot",
    summary="Make up for increases that were missed",
    response_model=Done,
    responses=declared(404, *_WRONG),
)
async def rejoin_bot(
    request: Request,
    desk: AtDesk,
    bot: BotIdPath,
    asked: CoinOrder | None = None,
) -> Response:
    """Take up once what a bot holds now and we do not, as far as the limits permit."""
    await _view(desk, bot)
    await desk.order(Rejoin(bot=bot, coin=asked.asset if asked else None))
    return answer(request, Done(message="Increases that were missed are made up for, as far as the limits permit"))


async def _change(desk: Desk, chosen: Callable[[Policy], ChangeBots | None]) -> None:
    """Change the bots of the settings in force."""

    async def choose() -> OperatorAction | None:
        policy = await policy_in_force(desk.doors)
        action = chosen(policy)
        return None if action is None else msgspec.structs.replace(action, expected_version=policy.version)

    try:
        await desk.decide(choose)
    except Wrong as wrong:
        raise Problem(400, str(wrong), reasons=list(wrong.errors)) from None


async def _activate(desk: Desk, bot: str, release: Release) -> ControlEntry | None:
    """End whatever stops a bot: what a release ends, then what a resume does; None where nothing stopped it."""

    async def stopped() -> OperatorAction | None:
        return release if _STOPS & await _latches(desk, bot) else None

    async def paused() -> OperatorAction | None:
        return Resume(bot=bot) if await _latches(desk, bot) - _STOPS - _SWITCHED_OFF else None

    released = await desk.decide(stopped)
    entry = await desk.decide(paused, part=2) or released
    if entry is None and not await desk.doors.people.has_worker():  # a stop may be queued: it will do that first
        raise no_worker()
    return entry


async def _latches(desk: Desk, bot: str) -> frozenset[str]:
    """Return what stops a bot by itself."""
    return frozenset(each.latch for each in (await desk.doors.records.system()).latches if each.scope == f"bot:{bot}")


async def _taken(request: Request, desk: Desk, bot: str, decimals: Decimals, *, status: int) -> Response:
    policy = await policy_in_force(desk.doors)
    shape = BotSettingsShape.model_validate(_of(policy, bot), from_attributes=True)
    return answer(request, BotTaken(bot=shape, version=policy.version), decimals, status=status)


def _of(policy: Policy, bot: str) -> BotPolicy:
    for each in policy.bots:
        if each.id == bot:
            return each
    raise _unknown(bot)


async def _view(desk: Desk, bot: str) -> BotView:
    for view in await desk.doors.records.bots():
        if view.id == bot:
            return view
    raise _unknown(bot)


def _unknown(bot: str) -> Problem:
    return Problem(404, f"There is no bot {bot}: GET /api/models names them all")


router.include_router(_stops)
