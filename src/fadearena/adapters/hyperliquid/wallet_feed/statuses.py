"""How the feeds do, each by the age of its data; and what is known of a wallet, for others to look at."""

from collections.abc import Sequence
from typing import Final

from fadearena.adapters.hyperliquid.status import all_or_stale, status_of
from fadearena.adapters.hyperliquid.wallet_feed.repairs import Repairs
from fadearena.adapters.hyperliquid.wallet_feed.snapshots import Snapshots
from fadearena.adapters.hyperliquid.wallet_feed.streams import Streams
from fadearena.adapters.hyperliquid.wallet_feed.telling import Heard
from fadearena.adapters.hyperliquid.wallet_feed.wallet import Watched
from fadearena.adapters.hyperliquid.wallet_feed.watch import Watch
from fadearena.adapters.hyperliquid.wallet_feed.worth import Worth
from fadearena.model.units import MINUTE_MS, EpochMs
from fadearena.ports.sightings import FeedState, FeedStatus, Sighting

_PATIENCE_MS: Final = MINUTE_MS


def statuses(
    watch: Watch, streams: Streams, snapshots: Snapshots, repairs: Repairs, worth: Worth
) -> Sequence[FeedStatus]:
    """Return the status of tape, streams, snapshots and equity."""
    return (
        watch.heard.tape.status(),
        _user(watch, streams, repairs),
        _snapshots(watch, snapshots),
        _equity(watch, worth),
    )


def _user(watch: Watch, streams: Streams, repairs: Repairs) -> FeedStatus:
    session, told = streams.session, watch.telling.counts
    counts = {"fills": told["user-first"] + told["user-late"], "first": told["user-first"], "late": told["user-late"]}
    sessions = () if session is None else (session,)
    heard = 0 if session is None else session.heard
    return all_or_stale(status_of(watch.line, "user", sessions, heard, counts | {"repairs": repairs.done}))


def _snapshots(watch: Watch, snapshots: Snapshots) -> FeedStatus:
    now, wanted = watch.line.clock.now_ms(), len(watch.wallets)
    round_ms = max(watch.options.watched_ms, wanted * MINUTE_MS // snapshots.pace)
    read = [each.read_time for each in watch.wallets.values() if each.read_time is not None]
    counts = {name: watch.positions.counts[name] for name in ("read", "failed", "moved")}
    return FeedStatus(
        name="snapshots",
        state=_state(watch, watch.positions.heard, _PATIENCE_MS),
        heard=watch.positions.heard or None,
        wanted=wanted,
        confirmed=sum(now - time <= 2 * round_ms for time in read),
        round_ms=watch.rounds.round_ms,
        counts=counts,
    )


def _equity(watch: Watch, worth: Worth) -> FeedStatus:
    known = sum(1 for each in watch.wallets.values() if each.equity_time is not None)
    return FeedStatus(
        name="equity",
        state=_state(watch, worth.heard, watch.options.equity_ms * 2 + _PATIENCE_MS),
        heard=worth.heard or None,
        wanted=len(watch.wallets),
        confirmed=known,
        counts=dict(worth.counts),
    )


def _state(watch: Watch, heard: EpochMs, patience_ms: EpochMs) -> FeedState:
    if not watch.wallets:
        return FeedState.OFF
    if not heard:
        return FeedState.STARTING
    return FeedState.OK if watch.line.clock.now_ms() - heard <= patience_ms else FeedState.STALE


def sighting_of(watched: Watched, heard: Heard, now: EpochMs) -> Sighting:
    """Return what is known of a wallet."""
    times = [time for time in (watched.last_heard, heard.of(watched, 0), watched.read_time) if time]
    return Sighting(
        wallet=watched.wallet,
        since=watched.since,
        feed=watched.last_feed,
        heard=min(max(times), now) if times else None,
        read=watched.read_time,
        last_trade=watched.last_trade,
        quiet_since=watched.quiet_since,
        equity=watched.equity,
        equity_time=watched.equity_time,
        positions=watched.positions,
        leverages={coin: leverage for some in watched.leverages.values() for coin, leverage in some.items()},
    )
