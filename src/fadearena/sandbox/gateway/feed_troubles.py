"""
The faults of feeds that last: what is refused, what of a snapshot is told, and what happens to frames on their way.

Frames that are late or change places are held back here, and come when the time is right; see `release`.
"""

import heapq
from itertools import count
from typing import Protocol

from fadearena.adapters.sim.arena.traders import chance
from fadearena.kit.clock import Clock
from fadearena.model.units import EpochMs
from fadearena.sandbox.gateway.faults import FeedFault, Frames, HalfOpen, RefuseSubscriptions, ShortSnapshots
from fadearena.sandbox.gateway.often import Often
from fadearena.sandbox.gateway.peer import Peer


class Send(Protocol):
    """The way to a client."""

    def __call__(self, peer: Peer, text: bytes) -> None:
        """Tell one."""
        ...


class FeedTroubles:
    """
    What goes wrong between the exchange and those who listen.

    Args:
        clock: The sandbox's time, on which frames are late.
        send: Where frames go that come through.
    """

    def __init__(self, clock: Clock, send: Send) -> None:
        self._clock = clock
        self._send = send
        self._numbers = count()
        self._late: list[tuple[EpochMs, int, Peer, bytes]] = []
        self._swapped: dict[Peer, tuple[bytes, bool]] = {}
        self._forget()

    def _forget(self) -> None:
        self._mute: list[HalfOpen] = []
        self._frames = Frames()
        self._short: list[tuple[ShortSnapshots, Often]] = []
        self._refusals: list[tuple[RefuseSubscriptions, Often]] = []
        self._chance = chance(0, "frames")

    def add(self, fault: FeedFault) -> None:
        """Let something go wrong from now on; what happens at once is not for here."""
        match fault:
            case HalfOpen(lasting=True, on=True):
                self._mute.append(fault)
            case HalfOpen(on=False):
                self._mute.clear()
            case Frames():
                self._frames, self._chance = fault, chance(fault.seed, "frames")
                self.release(is_over=True)
            case ShortSnapshots():
                self._short.append((fault, Often(fault.times)))
            case RefuseSubscriptions():
                self._refusals.append((fault, Often(fault.times, fault.chance, fault.seed)))
            case _:
                pass

    def clear(self) -> None:
        """Let everything go right again; what was held back comes now."""
        self._forget()
        self.release(is_over=True)

    def refusal(self, channel: str) -> RefuseSubscriptions | None:
        """Return how a subscription is refused, and count it."""
        return next((one for one, often in self._refusals if one.is_about(channel) and often.happens()), None)

    def shortened(self, channel: str, data: object) -> object | None:
        """Return what is told first on a channel, as much of it as is told: None is nothing; and count it."""
        rows = _rows(data)
        if rows is None:
            return data
        fault = next((one for one, often in self._short if one.is_about(channel) and often.happens()), None)
        if fault is None:
            return data
        if fault.keep is None:
            return None
        kept = rows[max(0, len(rows) - fault.keep) :]
        return {key: kept if one is rows else one for key, one in data.items()} if isinstance(data, dict) else kept

    def deliver(self, peer: Peer, channel: str, text: bytes) -> None:
        """Send a frame of a channel: at once, unless something happens to it."""
        if peer.is_mute(channel) or any(one.is_about(channel) for one in self._mute):
            return
        fault = self._frames
        if not (fault.twice or fault.swap or fault.late) or not fault.is_about(channel):
            self._send(peer, text)
            return
        for _ in range(2 if self._draw(fault.twice) else 1):
            self._pass_on(peer, text)

    def release(self, *, is_over: bool = False) -> None:
        """Send what was held back long enough; if it is over, all of it."""
        now = self._clock.now_ms()
        while self._late and (is_over or self._late[0][0] <= now):
            _, _, peer, text = heapq.heappop(self._late)
            self._send(peer, text)
        for peer, (text, is_old) in tuple(self._swapped.items()):
            if is_over or is_old:
                del self._swapped[peer]
                self._send(peer, text)
            else:
                self._swapped[peer] = (text, True)

    def _pass_on(self, peer: Peer, text: bytes) -> None:
        if self._draw(self._frames.late):
            due = self._clock.now_ms() + self._chance.randint(0, self._frames.late_ms)
            heapq.heappush(self._late, (due, next(self._numbers), peer, text))
            return
        if peer not in self._swapped and self._draw(self._frames.swap):
            self._swapped[peer] = (text, False)
            return
        self._send(peer, text)
        if (held := self._swapped.pop(peer, None)) is not None:
            self._send(peer, held[0])

    def _draw(self, share: float) -> bool:
        return share > 0 and self._chance.random() < share


def _rows(data: object) -> list[object] | None:
    """Return the rows of what is told first of a series; None where it is none."""
    if isinstance(data, dict):
        return next((one for one in data.values() if isinstance(one, list)), None) if "isSnapshot" in data else None
    return data if isinstance(data, list) else None
