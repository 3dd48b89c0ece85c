"""What a session tells: how the connection does, and what the exchange says over it."""

from collections.abc import Mapping
from typing import TypeAlias

import msgspec

from fadearena.model.units import EpochMs

Subscription: TypeAlias = Mapping[str, object]
"""As the exchange takes it: `type`, and coin, user or dex."""


class Connected(msgspec.Struct, frozen=True):
    """The socket is open; what was subscribed to is being asked for. What happened before is not known."""

    at: EpochMs


class Subscribed(msgspec.Struct, frozen=True):
    """The exchange has confirmed a subscription on this connection: from here on nothing of it is missed."""

    subscription: Subscription


class Message(msgspec.Struct, frozen=True):
    """What came on a channel, not yet decoded."""

    channel: str
    data: msgspec.Raw
    received: EpochMs


class Failed(msgspec.Struct, frozen=True):
    """Something did not work, in the exchange's words where there are any; the subscription where it is known which."""

    text: str
    subscription: Subscription | None = None


class Lost(msgspec.Struct, frozen=True):
    """The connection is gone, and with it all subscriptions; what happens until they are confirmed again is missed."""

    reason: str
    at: EpochMs


News: TypeAlias = Connected | Subscribed | Message | Failed | Lost
