"""`GET /api/health`: whether everything works. It looks at what others said; that it answers proves nothing."""

from http import HTTPStatus

import structlog
from fastapi import APIRouter, Request, Response

from fadearena.api.answers import answer
from fadearena.api.callers import Viewer
from fadearena.api.doors import Doors, Windows
from fadearena.api.errors import declared
from fadearena.api.schemas.health import (
    Check,
    ChecksShape,
    DatabaseCheck,
    FeedCheck,
    Health,
    HealthShape,
    HyperliquidCheck,
    WorkerCheck,
)
from fadearena.api.standing import present_sight
from fadearena.kit.exposition import parsed
from fadearena.kit.histograms import distributions
from fadearena.model.error import StorageError
from fadearena.model.policy import Mode
from fadearena.model.units import SECOND_MS, EpochMs
from fadearena.ports.heartbeat import Beat, worker_of
from fadearena.ports.sightings import FeedState, Sight

log = structlog.get_logger(__name__)
router = APIRouter(tags=["overview"])
_DETECTION = "fadearena_detection_seconds"
_NO_EXCHANGE = HyperliquidCheck(status=Check.UNKNOWN, latency=None, last_successful_call=None)
_NO_WORKER = WorkerCheck(status=Check.DOWN, last_seen_at=None, heartbeat_age=None, mode=None, kill_switch=None)


@router.get(
    "/api/health",
    operation_id="getHealth",
    summary="Whether database, worker, exchange and feeds do what they should",
    response_model=HealthShape,
    responses={
        **declared(),
        503: {**declared()[503], "model": HealthShape, "description": "The database is down, or the worker is dead."},
    },
)
async def get_health(request: Request, _caller: Viewer, doors: Windows) -> Response:
    """Answer with 200 where it works, if not at its best, else with 503."""
    found = await _health(doors)
    is_down = found.status is Health.UNHEALTHY
    return answer(request, found, status=HTTPStatus.SERVICE_UNAVAILABLE if is_down else HTTPStatus.OK)


async def _health(doors: Doors) -> HealthShape:
    now = doors.clock.now_ms()
    try:
        checks = await _checks(doors, now)
    except StorageError as error:
        log.warning("database_down", error=str(error))
        checks = ChecksShape(
            database=DatabaseCheck(status=Check.DOWN, latency=None),
            hyperliquid=_NO_EXCHANGE,
            worker=_NO_WORKER.model_copy(update={"status": Check.UNKNOWN}),
            feeds=(),
        )
    return HealthShape(status=_overall(checks), checks=checks, timestamp=now)


async def _checks(doors: Doors, now: EpochMs) -> ChecksShape:
    system = await doors.records.system()
    latency = doors.clock.now_ms() - now
    beat = worker_of(await doors.heartbeats.beats())
    sight = present_sight(await doors.sightings.sight(), now)
    return ChecksShape(
        database=DatabaseCheck(status=Check.OK, latency=max(latency, 0)),
        hyperliquid=_NO_EXCHANGE if sight is None else _exchange(sight, beat, now),
        worker=_worker(beat, now, is_killed=system.is_killed),
        feeds=() if sight is None else _feeds(sight, now),
    )


def _overall(checks: ChecksShape) -> Health:
    if checks.database.status is not Check.OK or checks.worker.status in {Check.DOWN, Check.UNKNOWN}:
        return Health.UNHEALTHY
    is_well = checks.worker.status is Check.OK and checks.hyperliquid.status is Check.OK
    return Health.HEALTHY if is_well else Health.DEGRADED


def _worker(beat: Beat | None, now: EpochMs, *, is_killed: bool) -> WorkerCheck:
    if beat is None:
        return _NO_WORKER.model_copy(update={"kill_switch": is_killed})
    status = Check.OK if beat.status == "running" else Check.DEGRADED
    return WorkerCheck(
        status=status if beat.is_alive(now) else Check.DOWN,
        last_seen_at=beat.time,
        heartbeat_age=max(now - beat.time, 0),
        mode=Mode(beat.mode),
        kill_switch=is_killed,
    )


def _exchange(sight: Sight, beat: Beat | None, now: EpochMs) -> HyperliquidCheck:
    wanted = [feed.state for feed in sight.feeds if feed.state is not FeedState.OFF]
    ages = [age for feed in _feeds(sight, now) if (age := feed.last_message_age) is not None]
    if not wanted:
        status = Check.UNKNOWN
    elif FeedState.OK not in wanted:
        status = Check.DOWN
    else:
        status = Check.OK if set(wanted) == {FeedState.OK} else Check.DEGRADED
    return HyperliquidCheck(
        status=status, latency=_latency(beat), last_successful_call=now - min(ages) if ages else None
    )


def _latency(beat: Beat | None) -> int | None:
    """Return the median time that trades were on their way, by the feed that told most of them first."""
    told = distributions(parsed("" if beat is None else beat.metrics))
    of_feeds = [one for one in told if one.name == _DETECTION and one.count]
    busiest = max(of_feeds, key=lambda one: one.count, default=None)
    median = None if busiest is None else busiest.quantile(0.5)
    return None if median is None else round(median * SECOND_MS)


def _feeds(sight: Sight, now: EpochMs) -> tuple[FeedCheck, ...]:
    """Return the feeds, with ages as of now: what was seen is some seconds old itself."""
    older = max(now - sight.time, 0)
    return tuple(
        FeedCheck(
            name=feed.name,
            status=feed.state,
            last_message_age=None if feed.heard is None else max(sight.now - feed.heard, 0) + older,
        )
        for feed in sight.feeds
    )
