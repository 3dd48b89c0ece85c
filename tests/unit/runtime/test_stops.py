"""Stops arrive by the table, the file and the signal: the gate closes at once, the journal decides."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from fadearena.adapters.memory.control import MemoryControl
from fadearena.adapters.memory.wakeups import MemoryWakeups
from fadearena.core.latches import ALL, Latch, Latches, LatchKind
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.kit.tasks import cancelled
from fadearena.model.error import StorageUnavailable
from fadearena.model.event import Kill, Notice, Operator, Pause, Release, Resume
from fadearena.model.order import Purpose
from fadearena.ports.control import ControlEntry, ControlState
from fadearena.ports.wakeups import Topic
from fadearena.runtime.gate import Gate
from fadearena.runtime.immediate import immediately
from fadearena.runtime.inbox import Inbox
from fadearena.runtime.stops import Stops
from tests.support.room import operator, order

HALTED = "a stop came first: halted"
_OFTEN_MS = 20


class Table(MemoryControl):
    """A table of commands that can be away, or silent."""

    def __init__(self) -> None:
        super().__init__()
        self.is_away = False
        self.is_silent = False

    async def take(self, after: int = 0) -> Sequence[ControlEntry]:
        """Take the queued commands, or fail, or never answer."""
        if self.is_away:
            raise StorageUnavailable("the database is away: start it")
        if self.is_silent:
            await asyncio.get_running_loop().create_future()
        return await super().take(after)


class Post:
    """Stops with all that they need."""

    def __init__(self, directory: Path | None = None, *, poll_ms: int = 20) -> None:
        self.clock, self.table, self.inbox, self.gate = ManualClock(), Table(), Inbox(10), Gate()
        self.gate.open()
        self.file = None if directory is None else directory / "KILL"
        self.wakeups = MemoryWakeups(self.clock)
        self.stops = Stops(
            self.table,
            self.inbox,
            self.gate,
            self.clock,
            poll_ms=poll_ms,
            kill_file=self.file,
            wakeups=self.wakeups if poll_ms > _OFTEN_MS else None,
        )

    def run(self, story: Callable[["Post"], Awaitable[None]], after: int = 0) -> None:
        """Watch for stops beside a story."""

        async def main() -> None:
            await self.stops.look(after)
            watching = [asyncio.create_task(self.stops.watch_table()), asyncio.create_task(self.stops.watch_rest())]
            await story(self)
            await cancelled(*watching)

        run_jumping(main(), self.clock)

    async def wait(self, ms: int) -> None:
        """Let time pass."""
        await self.clock.sleep_until(self.clock.now_ms() + ms)

    def commands(self) -> list[Operator]:
        """Take the commands that have arrived."""
        return [each.event for each in self.inbox.take_first() if isinstance(each.event, Operator)]

    def notices(self) -> list[str]:
        """Take everything else that has arrived."""
        waiting = immediately(self.inbox.take(100)) if len(self.inbox) else []
        return [each.event.text for each in waiting if isinstance(each.event, Notice)]

    def journal(self, *kinds: LatchKind, key: int = 0) -> None:
        """Let the journal say that a stop was decided, and which latches are set now."""
        latches = Latches()
        for kind in kinds:
            latches.set(Latch(scope=ALL, kind=kind, actor="ann", since=1))
        self.gate.follow(latches)
        self.gate.journaled(key)


def test_commands_are_taken_in_order_each_once() -> None:
    """The table is looked at every poll; what was journaled before is not taken again."""

    async def story(post: Post) -> None:
        for action in (Pause(), Resume(), Kill()):
            await post.table.put("ann", action)
        await post.wait(25)
        await post.table.put("ann", Release())
        await post.wait(25)
        taken = post.commands()
        assert [command.control_id for command in taken] == [2, 3, 4]
        assert [type(command.action) for command in taken] == [Resume, Kill, Release]
        await post.wait(200)
        assert post.commands() == []

    post = Post()
    post.stops._after = 1
    post.run(story)


def test_kill_closes_the_gate_as_soon_as_it_is_taken() -> None:
    """Before it is journaled; where the core refuses it, the gate opens again."""

    async def story(post: Post) -> None:
        entry = await post.table.put("ann", Kill())
        await post.wait(25)
        assert post.gate.refusal(order()) == HALTED
        post.journal(key=entry.id)
        assert post.gate.refusal(order()) is None

    Post().run(story)


def test_pause_and_the_kill_of_one_bot_close_what_they_name() -> None:
    """A pause lets reduces pass; another bot goes on."""

    async def story(post: Post) -> None:
        await post.table.put("ann", Kill(bot="grok-4"))
        await post.wait(25)
        assert post.gate.refusal(order()) == HALTED
        assert post.gate.refusal(order(bot="other")) is None
        await post.table.put("ann", Pause())
        await post.wait(25)
        assert post.gate.refusal(order(bot="other")) == "a stop came first: reducing"
        assert post.gate.refusal(order(bot="other", purpose=Purpose.REDUCE)) is None

    Post().run(story)


def test_withdrawn_command_is_never_taken_and_a_taken_one_cannot_be_withdrawn() -> None:
    """Nobody is told that a command was withdrawn which is carried out nevertheless."""

    async def story(post: Post) -> None:
        withdrawn = await post.table.put("ann", Resume())
        assert (await post.table.withdraw(withdrawn.id)).state is ControlState.WITHDRAWN
        taken = await post.table.put("ann", Kill())
        await post.wait(25)
        assert (await post.table.withdraw(taken.id)).state is ControlState.QUEUED
        assert [command.control_id for command in post.commands()] == [taken.id]

    Post().run(story)


def test_signal_kills_without_the_table() -> None:
    """Every one is a command of its own, without a number."""
    post = Post()
    post.stops.kill("signal:SIGUSR1")
    assert post.gate.refusal(order()) == HALTED
    (command,) = post.commands()
    assert (command.control_id, command.actor, command.action) == (0, "signal:SIGUSR1", Kill())


@pytest.mark.parametrize(("text", "flatten"), [("", False), ("please Flatten all", True)])
def test_file_kills_once_and_holds_everything_as_long_as_it_is_there(tmp_path: Path, text: str, flatten: bool) -> None:
    """Also after a release; then it is journaled again. Without the file the latch decides."""

    async def story(post: Post) -> None:
        assert post.file is not None
        post.file.write_text(text)
        await post.wait(100)
        (command,) = post.commands()
        assert (command.actor, command.action) == ("file:KILL", Kill(flatten=flatten))
        post.journal(LatchKind.KILL)
        await post.wait(100)
        assert post.commands() == []
        post.journal()
        assert post.gate.refusal(order()) == HALTED
        await post.wait(25)
        assert [command.action for command in post.commands()] == [Kill(flatten=flatten)]
        post.journal(LatchKind.KILL)
        post.file.unlink()
        await post.wait(25)
        assert post.gate.refusal(order()) == HALTED
        post.journal()
        assert post.gate.refusal(order()) is None

    Post(tmp_path).run(story)


def test_flatten_that_is_written_into_the_file_later_is_heard(tmp_path: Path) -> None:
    """A shell makes the file before it writes into it: the first look may find it empty."""

    async def story(post: Post) -> None:
        assert post.file is not None
        post.file.touch()
        await post.wait(25)
        post.file.write_text("flatten")
        await post.wait(100)
        assert [command.action for command in post.commands()] == [Kill(), Kill(flatten=True)]

    Post(tmp_path).run(story)


def test_file_that_cannot_be_read_stops_as_well(tmp_path: Path) -> None:
    """That it is there is all that matters; it may be a directory."""

    async def story(post: Post) -> None:
        assert [command.action for command in post.commands()] == [Kill()]

    (tmp_path / "KILL").mkdir()
    Post(tmp_path).run(story)


def test_increases_wait_while_the_table_is_away() -> None:
    """After two seconds without an answer, until it answers; people are told twice."""

    async def story(post: Post) -> None:
        post.table.is_away = True
        await post.wait(1_900)
        assert post.gate.refusal(order()) is None
        await post.wait(200)
        assert post.gate.refusal(order()) == "a stop came first: reducing"
        assert post.gate.refusal(order(purpose=Purpose.REDUCE)) is None
        await post.wait(5_000)
        post.table.is_away = False
        await post.wait(25)
        assert post.gate.refusal(order()) is None
        assert post.notices() == [
            "commands cannot be read, increases wait: the database is away: start it",
            "commands can be read again",
        ]

    Post().run(story)


def test_increases_wait_while_the_table_says_nothing(tmp_path: Path) -> None:
    """A question that is never answered is no answer; the file is heard all the same."""

    async def story(post: Post) -> None:
        assert post.file is not None
        post.table.is_silent = True
        await post.wait(2_100)
        assert post.gate.refusal(order()) == "a stop came first: reducing"
        assert post.notices() == ["commands cannot be read, increases wait: no answer came"]
        post.file.touch()
        await post.wait(25)
        assert [command.action for command in post.commands()] == [Kill()]

    Post(tmp_path).run(story)


def test_look_after_a_recovery_closes_for_what_still_waits() -> None:
    """What was journaled with a life that ended does not keep the gate closed; what waits does."""
    post = Post()
    post.stops.kill("signal")
    post.gate.stop(9, ALL, post.gate.ordered(ALL))
    immediately(post.stops.look(9))
    assert post.gate.refusal(order()) == HALTED
    post.journal()
    assert post.gate.refusal(order()) is None


def test_command_on_which_the_core_raised_is_not_taken_again() -> None:
    """A recovery begins after what was taken, also where the state does not know it."""
    post = Post()
    immediately(post.table.put("ann", Kill()))
    immediately(post.stops.look(0))
    assert len(post.commands()) == 1
    immediately(post.stops.look(0))
    assert post.commands() == []


def test_other_commands_do_not_touch_the_gate() -> None:
    """A release opens nothing before it is journaled."""
    post = Post()
    post.journal(LatchKind.KILL)
    immediately(post.table.put("ann", Release()))
    immediately(post.stops.look(0))
    assert post.gate.refusal(order()) == HALTED
    post.inbox.put_first(operator(Release()))
    immediately(post.stops.look(0))
    assert post.gate.refusal(order()) == HALTED


def test_a_command_that_somebody_tells_of_is_taken_at_once() -> None:
    """Nobody looks for a second, and the gate is closed the moment that the database tells."""

    async def story(post: Post) -> None:
        await post.wait(100)
        await post.table.put("ann", Kill())
        post.wakeups.wake(Topic.CONTROL)
        await post.wait(1)
        assert [event.action for event in post.commands()] == [Kill()]
        assert post.gate.ordered(ALL).severity > 0

    Post(poll_ms=1_000).run(story)
