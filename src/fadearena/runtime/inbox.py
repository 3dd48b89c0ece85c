"""
Where events wait for the worker.

1. People come first: their commands overtake everything else that waits.
2. Answers, wakes, and what happens on our own accounts are never refused: there is only as much as was asked for.
3. What feeds push is refused once `limit` events wait. That is an event, too: a notice, and for each wallet of which
   something was lost a failed repair, so that nothing is increased before a snapshot was read.
"""

import asyncio
import time
from collections import deque
from collections.abc import Sequence

import msgspec

from fadearena.model.command import Command
from fadearena.model.event import (
    Event,
    Notice,
    Operator,
    Quarantined,
    RepairStage,
    SourceEquity,
    SourceFills,
    SourceRepair,
    SourceSnapshot,
    SourceUnreadable,
)
from fadearena.model.ids import Address
from fadearena.ports.venue import SignedCommand


class Incoming(msgspec.Struct, frozen=True, gc=False):
    """
    An event on its way to the core; `cause` is the command that it answers.

    `arrived` is when a feed's event came in, in seconds of `time.perf_counter`; of others nobody asks.
    """

    event: Event
    cause: Command | None = None
    arrived: float = 0.0


class Inbox:
    """A queue with two lanes and a limit."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._first: deque[Incoming] = deque()
        self._rest: deque[Incoming] = deque()
        self._lost: dict[Address | None, int] = {}
        self._arrived = asyncio.Event()

    def __len__(self) -> int:
        return len(self._first) + len(self._rest)

    @property
    def first(self) -> tuple[Event, ...]:
        """What waits in the lane that overtakes the other."""
        return tuple(incoming.event for incoming in self._first)

    def put_first(self, event: Operator | Quarantined) -> None:
        """Put an event before all others, behind those that came this way before."""
        self._first.append(Incoming(event))
        self._arrived.set()

    def put(self, event: Event, cause: Command | None = None) -> None:
        """Put an answer, a wake or news of our own accounts in."""
        self._rest.append(Incoming(event, cause))
        self._arrived.set()

    def offer(self, event: Event) -> bool:
        """Put in what a feed pushed; tell whether there was room for it."""
        if len(self) < self._limit:
            self._rest.append(Incoming(event, arrived=time.perf_counter()))
            self._arrived.set()
            return True
        wallet = _wallet_of(event)
        self._lost[wallet] = self._lost.get(wallet, 0) + 1
        return False

    def put_back(self, taken: Sequence[Incoming]) -> None:
        """Put back what was taken and not journaled, before everything else of its lane, in its order."""
        for incoming in reversed(taken):
            is_first = isinstance(incoming.event, Operator | Quarantined)
            (self._first if is_first else self._rest).appendleft(incoming)
            self._arrived.set()

    def forget_questions(self) -> None:
        """
        Drop answers to questions: after a recovery everything is asked anew, and an old answer is no news.

        Answers to signed actions stay, as does all that was pushed: nobody would tell it again.
        """
        self._rest = deque(each for each in self._rest if each.cause is None or isinstance(each.cause, SignedCommand))

    def nudge(self) -> None:
        """Let whoever waits in `take` go on, with nothing if need be."""
        self._arrived.set()

    async def take(self, most: int) -> list[Incoming]:
        """Wait until something came in or somebody nudged, and take at most `most` events."""
        if not self._first and not self._rest:
            self._arrived.clear()
            await self._arrived.wait()
        taken = [self._first.popleft() for _ in range(min(most, len(self._first)))]
        taken += [self._rest.popleft() for _ in range(min(most - len(taken), len(self._rest)))]
        if self._lost and len(self) < self._limit // 2:
            self._tell_losses()
        return taken

    def take_first(self) -> list[Incoming]:
        """Take everything that overtakes the rest, without waiting."""
        taken = list(self._first)
        self._first.clear()
        return taken

    def _tell_losses(self) -> None:
        """Say what was refused while the queue was full."""
        lost, self._lost = self._lost, {}
        wallets = [wallet for wallet in lost if wallet is not None]
        text = f"the inbox was full: {sum(lost.values())} events were refused, of {len(wallets)} wallets"
        self.put(Notice(time=0, received=0, level="critical", category="inbox", text=text))
        for wallet in wallets:
            self.put(SourceRepair(time=0, received=0, wallet=wallet, stage=RepairStage.FAILED))


def _wallet_of(event: Event) -> Address | None:
    match event:
        case SourceFills() | SourceSnapshot() | SourceEquity() | SourceUnreadable() | SourceRepair():
            return event.wallet
        case _:
            return None
