"""`POST /api/kill-switch` and `POST /api/trading-state`: everything is killed, released, paused, resumed."""

from typing import Final

from fastapi import APIRouter, Request, Response

from fadearena.api.answers import answer
from fadearena.api.desk import AtDesk, Desk, no_worker
from fadearena.api.doors import Doors
from fadearena.api.errors import Problem, declared
from fadearena.api.once import StopRoute
from fadearena.api.schemas.people import (
    KillSwitchAnswer,
    KillSwitchOrder,
    KillSwitchQueued,
    StateAnswer,
    TradingStateOrder,
    WantedState,
)
from fadearena.model.event import Kill, OperatorAction, Pause, Release, Resume
from fadearena.model.order import OrderStatus
from fadearena.model.trading import TradingState
from fadearena.ports.archive import Cut, OrderQuery
from fadearena.ports.control import ControlEntry, ControlState
from fadearena.ports.read_store import SystemView

QUEUED: Final = (
    "No worker answered: the stop is queued, NOT confirmed; it is the first thing that a worker will do. "
    "Until then what rests at the exchange or is held there may stay as it is: look whether a worker runs"
)
STATES: Final = {
    TradingState.ACTIVE: "Positions may open, grow and shrink",
    TradingState.REDUCING: "Positions only shrink",
    TradingState.HALTED: "No order leaves any more, and positions stay as they are",
    TradingState.FLATTENING: "No order leaves any more but those that close; it is halted once nothing is held",
}
router = APIRouter(tags=["stops"], route_class=StopRoute)


@router.post(
    "/api/kill-switch",
    operation_id="turnKillSwitch",
    summary="Stop everything at once, or release it",
    response_model=KillSwitchAnswer,
    responses={
        **declared(403, 409, 504),
        202: {"description": "No worker answered within two seconds: the stop is queued.", "model": KillSwitchQueued},
    },
)
async def turn_kill_switch(request: Request, desk: AtDesk, asked: KillSwitchOrder) -> Response:
    """
    Turn the kill switch.

    The answer comes once the stop is durable and the worker confirmed it, or after two seconds without a worker.
    """
    if not asked.active and await desk.doors.people.is_held():
        raise Problem(409, "The file KILL in the data directory keeps everything stopped: remove it, then release")
    entry = await desk.order(Kill(flatten=asked.flatten) if asked.active else Release(rejoin=asked.rejoin))
    system = await desk.doors.records.system()
    state = TradingState(system.state)
    shape, message = (KillSwitchQueued, QUEUED) if is_queued(entry) else (KillSwitchAnswer, STATES[state])
    is_flat = not is_queued(entry) and await _is_flat(desk.doors, system)
    stands = shape(kill_switch=system.is_killed, trading_state=state, flat=is_flat, message=message)
    return answer(request, stands, status=202 if is_queued(entry) else 200)


@router.post(
    "/api/trading-state",
    operation_id="setTradingState",
    summary="Pause, or resume",
    response_model=StateAnswer,
    responses={
        **declared(403, 409, 504),
        202: {"description": "No worker answered within two seconds: the stop is queued.", "model": StateAnswer},
    },
)
async def set_trading_state(request: Request, desk: AtDesk, asked: TradingStateOrder) -> Response:
    """Pause all increases, or end pauses and breached limits; a kill switch is released at its own endpoint."""
    entry = await desk.decide(lambda: _towards(desk, asked.state))
    return state_answer(request, entry, TradingState((await desk.doors.records.system()).state))


def is_queued(entry: ControlEntry) -> bool:
    """Tell whether a stop waits for a worker."""
    return entry.state is ControlState.QUEUED


def state_answer(request: Request, entry: ControlEntry | None, state: TradingState) -> Response:
    """Return how something stands since an order; `entry` is None where there was nothing to do."""
    if entry is not None and is_queued(entry):
        return answer(request, StateAnswer(state=state, confirmed=False, message=QUEUED), status=202)
    return answer(request, StateAnswer(state=state, confirmed=True, message=STATES[state]))


async def _towards(desk: Desk, wanted: WantedState) -> OperatorAction | None:
    """Return what leads to a state; None where it is there already."""
    system = await desk.doors.records.system()
    if wanted is WantedState.REDUCING:
        return Pause()
    if system.is_killed:
        raise Problem(409, 'The kill switch is on: POST /api/kill-switch {"active": false} releases it')
    if any(latch.scope == "all" for latch in system.latches):
        return Resume()
    if not await desk.doors.people.has_worker():  # a stop may be queued: it will do that first
        raise no_worker()
    return None


async def _is_flat(doors: Doors, system: SystemView) -> bool:
    """Tell whether it is halted and nothing is open: a flatten ends so once the exchange shows nothing."""
    if system.state != TradingState.HALTED or any(sleeve.size for sleeve in await doors.records.sleeves()):
        return False
    if await doors.archive.loose() or await doors.archive.drifts():
        return False
    unsettled = (OrderQuery(status=status, cut=Cut(limit=1)) for status in OrderStatus if not status.is_settled)
    return not any([await doors.archive.orders(query) for query in unsettled])
