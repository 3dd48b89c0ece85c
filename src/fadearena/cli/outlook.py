"""What the worker sees, in `status`: its feeds, its rate budget, its wallets, and which bots do not trade any more."""

from collections.abc import Iterable
from typing import Any

import msgspec
from rich.table import Table

from fadearena.bootstrap.idling import ADVICE
from fadearena.bootstrap.outlook import IdleBot, Outlook
from fadearena.cli.output import span, table
from fadearena.model.policy.form import form_of
from fadearena.model.units import SECOND_MS, EpochMs
from fadearena.ports.sightings import FeedState, FeedStatus, LaneUse, RateUse

_OLD_MS = 15 * SECOND_MS
_NAMED_MAX = 10


class FeedReport(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A feed as it was seen; `age_ms` is how old its newest data was then, None where there was none."""

    name: str
    state: str
    age_ms: EpochMs | None
    connections: int
    wanted: int
    confirmed: int
    refused: tuple[str, ...]
    round_ms: EpochMs | None
    counts: dict[str, int]


class OutlookReport(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What `status --json` prints of what the worker sees; `age_ms` is how long ago that was."""

    age_ms: EpochMs
    feeds: list[FeedReport]
    rate: Any
    wallets: int
    read: int
    never_read: int
    oldest_read_ms: EpochMs | None
    idle: list[Any]
    unknown: int


def report_of(outlook: Outlook, *, is_running: bool = True) -> OutlookReport | None:
    """Return what `status --json` prints; None where no worker ever showed what it sees, or sees now."""
    sight = outlook.sight
    if sight is None:
        return None
    return OutlookReport(
        age_ms=outlook.age_ms,
        feeds=[_feed_report(feed, sight.now, is_running=is_running) for feed in sight.feeds],
        rate=None if sight.rate is None else _rate_report(sight.rate, sight.now),
        wallets=outlook.wallets,
        read=outlook.read,
        never_read=outlook.wallets - outlook.read,
        oldest_read_ms=outlook.oldest_ms,
        idle=[form_of(bot) for bot in outlook.idle],
        unknown=outlook.unknown,
    )


def shown(outlook: Outlook, *, is_running: bool = True) -> Iterable[str | Table]:
    """Return what `status` shows for people; without a worker that runs no feed is well."""
    sight = outlook.sight
    if sight is None:
        return
    if not is_running:
        yield f"nothing is followed: what follows is what a worker saw last, {span(outlook.age_ms)} ago"
    elif outlook.age_ms > _OLD_MS:
        yield f"what follows was seen {span(outlook.age_ms)} ago"
    if outlook.wallets:
        never = outlook.wallets - outlook.read
        others = "" if outlook.oldest_ms is None else f", the others within the last {span(outlook.oldest_ms)}"
        yield f"wallets: {outlook.wallets} in sight, {never} of them never read{others}"
    if sight.feeds:
        yield _feeds(sight.feeds, sight.now + outlook.age_ms, is_running=is_running)
        yield from (f"{feed.name}, refused: {', '.join(feed.refused)}" for feed in sight.feeds if feed.refused)
        yield from _counts(sight.feeds)
    if sight.rate is not None:
        yield _rate_line(sight.rate)
        yield _lanes(sight.rate, sight.now)
    if outlook.idle:
        yield idle_line(outlook.idle)
    if outlook.unknown:
        yield f"whether {outlook.unknown} of the followed bots trade is not known yet"


def idle_line(idle: tuple[IdleBot, ...]) -> str:
    """Return who does not trade any more, and what to do about it."""
    named = ", ".join(bot.bot for bot in idle[:_NAMED_MAX])
    more = f" and {len(idle) - _NAMED_MAX} more" if len(idle) > _NAMED_MAX else ""
    return f"no trade for a week or longer: {named}{more}; {ADVICE}"


def _feeds(feeds: tuple[FeedStatus, ...], now: EpochMs, *, is_running: bool) -> Table:
    rows = table("", "feed", "state", "age", "sockets", "confirmed", "refused", "round")
    for feed in feeds:
        age = _age(feed, now)
        rows.add_row(
            feed.name,
            _state(feed, is_running=is_running),
            "" if age is None else span(age),
            str(feed.connections or ""),
            f"{feed.confirmed} of {feed.wanted}" if feed.wanted else "",
            str(len(feed.refused) or ""),
            "" if feed.round_ms is None else span(feed.round_ms),
        )
    return rows


def _counts(feeds: tuple[FeedStatus, ...]) -> Iterable[str]:
    for feed in feeds:
        counted = ", ".join(f"{what} {count}" for what, count in feed.counts.items() if count)
        if counted:
            yield f"{feed.name}, since the start: {counted}"


def _rate_line(rate: RateUse) -> str:
    percent = rate.used * 100 // rate.per_minute
    return (
        f"rate limit: {rate.used} of {rate.per_minute} in the last minute ({percent} %), {rate.waiting} requests wait"
    )


def _lanes(rate: RateUse, now: EpochMs) -> Table:
    rows = table("", "lane", "used", "up to", "wait", "refused", "paused for")
    for lane in rate.lanes:
        paused = _paused_ms(lane, now)
        rows.add_row(
            lane.lane,
            str(lane.used),
            str(lane.most),
            str(lane.waiting or ""),
            str(lane.refusals or ""),
            span(paused) if paused else "",
        )
    return rows


def _age(feed: FeedStatus, now: EpochMs) -> EpochMs | None:
    return None if feed.heard is None else max(now - feed.heard, 0)


def _paused_ms(lane: LaneUse, now: EpochMs) -> EpochMs:
    return 0 if lane.paused_until is None else max(lane.paused_until - now, 0)


def _state(feed: FeedStatus, *, is_running: bool) -> str:
    return (feed.state if is_running or feed.state is FeedState.OFF else FeedState.STALE).value


def _feed_report(feed: FeedStatus, now: EpochMs, *, is_running: bool) -> FeedReport:
    return FeedReport(
        name=feed.name,
        state=_state(feed, is_running=is_running),
        age_ms=_age(feed, now),
        connections=feed.connections,
        wanted=feed.wanted,
        confirmed=feed.confirmed,
        refused=feed.refused,
        round_ms=feed.round_ms,
        counts=feed.counts,
    )


def _rate_report(rate: RateUse, now: EpochMs) -> dict[str, Any]:
    lanes = [
        form_of(lane, without=frozenset({"paused_until"})) | {"pausedMs": _paused_ms(lane, now)} for lane in rate.lanes
    ]
    return {"perMinute": rate.per_minute, "used": rate.used, "waiting": rate.waiting, "lanes": lanes}
