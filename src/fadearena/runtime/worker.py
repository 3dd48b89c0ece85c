"""
The worker: takes events in, one turn after the other, and lets commands out once they are journaled.

1. It works only while it holds the lease; without it, it stands by.
2. First start and restart are one path: recover from the journal, tell the core `Started`, go on.
3. Where the journal cannot be written, or the core raises, the state is dropped and recovered. An event on which the
   core raised is journaled as `Quarantined`: everything is halted until somebody looked.
4. What may leave is said by `gate`, what is done by the core; nothing is decided here.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial

import structlog

from fadearena.kit.exposition import text_in_parts
from fadearena.kit.tasks import cancelled, either, first_cause
from fadearena.model.error import InvariantBroken, LeaseLost, StorageError, StorageUnavailable
from fadearena.model.event import Quarantined, Started
from fadearena.model.units import MINUTE_MS, SECOND_MS, EpochMs
from fadearena.ports.heartbeat import Beat
from fadearena.ports.venue import Venue
from fadearena.ports.wallet_feed import WalletFeed
from fadearena.runtime.ahead import Ahead
from fadearena.runtime.corrected import CorrectedClock
from fadearena.runtime.engine import Engine
from fadearena.runtime.gate import Gate
from fadearena.runtime.inbox import Inbox
from fadearena.runtime.life import Life, Opening, Room, WorkerDoors, WorkerOptions
from fadearena.runtime.lookout import Lookout, feeds_of
from fadearena.runtime.looks import FeedLooker, Looks
from fadearena.runtime.metrics import Metrics
from fadearena.runtime.quotes import QuoteBoard
from fadearena.runtime.recovery import Recovered, recover
from fadearena.runtime.stops import Stops
from fadearena.runtime.turns import Poisoned
from fadearena.runtime.watchdog import Watchdog

__all__ = ["Prepare", "Worker", "WorkerDoors", "WorkerOptions"]

log = structlog.get_logger(__name__)
_RETRIES_S = (1, 2, 4, 8, 15, 30, 60)
_POISON_MAX = 5
_CALM_MS = 10 * MINUTE_MS

Prepare = Callable[[Recovered], Awaitable[None]]
"""What is done between recovery and the first turn: a paper venue is rebuilt from the journal."""


async def _nothing(_recovered: Recovered) -> None:
    """Prepare nothing."""


class Worker:
    """One worker process."""

    def __init__(
        self,
        doors: WorkerDoors,
        opening: Opening,
        options: WorkerOptions,
        *,
        prepare: Prepare = _nothing,
        engine: Engine | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self._doors = doors
        self._options = options
        self._prepare = prepare
        inbox, gate = Inbox(options.inbox_limit), Gate()
        stops = Stops(
            doors.control,
            inbox,
            gate,
            doors.wall,
            poll_ms=options.control_poll_ms,
            kill_file=options.kill_file,
            wakeups=doors.wakeups,
        )
        self._room = Room(
            doors=doors,
            opening=opening,
            options=options,
            engine=engine or Engine(),
            metrics=metrics or Metrics(),
            inbox=inbox,
            ahead=Ahead(doors.doubt),
            gate=gate,
            board=QuoteBoard(),
            stops=stops,
            stopping=asyncio.Event(),
        )
        self._watchdog = Watchdog(doors.wall, inbox, options.feed_patience_ms, partial(feeds_of, doors))
        self._lookout = Lookout(doors, self._room.metrics, options.look_ms)
        self._life: Life | None = None
        self._status = "starting"
        self._changed = asyncio.Event()
        self._is_standby = True
        self._stood_by = False
        self._poisoned: list[EpochMs] = []
        self._failures = 0

    async def run(self) -> None:
        """
        Work until `stop`.

        Raises:
            LeaseLost: Another worker took over.
            JournalCorrupt: An entry cannot be read or stepped; somebody has to look.
            InvariantBroken: The core raises again and again.
        """
        beat = asyncio.create_task(self._beat(), name="beat")
        try:
            if await self._take_lease():
                await self._work()
        finally:
            self._room.gate.shut("the worker has stopped")
            self._become("stopped")
            await cancelled(beat)
            await self._say_beat()
            await self._release()

    def stop(self) -> None:
        """End in good order: nothing new is sent, what is under way is waited for and journaled."""
        self._room.gate.shut("the worker is stopping")
        self._room.stopping.set()
        self._room.inbox.nudge()

    def kill_now(self, actor: str) -> None:
        """Stop trading at once, without the control table."""
        self._room.stops.kill(actor)

    async def _work(self) -> None:
        """Live one life after the other."""
        while not self._room.stopping.is_set():
            try:
                await self._live()
            except ExceptionGroup as group:
                await self._go_on_after(first_cause(group))
            except StorageUnavailable as error:
                await self._go_on_after(error)

    async def _take_lease(self) -> bool:
        """Wait until the lease is ours; tell whether it came to that."""
        while not self._room.stopping.is_set():
            try:
                if await self._doors.lease.acquire(f"{self._options.name} (process {os.getpid()})"):
                    self._is_standby = False
                    return True
                if self._status != "standby":
                    log.info("standing_by", holder=await self._doors.lease.holder())
                self._become("standby")
            except StorageUnavailable as error:
                self._become("waiting for the database")
                self._room.metrics.storage_failures.inc()
                log.warning("lease_failed", error=str(error))
            await self._wait(self._options.standby_poll_ms)
        return False

    async def _live(self) -> None:
        """Recover, and take turns until stopped or until something breaks."""
        self._room.gate.shut("the worker is recovering")
        self._become("recovering")
        self._room.metrics.recoveries.inc()
        await self._doors.journal.reopen()
        recovered = await recover(self._doors.journal, self._doors.snapshots, self._room.engine)
        log.info("recovered", seq=recovered.seq, snapshot=recovered.snapshot_seq, differences=recovered.differences)
        await self._prepare(recovered)
        async with asyncio.TaskGroup() as group:
            life = self._life = Life(self._room, recovered, group)
            await life.begin()
            self._become("running")
            self._failures = 0
            log.info("running", mode=recovered.state.policy.mode, seq=life.turns.seq, epoch=self._doors.lease.epoch)
            helpers = [group.create_task(work, name=name) for name, work in self._helpers(life).items()]
            await life.go_on()
            await cancelled(*helpers)
            self._become("stopping")
            await life.wind_up()

    def _helpers(self, life: Life) -> dict[str, Coroutine[None, None, None]]:
        doors, state = self._doors, life.turns.state
        helpers = {
            "timer": life.timer.run(),
            "snapshots": life.snapshotter.run(),
            "wallets": self._listen("wallets", doors.wallets),
            "venue": self._listen("venue", doors.venue),
            "markets": self._watch_markets(),
            "control": self._room.stops.watch_table(),
            "stops": self._room.stops.watch_rest(),
            "pulse": life.pulse(),
            "watchdog": self._watchdog.run(),
            "lookout": self._lookout.run(CorrectedClock(doors.clock, state), lambda: state.policy),
        }
        if doors.inquiries is not None:
            looks = Looks(doors.inquiries, doors.looker or FeedLooker(doors.wallets), doors.wall)
            helpers["looks"] = looks.run()
        return helpers

    async def _listen(self, name: str, feed: WalletFeed | Venue) -> None:
        """Take in what a feed pushes; what happens on our own accounts is never refused."""
        metrics, inbox = self._room.metrics, self._room.inbox
        events = metrics.feed_events.labels(name)
        async for event in feed:
            events.inc()
            metrics.feed_heard.labels(name).set(self._doors.clock.now_ms() / SECOND_MS)
            if feed is self._doors.venue:
                inbox.put(event)
            elif not inbox.offer(event):
                metrics.feed_lost.labels(name).inc()
        log.warning("feed_ended", feed=name)  # what it followed grows old, and increases stop by that

    async def _watch_markets(self) -> None:
        heard = self._room.metrics.feed_heard
        async for news in self._doors.markets:
            heard.labels("markets").set(self._doors.clock.now_ms() / SECOND_MS)
            self._room.board.take(news)

    async def _beat(self) -> None:
        """Say again and again how things stand, and at once when that changed."""
        wall = self._doors.wall
        while True:
            self._changed.clear()
            await self._say_beat()
            await either(wall.sleep_until(wall.now_ms() + self._options.beat_ms), self._changed.wait())

    def _become(self, status: str) -> None:
        self._status = status
        self._changed.set()

    async def _say_beat(self) -> None:
        """Say how things stand; a standby that became the worker is no standby any more."""
        if self._life is not None:
            self._life.count()
        if self._stood_by and not self._is_standby:
            await self._say("standby", "stopped")
        self._stood_by = self._is_standby
        await self._say("standby" if self._is_standby else "worker", self._status)

    async def _say(self, name: str, status: str) -> None:
        beat = Beat(
            process=name,
            pid=os.getpid(),
            time=self._doors.wall.now_ms(),
            status=status,
            mode=self._options.mode,
            journal_seq=self._doors.journal.last_seq,
            epoch=self._doors.lease.epoch,
            metrics=await text_in_parts(self._room.metrics.registry),
        )
        try:
            await self._doors.heartbeats.beat(beat)
        except StorageError as error:
            log.warning("beat_failed", error=str(error))

    async def _go_on_after(self, error: BaseException) -> None:
        """Get ready for another life, where that helps; raise the error where it does not."""
        self._room.gate.shut(f"the worker is recovering from: {error}")
        match error:
            case Poisoned():
                self._set_aside(error)
            case StorageUnavailable():
                self._become("waiting for the database")
                self._room.metrics.storage_failures.inc()
                log.error("journal_failed", error=str(error))
                await self._wait(_RETRIES_S[min(self._failures, len(_RETRIES_S) - 1)] * SECOND_MS)
                self._failures += 1
            case _:
                self._is_standby = isinstance(error, LeaseLost)  # the worker is another one by now
                raise error

    def _set_aside(self, poisoned: Poisoned) -> None:
        """Put an event in the place of one on which the core raised: it says so, and everything is halted."""
        event, now = poisoned.event, self._doors.wall.now_ms()
        kind = str(event.__struct_config__.tag)
        self._poisoned = [time for time in self._poisoned if time > now - _CALM_MS] + [now]
        if isinstance(event, Quarantined | Started) or len(self._poisoned) > _POISON_MAX:
            raise InvariantBroken(f"the core raises on {kind}: {poisoned}") from poisoned
        log.error("event_quarantined", kind=kind, error=str(poisoned))
        held = Quarantined(time=0, received=0, subject=kind, error=str(poisoned), held=poisoned.held)
        self._room.inbox.put_first(held)

    async def _release(self) -> None:
        try:
            await self._doors.lease.release()
        except StorageError as error:
            log.warning("release_failed", error=str(error))

    async def _wait(self, ms: EpochMs) -> None:
        """Wait by people's clock, or until stopped."""
        wall = self._doors.wall
        await either(wall.sleep_until(wall.now_ms() + ms), self._room.stopping.wait())
