"""
A bad way to an exchange: what a network does to requests and sockets, by a seed and for a while.

1. Connections are refused or dropped, sockets fall silent without a word, texts arrive mutilated.
2. Answers are late, lost, refused for their number, or not of the exchange; one dex fails while the others answer.
3. A socket loses nothing in its middle: what is lost ends it, as with TCP.
"""

import asyncio
from collections import Counter
from enum import StrEnum
from random import Random

import msgspec

from fadearena.adapters.hyperliquid.transport import Socket, Transport
from fadearena.kit.clock import ManualClock
from fadearena.model.error import OutcomeUnknown, VenueUnavailable
from fadearena.model.ids import Dex
from fadearena.model.units import SECOND_MS, EpochMs

_HTML = b"<html><head><title>502 Bad Gateway</title></head></html>"
_LATE_MS = 8 * SECOND_MS


class Trouble(StrEnum):
    """What can be wrong for a while; the first two happen once."""

    DROP = "drop"
    GARBAGE = "garbage"
    HALF_OPEN = "half-open"
    REFUSE = "refuse"
    TOO_MANY = "too-many"
    BROKEN = "broken"
    LOST = "lost"
    LATE = "late"
    NO_DEX = "no-dex"


class Spell(msgspec.Struct, frozen=True):
    """One trouble, from when to when."""

    trouble: Trouble
    begins: EpochMs
    ends: EpochMs


class _Named(msgspec.Struct):
    type: str = ""
    dex: str = ""


def spells(rng: Random, begins: EpochMs, ends: EpochMs, count: int) -> tuple[Spell, ...]:
    """Return troubles of all kinds, all of which are over at `ends`."""
    found = []
    for number in range(count):
        at = rng.randrange(begins, ends - SECOND_MS)
        length = rng.choice((SECOND_MS, 5 * SECOND_MS, 20 * SECOND_MS, 60 * SECOND_MS))
        trouble = list(Trouble)[number % len(Trouble)] if number < len(Trouble) else rng.choice(list(Trouble))
        found.append(Spell(trouble, at, min(at + length, ends)))
    return tuple(sorted(found, key=lambda spell: spell.begins))


class BadNet:
    """A `Transport` with troubles; `counts` is what was done to requests and sockets."""

    def __init__(self, inner: Transport, clock: ManualClock, rng: Random, plan: tuple[Spell, ...], dex: Dex) -> None:
        self.counts: Counter[str] = Counter()
        self._inner = inner
        self._clock = clock
        self._rng = rng
        self._plan = plan
        self._dex = dex
        self._sockets: list[BadSocket] = []

    async def run(self) -> None:
        """Do what happens once, when its time has come."""
        for spell in self._plan:
            await self._clock.sleep_until(spell.begins)
            for socket in list(self._sockets):
                if socket.is_open:
                    socket.suffer(spell.trouble)

    def is_on(self, trouble: Trouble) -> bool:
        """Tell whether a trouble lasts at present."""
        now = self._clock.now_ms()
        return any(spell.trouble is trouble and spell.begins <= now < spell.ends for spell in self._plan)

    async def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Carry a request and its answer, or not."""
        if self.is_on(Trouble.REFUSE):
            self.counts["refused"] += 1
            raise VenueUnavailable("no route to the exchange")
        for trouble, status, text in ((Trouble.TOO_MANY, 429, b"null"), (Trouble.BROKEN, 502, _HTML)):
            if self.is_on(trouble) and self._rng.random() < 0.7:
                self.counts[trouble] += 1
                return status, text
        named = msgspec.json.decode(body, type=_Named)
        if self.is_on(Trouble.NO_DEX) and named.dex == self._dex:
            self.counts[Trouble.NO_DEX] += 1
            return 500, b"null"
        answer = await self._inner.post(path, body)
        if self.is_on(Trouble.LATE):
            self.counts[Trouble.LATE] += 1
            await self._clock.sleep_until(self._clock.now_ms() + self._rng.randrange(_LATE_MS))
        if self.is_on(Trouble.LOST) and self._rng.random() < 0.7:
            self.counts[Trouble.LOST] += 1
            raise OutcomeUnknown("no answer in time")
        return answer

    async def connect(self) -> Socket:
        """Open a socket that may suffer."""
        if self.is_on(Trouble.REFUSE):
            raise VenueUnavailable("no route to the exchange")
        socket = BadSocket(await self._inner.connect(), self.counts)
        self._sockets = [each for each in self._sockets if each.is_open] + [socket]
        return socket


class BadSocket:
    """A socket to which something may happen."""

    def __init__(self, inner: Socket, counts: Counter[str]) -> None:
        self.is_open = True
        self._inner = inner
        self._counts = counts
        self._is_half_open = False
        self._is_garbled = False
        self._broken = asyncio.Event()

    def suffer(self, trouble: Trouble) -> None:
        """Let a trouble of sockets happen."""
        match trouble:
            case Trouble.DROP | Trouble.REFUSE:
                self._broken.set()
            case Trouble.HALF_OPEN:
                self._is_half_open = True
            case Trouble.GARBAGE:
                self._is_garbled = True
            case _:
                return
        self._counts[f"socket {trouble}"] += 1

    async def send(self, text: str) -> None:
        """Send a text; into a socket that is half open it goes nowhere."""
        if self._broken.is_set():
            raise VenueUnavailable("the socket is closed")
        if not self._is_half_open:
            await self._inner.send(text)

    async def receive(self) -> bytes | str | None:
        """Wait for the next text that comes through."""
        while True:
            text = await self._next()
            if text is None or not self._is_half_open:
                break
        if text is not None and self._is_garbled:
            return text[: len(text) // 2]
        return text

    async def close(self) -> None:
        """Close it."""
        self.is_open = False
        self._broken.set()
        await self._inner.close()

    async def _next(self) -> bytes | str | None:
        reading = asyncio.ensure_future(self._inner.receive())
        breaking = asyncio.ensure_future(self._broken.wait())
        try:
            await asyncio.wait((reading, breaking), return_when=asyncio.FIRST_COMPLETED)
            return reading.result() if reading.done() and not breaking.done() else None
        finally:
            reading.cancel()
            breaking.cancel()
