"""
Who listens to what.

1. A message is encoded once and handed to all who subscribed to it; where nobody did it is not made.
2. What is refused is refused in the exchange's words. It has none for too many messages: those are left undone.
3. A connection to which nothing was sent for a minute is closed. That is real time, for clients that know of no other:
   the sandbox's own may run faster.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import TypeVar

import msgspec

from fadearena.kit.clock import Clock
from fadearena.model.units import SECOND_MS
from fadearena.sandbox.gateway.faults import Drop, FeedFault, HalfOpen
from fadearena.sandbox.gateway.feed_troubles import FeedTroubles
from fadearena.sandbox.gateway.limits import Limits, Minute, is_over
from fadearena.sandbox.gateway.often import Often
from fadearena.sandbox.gateway.peer import Peer
from fadearena.sandbox.gateway.subscriptions import OfUser, Subscription, UserEvents

GREETING = b"Websocket connection established."
_IDLE_MS = 60 * SECOND_MS
_CHANNELS, _USERS = 1_000, 10
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
        self._count = 0
        self._users = Counter[str]()
        self._messages = Minute(limits.messages_a_minute)
        self.troubles = FeedTroubles(clock, self.tell)

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

    def inflict(self, fault: FeedFault) -> None:
        """Let something go wrong with connections, or with what they are told."""
        match fault:
            case Drop():
                often = Often(None, fault.chance, fault.seed)
                for peer in tuple(self._peers):
                    if _is_about(fault, peer) and often.happens():
                        self.close(peer)
            case HalfOpen(lasting=False, on=True):
                for peer in self._peers:
                    peer.mute(fault.channels)
            case HalfOpen(on=False):
                self._unmute()
                self.troubles.add(fault)
            case _:
                self.troubles.add(fault)

    def clear(self) -> None:
        """Let everything go right again."""
        self._unmute()
        self.troubles.clear()

    def takes(self) -> bool:
        """Count a message of a client; tell whether it is one of those that are carried out."""
        return self._messages.take(1, self._clock.now_ms())

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
        if (refusal := self.troubles.refusal(channel_of(subscription))) is not None:
            raise SubscriptionRefused(refusal.text or self._too_many(subscription))
        if is_over(self._count + 1, self._limits.subscriptions):
            raise SubscriptionRefused(f"Cannot subscribe to more than {self._limits.subscriptions} channels.")
        if isinstance(subscription, OfUser):
            if is_over(len(self._users) + (subscription.user not in self._users), self._limits.users):
                raise SubscriptionRefused(self._too_many(subscription))
            self._users[subscription.user] += 1
        self._count += 1
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

    def is_wanted(self, subscription: Subscription) -> bool:
        """Tell whether somebody has a subscription."""
        return subscription in self._listeners[type(subscription)]

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
                self.troubles.deliver(peer, channel, text)

    def tell(self, peer: Peer, text: bytes) -> None:
        """Tell one."""
        if not self.is_silent:
            peer.tell(text, self._wall.now_ms())

    def tell_all(self, text: bytes) -> None:
        """Tell everybody, whatever they listen to."""
        for peer in self._peers:
            self.tell(peer, text)

    def _unmute(self) -> None:
        for peer in self._peers:
            peer.unmute()

    def _too_many(self, subscription: Subscription) -> str:
        """Return what is said where there are too many of the scarcest that a subscription needs."""
        if isinstance(subscription, OfUser):
            return f"Cannot track more than {self._limits.users or _USERS} total users."
        return f"Cannot subscribe to more than {self._limits.subscriptions or _CHANNELS} channels."

    def _forget(self, peer: Peer, subscription: Subscription) -> None:
        del peer.subscriptions[subscription]
        self._count -= 1
        if isinstance(subscription, OfUser):
            self._users[subscription.user] -= 1
            if not self._users[subscription.user]:
                del self._users[subscription.user]
        listeners = self._listeners[type(subscription)]
        listeners[subscription].pop(peer, None)
        if not listeners[subscription]:
            del listeners[subscription]


def channel_of(subscription: Subscription) -> str:
    """Return the channel on which a subscription's messages come: its own name, but for one."""
    return "user" if isinstance(subscription, UserEvents) else str(subscription.__struct_config__.tag)


def _is_about(fault: Drop, peer: Peer) -> bool:
    return not fault.channels or any(fault.is_about(channel_of(one)) for one in peer.subscriptions)


def _text(subscription: Subscription) -> str:
    return _encode(subscription).decode()
