"""`GET /api/feeds`."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from fastapi import APIRouter, Request, Response

from fadearena.api.answers import answer
from fadearena.api.callers import Viewer
from fadearena.api.doors import Windows
from fadearena.api.errors import declared
from fadearena.api.schemas.feeds import (
    FeedShape,
    FeedsShape,
    IdleBotShape,
    LaneShape,
    RateShape,
    WalletsShape,
    WorkerRole,
    WorkerShape,
)
from fadearena.api.standing import present_sight
from fadearena.model.ids import Address
from fadearena.model.units import EpochMs
from fadearena.ports.heartbeat import Beat
from fadearena.ports.read_store import BotView
from fadearena.ports.sightings import FeedStatus, RateUse, Sighting, is_idle, quiet_ms

router = APIRouter(tags=["operations"])
_IDLE_MAX: Final = 200
_ROLES: Final = {"worker": WorkerRole.ACTIVE, "standby": WorkerRole.STANDBY}


@router.get(
    "/api/feeds",
    operation_id="getFeeds",
    summary="What the worker sees: feeds and their ages, the rate budget by lane, idle bots, worker processes",
    response_model=FeedsShape,
    responses=declared(),
)
async def get_feeds(request: Request, _caller: Viewer, doors: Windows) -> Response:
    """Read what the worker showed last."""
    now = doors.clock.now_ms()
    sight, beats = await asyncio.gather(doors.sightings.sight(), doors.heartbeats.beats())
    wallets = {one.wallet: one for one in await doors.sightings.wallets()}
    workers = _workers(beats, now)
    if sight is None:
        return answer(request, _nothing(wallets, workers))
    shape = FeedsShape(
        as_of=sight.time,
        is_current=present_sight(sight, now) is not None,
        feeds=[_feed(feed, sight.now) for feed in sight.feeds],
        rate=None if sight.rate is None else _rate(sight.rate, sight.now),
        wallets=_wallets(wallets, sight.now),
        idle_bots=_idle(await doors.records.bots(), wallets, sight.now),
        workers=workers,
    )
    return answer(request, shape)


def _nothing(wallets: Mapping[Address, Sighting], workers: list[WorkerShape]) -> FeedsShape:
    seen = WalletsShape(total=len(wallets), read=0, oldest_read_ms=None)
    return FeedsShape(as_of=None, is_current=False, feeds=[], rate=None, wallets=seen, idle_bots=[], workers=workers)


def _workers(beats: Iterable[Beat], now: EpochMs) -> list[WorkerShape]:
    """Return the worker processes; a standby that became the worker said so under both names, and is one of them."""
    shown = {beat.process: beat for beat in beats if beat.process in _ROLES and beat.status != "stopped"}
    worker, standby = shown.get("worker"), shown.get("standby")
    if worker is not None and standby is not None and standby.pid == worker.pid and not standby.is_alive(now):
        del shown["standby"]
    return [
        WorkerShape(id=f"{name}:{shown[name].pid}", role=role, last_seen_at=shown[name].time)
        for name, role in _ROLES.items()
        if name in shown
    ]


def _feed(feed: FeedStatus, now: EpochMs) -> FeedShape:
    return FeedShape(
        name=feed.name,
        state=feed.state,
        age_ms=None if feed.heard is None else max(now - feed.heard, 0),
        connections=feed.connections,
        wanted=feed.wanted,
        confirmed=feed.confirmed,
        refused=list(feed.refused),
        round_ms=feed.round_ms,
        counts=feed.counts,
    )


def _rate(rate: RateUse, now: EpochMs) -> RateShape:
    lanes = [
        LaneShape(
            lane=lane.lane,
            used=lane.used,
            limit=lane.most,
            waiting=lane.waiting,
            refusals=lane.refusals,
            paused_ms=0 if lane.paused_until is None else max(lane.paused_until - now, 0),
        )
        for lane in rate.lanes
    ]
    return RateShape(per_minute=rate.per_minute, used=rate.used, lanes=lanes)


def _wallets(wallets: Mapping[Address, Sighting], now: EpochMs) -> WalletsShape:
    read = [one.read for one in wallets.values() if one.read is not None]
    oldest = max(now - min(read), 0) if read else None
    return WalletsShape(total=len(wallets), read=len(read), oldest_read_ms=oldest)


def _idle(bots: Sequence[BotView], wallets: Mapping[Address, Sighting], now: EpochMs) -> list[IdleBotShape]:
    found = [
        IdleBotShape(id=bot.id, name=bot.name, quiet_ms=quiet)
        for bot in bots
        if bot.enabled and is_idle(one := wallets.get(bot.wallet), now) and (quiet := quiet_ms(one, now)) is not None
    ]
    return sorted(found, key=lambda bot: (-bot.quiet_ms, bot.id))[:_IDLE_MAX]
