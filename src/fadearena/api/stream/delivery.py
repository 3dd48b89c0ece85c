"""
What one client is sent: records in order, from where it asked for.

1. Records are queued for it only while it is live. Before that, and after each `since`, it is given pages of the log at
   its own pace, until it has what is there; no record is between the two, and none in both.
2. Nobody waits for it: where its queue is full, or nothing of it moved between two heartbeats, it is too slow.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

import msgspec
import structlog
from starlette.types import Send

from fadearena.api.answers import Decimals
from fadearena.api.stream.asking import Refused, Subscribe
from fadearena.api.stream.follower import Follower
from fadearena.api.stream.messages import CHANNELS, ERROR, HEARTBEAT, HELLO, Message
from fadearena.kit.clock import Clock
from fadearena.model.error import StorageUnavailable
from fadearena.model.units import SECOND_MS

log = structlog.get_logger(__name__)
_ALWAYS: Final = frozenset({HELLO, HEARTBEAT, ERROR})
_OWN: Final = frozenset({HELLO, ERROR})
_BREATH: Final = 50

CaughtUp = Callable[[int], Sequence[Message]]


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """How much may wait for a client, in messages and in characters."""

    messages: int = 1_000
    chars: int = 4 << 20


class Delivery:
    """Sends to one client. `caught_up` gives what it is told when it becomes live; `too_slow` is called if it is."""

    def __init__(
        self,
        follower: Follower,
        clock: Clock,
        room: Room,
        decimals: Decimals,
        caught_up: CaughtUp,
        too_slow: Callable[[], None],
    ) -> None:
        self._follower = follower
        self._clock = clock
        self._room = room
        self._decimals = decimals
        self._caught_up = caught_up
        self._too_slow = too_slow
        self._channels: frozenset[str] | None = None
        self._is_live = self._has_begun = self._is_sending = False
        self._seq = follower.seq
        self._asked: Subscribe | None = None
        self._queue: deque[Message] = deque()
        self._chars = 0
        self._moved = self._moved_before = 0
        self._news = asyncio.Event()

    @property
    def waiting(self) -> int:
        """How many messages wait."""
        return len(self._queue)

    def offer(self, messages: Sequence[Message]) -> None:
        """Queue records, as far as they are wanted."""
        if self._is_live:
            for message in messages:
                if message.seq > self._seq and (self._channels is None or message.type in self._channels):
                    self._put(message)

    def remind(self, message: Message) -> None:
        """Queue what is no record, if it is wanted."""
        if self._is_live and self._wants(message):
            self._put(message if message.seq >= self._seq else message.at(self._seq))

    def say(self, kind: str, data: object) -> None:
        """Queue something for this client alone, also while it is not live."""
        seq = max(self._seq, self._follower.seq) if self._is_live else self._seq
        self._put(Message(kind, seq, self._clock.now_ms(), data))

    def refuse(self, refused: Refused) -> None:
        """Queue an error."""
        self.say(ERROR, {"message": str(refused), "code": refused.code, "timestamp": self._clock.now_ms()})

    def begin(self) -> None:
        """Send records from now on."""
        self._has_begun = True
        self._news.set()

    def add(self, asked: Subscribe) -> None:
        """Send what is asked for, too; with `since` begin again there."""
        if asked.channels is not None:
            self._channels = frozenset(asked.channels) | (self._channels or frozenset())
        if asked.since is not None:
            self._is_live = False
            self._queue = deque(message for message in self._queue if message.type in _OWN)
            self._chars = sum(len(message.text(self._decimals)) for message in self._queue)
            self._seq, self._asked = asked.since, asked
        self.begin()

    def drop(self, channels: Sequence[str] | None) -> None:
        """Send these no more; None is all."""
        gone = CHANNELS if channels is None else frozenset(channels)
        self._channels = (CHANNELS if self._channels is None else self._channels) - gone
        self.begin()

    def check_pace(self) -> None:
        """Find it too slow if the same message was being sent all the time since this was asked last."""
        if self._is_sending and self._moved == self._moved_before:
            self._too_slow()
        self._moved_before = self._moved

    def stop(self) -> None:
        """Keep nothing for it."""
        self._is_live = False
        self._queue.clear()

    async def run(self, send: Send) -> None:
        """Send what waits, until the connection is lost."""
        try:
            while True:
                while self._queue:
                    message = self._queue.popleft()
                    self._chars -= len(message.text(self._decimals))
                    await self._send(send, message)
                if self._is_live or not self._has_begun:
                    self._news.clear()
                    await self._news.wait()
                else:
                    await self._catch_up(send)
        except OSError:  # that is how a connection that was lost is told
            return

    async def _catch_up(self, send: Send) -> None:
        """Send a part of what it has not; where nothing is left, let it be live."""
        asked, self._asked = self._asked, None
        try:
            if asked is not None and asked.since is not None:
                await self._follower.check(asked.since, asked.timestamp)
            part = await self._follower.after(self._seq, self._channels)
        except Refused as refused:
            if not self._is_overtaken:
                self._seq = self._follower.seq
            self.refuse(refused)
            return
        except StorageUnavailable as error:
            log.warning("replay_waits", error=str(error))
            if not self._is_overtaken:
                self._asked = asked
            await self._clock.sleep_until(self._clock.now_ms() + SECOND_MS)
            return
        for message in part.messages:
            if self._is_overtaken:
                return
            if self._wants(message):
                await self._send(send, message)
        if self._is_overtaken:
            return
        self._seq = part.upto
        if self._seq >= self._follower.seq:
            self._is_live = True
            for message in self._caught_up(self._seq):
                self.remind(message)

    @property
    def _is_overtaken(self) -> bool:
        """Whether another part of the log was asked for meanwhile."""
        return self._asked is not None

    async def _send(self, send: Send, message: Message) -> None:
        self._is_sending = True
        await send({"type": "websocket.send", "text": message.text(self._decimals)})
        self._is_sending = False
        self._moved += 1
        if self._moved % _BREATH == 0:  # a server that never waits for the socket would let nobody else run
            await asyncio.sleep(0)

    def _wants(self, message: Message) -> bool:
        return self._channels is None or message.type in self._channels or message.type in _ALWAYS

    def _put(self, message: Message) -> None:
        size = len(message.text(self._decimals))
        is_full = len(self._queue) >= self._room.messages or self._chars + size > self._room.chars
        if is_full and self._queue:
            self.stop()
            self._too_slow()
            return
        self._queue.append(message)
        self._chars += size
        self._news.set()
