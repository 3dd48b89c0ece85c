"""
What a session wants to hear, and how far the exchange has confirmed it; no input or output, the time is given.

1. A subscription is known by type, coin, user, dex and interval; the exchange echoes the rest in forms of its own.
2. One that is not confirmed in time, or that the exchange refuses, failed, and is asked for again later: after 10 s,
   twice as long each time up to 5 minutes. Others are not touched by that. What is refused for a limit bears no name:
   the exchange answers in order, so it is the one that was asked for first, of a user where the limit is of users.
   Were it another, both are put right: this one once it is confirmed after all, that one once its time is over.
3. Only so many are unconfirmed at a time, so that an error without a name concerns few of them.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

import msgspec

from fadearena.adapters.hyperliquid.session.news import Failed, Subscribed, Subscription
from fadearena.model.ids import Address
from fadearena.model.units import MINUTE_MS, SECOND_MS, EpochMs

CONFIRM_MS: Final = 10 * SECOND_MS
UNCONFIRMED_MAX: Final = 50
_RETRY_MS: Final = 10 * SECOND_MS
_RETRY_MOST_MS: Final = 5 * MINUTE_MS
_DOUBLINGS_MAX: Final = 5

Key: TypeAlias = tuple[str, ...]
_USER: Final = 2

_ALREADY: Final = "Already subscribed"
_INVALID: Final = "Invalid subscription"
_USERS_FULL: Final = "Cannot track more"
_FULL: Final = "Cannot subscribe to more"
_OBJECT = msgspec.json.Decoder(dict[str, object])


def key_of(subscription: Subscription) -> Key:
    """Return by what a subscription and its echo are known to be the same."""
    parts = {name: str(subscription.get(name) or "") for name in ("type", "coin", "user", "dex", "interval")}
    return (parts["type"], parts["coin"], parts["user"].lower(), parts["dex"], parts["interval"])


@dataclass(slots=True)
class _Wanted:
    subscription: Subscription
    due: EpochMs = 0
    asked: EpochMs | None = None
    is_confirmed: bool = False
    failures: int = 0


class Subscriptions:
    """The subscriptions of one session, in the order in which they were wanted first."""

    def __init__(self) -> None:
        self._wanted: dict[Key, _Wanted] = {}

    def __len__(self) -> int:
        return len(self._wanted)

    @property
    def users(self) -> frozenset[Address]:
        """Whose they are, where they are anybody's."""
        return frozenset(key[_USER] for key in self._wanted if key[_USER])

    @property
    def refused(self) -> tuple[Subscription, ...]:
        """What failed when it was asked for last on this connection."""
        return tuple(each.subscription for each in self._wanted.values() if each.failures)

    @property
    def unconfirmed(self) -> tuple[Subscription, ...]:
        """What is wanted and not confirmed."""
        return tuple(each.subscription for each in self._wanted.values() if not each.is_confirmed)

    def want(self, subscription: Subscription) -> bool:
        """Add one; False where it is there already."""
        key = key_of(subscription)
        if key in self._wanted:
            return False
        self._wanted[key] = _Wanted(subscription)
        return True

    def drop(self, subscription: Subscription) -> bool:
        """Take one away; True where the exchange was asked for it on this connection."""
        gone = self._wanted.pop(key_of(subscription), None)
        return gone is not None and (gone.asked is not None or gone.is_confirmed or gone.failures > 0)

    def reset(self) -> None:
        """Forget what the exchange confirmed: this is another connection."""
        for each in self._wanted.values():
            each.due, each.asked, each.is_confirmed, each.failures = 0, None, False, 0

    def is_due(self, now: EpochMs) -> bool:
        """Tell whether there is something to ask for."""
        return self._next(now) is not None

    def ask_next(self, now: EpochMs) -> Subscription | None:
        """Return what to ask for next, and take it for asked; None where nothing is due."""
        each = self._next(now)
        if each is None:
            return None
        each.asked = now
        return each.subscription

    def confirm(self, echo: Subscription) -> Subscribed | None:
        """Take over a confirmation; None where it is nothing new."""
        each = self._wanted.get(key_of(echo))
        if each is None or each.is_confirmed:
            return None
        each.asked, each.is_confirmed, each.failures = None, True, 0
        return Subscribed(each.subscription)

    def judge(self, text: str, now: EpochMs) -> Subscribed | Failed | None:
        """Take over an error of the exchange, which names a subscription or does not."""
        named = _named_in(text)
        if named is not None and text.startswith(_ALREADY):
            return self.confirm(named)
        if text.startswith((_FULL, _USERS_FULL)):
            each = self._asked_first(of_user=text.startswith(_USERS_FULL))
        else:
            each = self._wanted.get(key_of(named)) if named is not None and text.startswith(_INVALID) else None
        if each is None:
            return Failed(text)
        self._put_off(each, now)
        return Failed(text, each.subscription)

    def overdue(self, now: EpochMs) -> list[Failed]:
        """Return what was not confirmed in time, and put it off."""
        late = [each for each in self._wanted.values() if each.asked is not None and each.asked + CONFIRM_MS <= now]
        for each in late:
            self._put_off(each, now)
        return [Failed(f"not confirmed within {CONFIRM_MS // SECOND_MS} s", each.subscription) for each in late]

    def _next(self, now: EpochMs) -> _Wanted | None:
        asked = 0
        found: _Wanted | None = None
        for each in self._wanted.values():
            if each.asked is not None:
                asked += 1
            elif found is None and not each.is_confirmed and each.due <= now:
                found = each
        return found if asked < UNCONFIRMED_MAX else None

    def _asked_first(self, *, of_user: bool) -> _Wanted | None:
        """Return what waits longest for its confirmation, of all or of those of a user."""
        waiting = [
            each
            for (_, _, user, _, _), each in self._wanted.items()
            if each.asked is not None and (user or not of_user)
        ]
        return min(waiting, key=lambda each: each.asked or 0, default=None)

    def _put_off(self, each: _Wanted, now: EpochMs) -> None:
        each.asked, each.is_confirmed = None, False
        each.due = now + min(_RETRY_MS << min(each.failures, _DOUBLINGS_MAX), _RETRY_MOST_MS)
        each.failures += 1


def _named_in(text: str) -> Subscription | None:
    start = text.find("{")
    if start < 0:
        return None
    try:
        return _OBJECT.decode(text[start:])
    except msgspec.MsgspecError:
        return None
