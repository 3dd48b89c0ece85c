"""How a feed over sockets does, by the age of its data and by what is confirmed."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

import msgspec

from fadearena.adapters.hyperliquid.line import Line
from fadearena.adapters.hyperliquid.session import Session, Subscription
from fadearena.model.units import EpochMs
from fadearena.ports.sightings import FeedState, FeedStatus

_REFUSED_MAX: Final = 20
_NOTHING: Final[Mapping[str, int]] = MappingProxyType({})


def status_of(
    line: Line, name: str, sessions: Sequence[Session], heard: EpochMs, counts: Mapping[str, int] = _NOTHING
) -> FeedStatus:
    """
    Return the status of a feed.

    Args:
        line: Says after what silence it is stale.
        name: What the feed is called.
        sessions: What it comes over; it is stale while one of them has no socket.
        heard: When its newest data came; 0 for never.
        counts: What it counts.
    """
    wanted = sum(session.wanted for session in sessions)
    if not wanted:
        state = FeedState.OFF
    elif not heard:
        state = FeedState.STARTING
    elif line.clock.now_ms() - heard < line.silence_ms and all(session.is_connected for session in sessions):
        state = FeedState.OK
    else:
        state = FeedState.STALE
    refused = [each for session in sessions for each in session.refused]
    return FeedStatus(
        name=name,
        state=state,
        heard=heard or None,
        connections=sum(session.is_connected for session in sessions),
        wanted=wanted,
        confirmed=sum(session.wanted - len(session.unconfirmed) for session in sessions if session.is_connected),
        refused=tuple(map(_named, refused[:_REFUSED_MAX])),
        counts=dict(counts),
    )


def all_or_stale(status: FeedStatus) -> FeedStatus:
    """Return a status that is well only if all that is wanted is confirmed: what is refused stays unheard."""
    is_deaf = status.state is FeedState.OK and status.confirmed < status.wanted
    return msgspec.structs.replace(status, state=FeedState.STALE) if is_deaf else status


def _named(subscription: Subscription) -> str:
    """Return a subscription in short: its type, and what it is for."""
    what = (str(subscription.get(name) or "") for name in ("coin", "user", "dex"))
    return " ".join((str(subscription.get("type")), *filter(None, what)))
