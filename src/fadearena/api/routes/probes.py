"""`GET /healthz` and `GET /readyz`, for whoever starts and stops processes: open to everybody, and without secrets."""

from typing import Final

from fastapi import APIRouter, Request, Response

from fadearena.api.answers import answer
from fadearena.api.doors import Windows
from fadearena.api.errors import Problem, declared
from fadearena.api.routes.metrics import giving_of
from fadearena.api.schemas.probes import AliveShape, ReadyShape
from fadearena.model.error import StorageError
from fadearena.model.units import SECOND_MS
from fadearena.ports.heartbeat import worker_of

router = APIRouter(tags=["operations"])
LAG_MS: Final = 10 * SECOND_MS
LAG_ENTRIES: Final = 10_000
"""What is shown may lag by so much before this process counts as not ready."""
_ERRORS: Final = {status: meaning for status, meaning in declared().items() if status != 401}  # noqa: PLR2004 - nobody logs in here


@router.get(
    "/healthz",
    operation_id="getAlive",
    summary="Whether this process lives",
    response_model=AliveShape,
    responses=_ERRORS,
)
async def get_alive(request: Request) -> Response:
    """Answer: who can do that lives."""
    return answer(request, AliveShape(status="alive"))


@router.get(
    "/readyz",
    operation_id="getReady",
    summary="Whether this process can be asked: its database answers, and it shows what is so now",
    response_model=ReadyShape,
    responses=_ERRORS,
)
async def get_ready(request: Request, doors: Windows) -> Response:
    """
    Look at the database, and at how far what is shown lags behind.

    Raises:
        Problem: 503, it is not ready; why is said.
    """
    try:
        worker, shown = worker_of(await doors.heartbeats.beats()), await doors.records.position()
    except StorageError as error:
        raise Problem(503, "The database does not answer: the log and `fadearena doctor` say why") from error
    lag = giving_of(request).standing.lag.see(worker, shown, doors.clock.now_ms())
    if lag.ms > LAG_MS or lag.entries > LAG_ENTRIES:
        raise Problem(503, f"{lag.entries} entries of the journal are not shown yet: wait until they are")
    return answer(request, ReadyShape(status="ready", lag_entries=lag.entries, lag_ms=lag.ms))
