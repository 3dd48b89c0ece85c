"""
Who listens to what.

1. A message is encoded once and handed to all who subscribed to it; where nobody did it is not made.
2. A connection to which nothing was sent for a minute is closed. That is real time, for clients that know of no other:
   the sandbox's own may run faster.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import TypeVar

import msgspec

from fadearena.kit.clock import Clock
from fadearena.model.units import SECOND_MS
from fadearena.sandbox.gateway.limits import Limits, Minute, is_over
from fadearena.sandbox.gateway.peer import Peer
from fadearena.sandbox.gateway.subscriptions import OfUser, Subscription

GREETING = b"Websocket connection established."
_IDLE_MS = 60 * SECOND_MS
S = TypeVar("S", bound=Subscription)
_encode = msgspec.json.Encoder().encode


class _Message(msgspec.Struct):
    channel: str
    data: object


class SubscriptionRefused(Exception):
    """A client did something with a subscription that it may not; the text is its answer."""


def message(channel: str, data: object) -> bytes:
    """Return a message as it is sent."""
    return _encode(_Message(channel, data))


class Sockets:
    """All connections and their subscriptions."""

    def __init__(self, limits: Limits, clock: Clock, wall: Clock) -> None:
        self.is_silent = False
        self._limits = limits
        self._clock = clock
        self._wall = wall
        self._new = Minute(limits.connections_a_minute)
        self._peers: dict[Peer, None] = {}
        self._listeners: defaultdict[type, dict[Subscription, dict[Peer, None]]] = defaultdict(dict)

    def open(self) -> Peer | None:
        """Take a new connection; None where there are too many."""
        if is_over(len(self._peers) + 1, self._limits.connections) or not self._new.take(1, self._clock.now_ms()):
            return None
        peer = Peer(self._wall.now_ms())
        self._peers[peer] = None
        self.tell(peer, GREETING)
        return peer

    def close(self, peer: Peer) -> None:
        """Forget a connection."""
        for subscription in tuple(peer.subscriptions):
            self._forget(peer, subscription)
        self._peers.pop(peer, None)
        peer.end()

    def close_all(self) -> None:
        """Forget all connections."""
        for peer in tuple(self._peers):
            self.close(peer)

    def close_lost(self) -> None:
        """Forget those that read too slowly, and those to which there was nothing to say for too long."""
        latest = self._wall.now_ms() - _IDLE_MS
        for peer in tuple(self._peers):
            if not peer.is_open or (peer.told_at <= latest and not self.is_silent):
                self.close(peer)

    def subscribe(self, peer: Peer, subscription: Subscription) -> None:
        """
        Let a connection listen.

        Raises:
            SubscriptionRefused: It does already, or there would be too many.
        """
        if subscription in peer.subscriptions:
            raise SubscriptionRefused(f"Already subscribed: {_text(subscription)}")
        if is_over(sum(len(one.subscriptions) for one in self._peers) + 1, self._limits.subscriptions):
            raise SubscriptionRefused(f"Cannot subscribe to more than {self._limits.subscriptions} channels.")
        if isinstance(subscription, OfUser) and is_over(len(self._users() | {subscription.user}), self._limits.users):
            raise SubscriptionRefused(f"Cannot track more than {self._limits.users} total users.")
        peer.subscriptions[subscription] = None
        self._listeners[type(subscription)].setdefault(subscription, {})[peer] = None

    def unsubscribe(self, peer: Peer, subscription: Subscription) -> None:
        """
        Let a connection listen no more.

        Raises:
            SubscriptionRefused: It did not.
        """
        if subscription not in peer.subscriptions:
            raise SubscriptionRefused(f"Already unsubscribed: {_text(subscription)}")
        self._forget(peer, subscription)

    def wanted(self, kind: type[S]) -> Sequence[S]:
        """Return all subscriptions of a kind that somebody has."""
        return [one for one in self._listeners[kind] if isinstance(one, kind)]

    def of_users(self, kind: type) -> Sequence[OfUser]:
        """Return all subscriptions of a kind that is about users."""
        return [one for one in self._listeners[kind] if isinstance(one, OfUser)]

    def publish(self, subscription: Subscription, channel: str, data: object) -> None:
        """Tell all who subscribed."""
        listeners = self._listeners[type(subscription)].get(subscription)
        if listeners:
            text = message(channel, data)
            for peer in listeners:
                self.tell(peer, text)

    def tell(self, peer: Peer, text: bytes) -> None:
        """Tell one."""
        if not self.is_silent:
            peer.tell(text, self._wall.now_ms())

    def tell_all(self, text: bytes) -> None:
        """Tell everybody, whatever they listen to."""
        for peer in self._peers:
            self.tell(peer, text)

    def _users(self) -> set[str]:
        return {one.user for peer in self._peers for one in peer.subscriptions if isinstance(one, OfUser)}

    def _forget(self, peer: Peer, subscription: Subscription) -> None:
        del peer.subscriptions[subscription]
        listeners = self._listeners[type(subscription)]
        listeners[subscription].pop(peer, None)
        if not listeners[subscription]:
            del listeners[subscription]


def _text(subscription: Subscription) -> str:
    return _encode(subscription).decode()
