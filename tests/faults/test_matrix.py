"""
The fault matrix on a clock that jumps: every fault at every step of an order's life, and random schedules of several.

Some cells are told again over real sockets, with real processes; all of them are by `make faults`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from decimal import Decimal

import msgspec
import pytest

from fadearena.model.command import PlaceOrder
from fadearena.model.error import OutcomeUnknown
from fadearena.model.event import Event, OrderAnswered
from fadearena.model.order import Refused, RejectCode
from fadearena.ports.sightings import FeedStatus
from fadearena.ports.venue import Venue, VenueCommand
from tests.faults.matrix import Ended, has_failed, in_memory, over_sockets, reported, show
from tests.support.matrix import SENSELESS, Fault, Hit, Schedule, Step, cells, random_schedule, whole
from tests.support.matrix_check import Books, problems_of
from tests.support.matrix_memory import Recorded, recorded

QUICK = (
    Hit(Step.AFTER_JOURNAL, Fault.KILL),
    Hit(Step.AFTER_SEND, Fault.LOST),
    Hit(Step.AFTER_ACCEPTANCE, Fault.KILL),
    Hit(Step.AFTER_ACCEPTANCE, Fault.BROKEN),
    Hit(Step.AFTER_ANSWER, Fault.LOCKED),
)
SOCKETS = (
    Hit(Step.AFTER_ACCEPTANCE, Fault.KILL),
    Hit(Step.BEFORE_SEND, Fault.RESET),
    Hit(Step.AFTER_ANSWER, Fault.FULL),
    Hit(Step.AFTER_ACCEPTANCE, Fault.RESTART),
)
BATCHES, EACH = 6, 5
TOLD = (253, 393, 527, 706)
"""Schedules that were not survived once: clocks that step while funding is paid, an exchange that begins anew."""
STILL = Schedule(name="nothing", seed=1, hits=())
Change = Callable[[Books], Books]


def story(hit: Hit) -> Schedule:
    """Return the story of a cell."""
    return next(each for each in whole() if each.hits[0] == hit)


def of_fills(change: Callable[[list[dict[str, str]]], list[dict[str, str]]]) -> Change:
    """Return a change of the fills."""
    return lambda books: msgspec.structs.replace(books, fills=change([dict(fill) for fill in books.fills]))


def with_first(name: str, value: str) -> Change:
    """Return a change of one field of the first fill."""
    return of_fills(lambda fills: [{**fills[0], name: value}, *fills[1:]])


WRONG: dict[str, tuple[Change, str]] = {
    "an order twice": (
        lambda books: msgspec.structs.replace(books, orders=[books.orders[0], *books.orders]),
        "is at the exchange 2 times",
    ),
    "an execution twice": (of_fills(lambda fills: [fills[0], *fills]), "is booked"),
    "an execution less": (of_fills(lambda fills: fills[1:]), "is booked"),
    "an order of nobody": (with_first("cloid", "0x" + "ab" * 16), "is of no order that was decided"),
    "another fee": (with_first("fee", "1"), "were paid"),
    "another price": (with_first("px", "1"), "is booked"),
    "no funding": (lambda books: msgspec.structs.replace(books, payments=[]), "was received"),
    "other cash": (lambda books: msgspec.structs.replace(books, cash=books.cash + 1), "the exchange's cash"),
    "a position of nobody": (
        lambda books: msgspec.structs.replace(
            books, held={user: {**held, "SOL": Decimal(1)} for user, held in books.held.items()}
        ),
        "the exchange holds 1 SOL",
    ),
}
"""What could be wrong in the exchange's books, and how that would be told."""


class Careless:
    """A venue that takes an order which was not answered for one that was refused: the known mistake of others."""

    def __init__(self, inner: Venue) -> None:
        self._inner = inner

    def __aiter__(self) -> AsyncIterator[Event]:
        """Iterate over what is pushed."""
        return aiter(self._inner)

    def feeds(self) -> Sequence[FeedStatus]:
        """Return none: nothing of it can fall silent."""
        return ()

    async def execute(self, command: VenueCommand) -> Sequence[Event]:
        """Do one command; what is not known is said to have failed."""
        try:
            return await self._inner.execute(command)
        except OutcomeUnknown as unknown:
            if not isinstance(command, PlaceOrder):
                raise
            answer = Refused(code=RejectCode.NO_MATCH, text=str(unknown))
            return (OrderAnswered(time=0, received=0, cloid=command.identity.cloid, answer=answer),)


@pytest.fixture(scope="module")
def still() -> Recorded:
    """Return a story in which nothing goes wrong."""
    return recorded(STILL)


def test_every_cell_is_tried_or_said_to_make_no_sense() -> None:
    """Eight steps beside fourteen faults; no cell is left out in silence."""
    tried = set(cells())
    assert len(tried) + len(SENSELESS) == len(Step) * len(Fault) == 112
    assert not {(hit.step, hit.fault) for hit in tried} & SENSELESS.keys()
    assert {each.hits[0] for each in whole()} == tried
    assert random_schedule(17) == random_schedule(17) != random_schedule(18)


@pytest.mark.parametrize("name", WRONG)
def test_what_would_be_wrong_is_found(still: Recorded, name: str) -> None:
    """Books that differ from the exchange's in one thing are told apart from those that do not."""
    change, told = WRONG[name]
    assert list(problems_of(still.entries, still.books)) == []
    assert told in " ".join(problems_of(still.entries, change(still.books)))


@pytest.mark.parametrize("fault", [Fault.ACCEPTED, Fault.BROKEN])
def test_a_timeout_that_is_taken_for_a_failure_is_noticed(fault: Fault) -> None:
    """A worker that sends again what was not answered does things twice, and the matrix says so."""
    careless = recorded(story(Hit(Step.AFTER_SEND, fault)), Careless)
    assert "decided for" in " ".join(problems_of(careless.entries, careless.books))


def test_what_failed_is_shown() -> None:
    """Table, count and the line for programs name a cell that failed, and one whose fault never began."""
    good, bad, idle = (story(hit) for hit in QUICK[:3])
    ends = [
        Ended(schedule=good, injected=good.hits, recovered_ms=250),
        Ended(schedule=bad, injected=bad.hits, problems=("an order twice",)),
        Ended(schedule=idle),
    ]
    said: list[str] = []
    show(ends, reported(ends, 0.0, needs_all=True), said.append, is_whole=True)
    assert said[-2] == "faults survived 1 of 3"
    assert f'"failed":["{bad.name}","{idle.name}"]' in said[-1]
    assert sum(line.count("FAILED") for line in said) == 2


@pytest.mark.parametrize("hit", QUICK, ids=str)
def test_a_fault_at_a_step(hit: Hit) -> None:
    """In the end positions are targets, nothing was done twice, and money is the exchange's to the last digit."""
    ended = in_memory(story(hit))
    assert ended.problems == ()
    assert ended.injected == (hit, hit)


@pytest.mark.slow
@pytest.mark.parametrize("fault", Fault)
def test_a_fault_at_every_step(fault: Fault) -> None:
    """The same at each step at which the fault makes sense, on an increase and on a reduce."""
    ends = [in_memory(each) for each in whole() if each.hits[0].fault is fault and each.hits[0] not in QUICK]
    assert [each for each in ends if has_failed(each, needs_all=True)] == []


@pytest.mark.slow
@pytest.mark.parametrize("batch", range(BATCHES))
def test_several_faults(batch: int) -> None:
    """The same where faults follow one another, at random steps."""
    ends = [in_memory(random_schedule(seed)) for seed in range(batch * EACH, batch * EACH + EACH)]
    assert [each for each in ends if each.problems] == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", TOLD)
def test_what_was_not_survived_once_is_survived(seed: int) -> None:
    """They are told again for ever."""
    assert in_memory(random_schedule(seed)).problems == ()


@pytest.mark.slow
def test_real_processes_and_sockets() -> None:
    """Some cells with a worker and a sandbox that are processes, SIGKILL, a disk that is full, and real sockets."""

    async def tell() -> list[Ended]:
        stories = [story(hit) for hit in SOCKETS]
        return [ended async for ended in over_sockets(stories, len(SOCKETS), Decimal(4))]

    ends = asyncio.run(tell())
    assert [each for each in ends if has_failed(each, needs_all=True)] == []
