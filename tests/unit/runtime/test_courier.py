"""The courier brings every alert to every destination, and says so; what was not taken is tried again."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest

from fadearena.adapters.memory.alerts import MemoryAlerts
from fadearena.adapters.memory.outbox import MemoryOutbox
from fadearena.kit.clock import ManualClock
from fadearena.kit.exposition import text_of
from fadearena.kit.jumping import run_jumping
from fadearena.model.error import StorageUnavailable
from fadearena.model.record import Alert
from fadearena.model.units import DAY_MS, HOUR_MS, MINUTE_MS
from fadearena.ports.alerts import Message
from fadearena.ports.outbox import Delivery, OutboxRow
from fadearena.runtime.courier import Courier, backoff_ms
from fadearena.runtime.server_metrics import ServerMetrics

START = 1_760_000_000_000


class Outbox(MemoryOutbox):
    """An outbox whose database can be away, also at the moment when it should be noted that a message was sent."""

    def __init__(self) -> None:
        super().__init__()
        self.is_away = False
        self.notes_to_lose = 0

    async def save(self, rows: Sequence[OutboxRow]) -> None:
        """Replace rows, or fail."""
        if rows and self.notes_to_lose:
            self.notes_to_lose -= 1
            raise StorageUnavailable("the database is away")
        await super().save(rows)

    async def queued(self, limit: int) -> tuple[OutboxRow, ...]:
        """Return what waits, or fail."""
        if self.is_away:
            raise StorageUnavailable("the database is away")
        return await super().queued(limit)


class Wild(MemoryAlerts):
    """A sink with a mistake of its own."""

    async def send(self, destination: str, message: Message) -> None:
        """Raise where nobody expects it."""
        if destination == "wild":
            raise ZeroDivisionError("https://secret")
        await super().send(destination, message)


class Coarse:
    """A clock on which nobody waits for less than so long, so that days pass quickly."""

    def __init__(self, inner: ManualClock, least_ms: int) -> None:
        self._inner = inner
        self._least_ms = least_ms

    def now_ms(self) -> int:
        """Return the time."""
        return self._inner.now_ms()

    async def sleep_until(self, at_ms: int) -> None:
        """Wait for a time, but not for less than the least."""
        await self._inner.sleep_until(max(at_ms, self._inner.now_ms() + self._least_ms))


class Office:
    """Couriers around one outbox, on time that jumps."""

    def __init__(self, sink: MemoryAlerts | None = None, *, least_ms: int = 0) -> None:
        self.clock, self.outbox, self.metrics = ManualClock(START), Outbox(), ServerMetrics()
        self.sink = sink or MemoryAlerts("a", "b")
        self._coarse = Coarse(self.clock, least_ms)
        self.couriers = [self.courier()]

    def courier(self) -> Courier:
        """Return one more courier."""
        return Courier(self.outbox, self.sink, self._coarse, self.metrics, mode="live")

    async def queue(self, *categories: str, level: str = "warning") -> None:
        """Queue alerts."""
        for number, category in enumerate(categories):
            alert = Alert(level=level, category=category, subject="s", text=f"about {category}")
            await self.outbox.put(f"{self.clock.now_ms()}-{number}", alert, self.clock.now_ms())

    def run(self, story: Callable[["Office"], Awaitable[None]]) -> None:
        """Let them work beside a story."""

        async def main() -> None:
            running = [asyncio.create_task(courier.run()) for courier in self.couriers]
            try:
                await story(self)
            finally:
                for courier in self.couriers:
                    courier.stop()
                await asyncio.gather(*running)

        run_jumping(main(), self.clock)

    async def wait(self, ms: int) -> None:
        """Let time pass."""
        await self.clock.sleep_until(self.clock.now_ms() + ms)

    async def rows(self) -> list[OutboxRow]:
        """Return all rows, the oldest first."""
        return list(reversed(await self.outbox.rows(100)))

    def told(self, destination: str = "a") -> list[str]:
        """Return the titles that a destination got."""
        return [message.title for name, message in self.sink.sent if name == destination]


def test_an_alert_goes_to_every_destination_once() -> None:
    """Its title says what it is about, how bad that is, and whether real money is in it."""

    async def story(office: Office) -> None:
        await office.queue("daily_loss")
        await office.wait(1_000)
        (row,) = await office.rows()
        assert (row.state, row.reached, row.attempts, row.error) == (Delivery.SENT, ("a", "b"), 0, "")
        await office.wait(5 * MINUTE_MS)

    office = Office()
    office.run(story)
    assert office.told("a") == office.told("b") == ["FadeArena (live) warning: daily loss, s"]
    assert office.sink.sent[0][1].text == "about daily_loss"


def test_only_those_who_have_not_taken_it_are_asked_again() -> None:
    """After 1, 2, 4 .. 60 s, until they take it."""

    async def story(office: Office) -> None:
        office.sink.refusals["b"] = "no room"
        await office.queue("drift")
        await office.wait(2_000)
        (row,) = await office.rows()
        assert (row.state, row.reached, row.error) == (Delivery.QUEUED, ("a",), "b: no room")
        await office.wait(10 * MINUTE_MS)
        (row,) = await office.rows()
        assert 14 <= row.attempts <= 16
        del office.sink.refusals["b"]
        await office.wait(MINUTE_MS)
        (row,) = await office.rows()
        assert (row.state, row.reached, row.error) == (Delivery.SENT, ("a", "b"), "")

    office = Office()
    office.run(story)
    assert (len(office.told("a")), len(office.told("b"))) == (1, 1)
    assert [backoff_ms(n) for n in (1, 2, 3, 6, 7, 5_000)] == [1_000, 2_000, 4_000, 32_000, 60_000, 60_000]


def test_what_nobody_takes_for_a_day_is_given_up_and_can_be_tried_again() -> None:
    """It stays in sight as failed, with the reason; after somebody looked it is queued again."""

    async def story(office: Office) -> None:
        office.sink.refusals |= {"a": "no route", "b": "no route"}
        await office.queue("drift")
        await office.wait(DAY_MS - HOUR_MS)
        assert [row.state for row in await office.rows()] == [Delivery.QUEUED]
        await office.wait(2 * HOUR_MS)
        (row,) = await office.rows()
        assert (row.state, row.error) == (Delivery.FAILED, "a: no route; b: no route")
        office.sink.refusals.clear()
        assert await office.outbox.retry() == 1
        await office.wait(HOUR_MS)
        assert [row.state for row in await office.rows()] == [Delivery.SENT]

    Office(least_ms=10 * MINUTE_MS).run(story)


def test_repetitions_are_told_together_after_ten_minutes() -> None:
    """A flood of one alert is two messages: the first, and one that says how many followed."""

    async def story(office: Office) -> None:
        for _ in range(60):
            await office.queue("drift")
            await office.wait(2_000)
        assert len(office.told()) == 1
        await office.wait(9 * MINUTE_MS)

    office = Office()
    office.run(story)
    texts = [message.text for name, message in office.sink.sent if name == "a"]
    assert texts == ["about drift", "about drift\n(59 alerts)"]


def test_a_flood_of_different_alerts_stays_within_the_hour() -> None:
    """Twenty messages an hour at most, the last tells of the rest; a kill is told beside all that, at once."""

    async def story(office: Office) -> None:
        await office.queue(*(f"c{n}" for n in range(100)))
        await office.wait(5_000)
        assert len(office.told()) == 15
        await office.queue("kill", level="critical")
        await office.wait(1_000)
        assert office.told()[-1] == "FadeArena (live) critical: kill, s"
        assert not await office.outbox.queued(1)

    office = Office()
    office.run(story)
    assert sum("digest" in title for title in office.told()) == 1


def test_of_several_couriers_one_sends() -> None:
    """Each message goes out once; 20 s after one has died another goes on, at once where it ended in good order."""
    office = Office()
    office.couriers += [office.courier(), office.courier()]

    async def story(office: Office) -> None:
        for n in range(5):
            await office.queue(f"a{n}", f"b{n}")
            await office.wait(5_000)
        assert len(office.told("a")) == len(office.told("b")) == 10
        await office.wait(MINUTE_MS)
        assert await office.outbox.lead("one that dies", office.clock.now_ms(), 20_000)
        await office.queue("late")
        await office.wait(19_000)
        assert len(office.told("a")) == 10
        await office.wait(5_000)
        assert len(office.told("a")) == 11

    office.run(story)
    assert run_jumping(office.outbox.lead("the next", office.clock.now_ms(), 1), office.clock)


def test_what_was_sent_and_not_noted_is_sent_again() -> None:
    """At least once: where the note fails, or its writer dies, people may read it twice, and never not at all."""
    office = Office()
    office.outbox.notes_to_lose = 1

    async def story(office: Office) -> None:
        await office.queue("kill", level="critical")
        await office.wait(3_000)
        assert [row.state for row in await office.rows()] == [Delivery.SENT]

    office.run(story)
    assert len(office.told("a")) == len(office.told("b")) == 2


def test_a_destination_with_a_mistake_keeps_nobody_from_being_told() -> None:
    """The others get the message; what the mistake said is not repeated, since it may hold a secret."""
    office = Office(Wild("wild", "b"))

    async def story(office: Office) -> None:
        await office.queue("drift")
        await office.wait(1_500)
        (row,) = await office.rows()
        assert (row.reached, row.error) == (("b",), "wild: an unexpected ZeroDivisionError")

    office.run(story)


def test_a_database_that_is_away_is_waited_for() -> None:
    """What was queued before goes out once it is back."""

    async def story(office: Office) -> None:
        await office.queue("drift")
        office.outbox.is_away = True
        await office.wait(5_000)
        assert not office.sink.sent
        office.outbox.is_away = False
        await office.wait(1_500)
        assert len(office.sink.sent) == 2

    office = Office()
    office.run(story)
    assert "fadearena_alerts_total" in text_of(office.metrics.registry)


def test_what_ended_a_month_ago_is_forgotten() -> None:
    """The outbox does not grow for ever."""

    async def story(office: Office) -> None:
        await office.queue("drift")
        await office.wait(29 * DAY_MS)
        assert len(await office.rows()) == 1
        await office.wait(2 * DAY_MS)
        assert await office.rows() == []

    Office(least_ms=HOUR_MS).run(story)


@pytest.mark.parametrize("level", ["info", "warning", "critical"])
def test_every_level_is_told(level: str) -> None:
    """Also what is no trouble: a fill, the summary of a day."""

    async def story(office: Office) -> None:
        await office.queue("fill", level=level)
        await office.wait(1_000)

    office = Office()
    office.run(story)
    assert [message.level for _, message in office.sink.sent] == [level, level]
