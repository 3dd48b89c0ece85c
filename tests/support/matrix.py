"""
The fault matrix: every step of an order's life beside every fault, and which of these cells make no sense.

1. A fault begins at the moment at which an order of ours passes the step. What lasts goes on for a while and hits
   whatever is sent meanwhile, the noop and the look-ups that are to settle the order too.
2. A story is hit once or several times: each hit by an order of its own, in the order of the schedule.
"""

from collections.abc import Iterator
from enum import StrEnum
from random import Random

import msgspec

from fadearena.model.units import SECOND_MS, EpochMs


class Step(StrEnum):
    """Moments in the life of an order, in their order."""

    BEFORE_JOURNAL = "before journal"
    """It was decided; the commit has not begun."""
    AFTER_JOURNAL = "after journal"
    """It is durable; nothing was handed on."""
    BEFORE_SEND = "before send"
    """It is signed and about to be written to a connection."""
    AFTER_SEND = "after send"
    """It has left; the exchange did not look at it yet."""
    AFTER_ACCEPTANCE = "after acceptance"
    """The exchange has carried it out and told nobody."""
    AFTER_FILL = "after fill"
    """Its fills were told, its answer was not."""
    BEFORE_ANSWER = "before answer"
    """The answer has come in; nobody has read it."""
    AFTER_ANSWER = "after answer"
    """The answer was read and is about to be journaled."""


class Fault(StrEnum):
    """What goes wrong."""

    KILL = "kill -9"
    """The worker is killed, and started again."""
    RESET = "connection reset"
    """All connections are reset; for a second none can be made."""
    ACCEPTED = "timeout with acceptance"
    """What is asked is done, and nothing comes back: no answer, and nothing of what happens on our account."""
    LOST = "timeout without"
    """What is asked gets lost on the way."""
    BROKEN = "5xx after acceptance"
    """What is asked is done, and a gateway answers 502."""
    TOO_MANY = "429"
    """Everything is answered 429."""
    GARBLED = "answer garbled"
    """What is asked is done; of each answer the first half comes."""
    LOCKED = "database locked"
    """Another connection holds the journal's write lock."""
    FULL = "disk full"
    """No file may grow."""
    DOUBLED = "duplicate answer"
    """Answers over the socket, and our fills, are told twice."""
    LATE_FILL = "late fill"
    """Our fills are told and shown later than the answer."""
    STALE = "stale socket"
    """All sockets stay open and carry nothing any more."""
    CLOCK = "clock step"
    """The exchange's clock steps."""
    RESTART = "restart of the exchange"
    """The exchange dies and comes back as it was."""


LASTS_MS: dict[Fault, EpochMs] = {
    Fault.RESET: SECOND_MS,
    Fault.ACCEPTED: 12 * SECOND_MS,
    Fault.LOST: 3 * SECOND_MS,
    Fault.BROKEN: 3 * SECOND_MS,
    Fault.TOO_MANY: 3 * SECOND_MS,
    Fault.GARBLED: 3 * SECOND_MS,
    Fault.LOCKED: 4 * SECOND_MS,
    Fault.FULL: 4 * SECOND_MS,
    Fault.DOUBLED: 3 * SECOND_MS,
    Fault.LATE_FILL: 8 * SECOND_MS,
    Fault.RESTART: 3 * SECOND_MS,
}
"""How long a fault goes on, by the exchange's time; what is not named happens once."""

STEPS_MS = (-4 * SECOND_MS, 4 * SECOND_MS)
"""By how much a clock steps: less than an order lives."""

_ANSWERED = (Step.BEFORE_ANSWER, Step.AFTER_ANSWER)
_THERE = "the answer is there already"
SENSELESS: dict[tuple[Step, Fault], str] = {
    **{(step, fault): _THERE for step in _ANSWERED for fault in (Fault.ACCEPTED, Fault.BROKEN, Fault.GARBLED)},
    **{(step, Fault.TOO_MANY): _THERE for step in _ANSWERED},
    **{
        (step, Fault.LOST): "the order was accepted already"
        for step in (Step.AFTER_ACCEPTANCE, Step.AFTER_FILL, *_ANSWERED)
    },
    (Step.AFTER_FILL, Fault.LATE_FILL): "the fill was told already",
}
"""The cells that make no sense, each with the reason."""


class Hit(msgspec.Struct, frozen=True):
    """One fault at one step of an order's life."""

    step: Step
    fault: Fault

    def __str__(self) -> str:
        return f"{self.step} / {self.fault}"


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """A story of faults: its name, the seed of prices and chance, and what hits the orders, one after the other."""

    name: str
    seed: int
    hits: tuple[Hit, ...]


def cells() -> Iterator[Hit]:
    """Yield all cells that make sense."""
    for fault in Fault:
        for step in Step:
            if (step, fault) not in SENSELESS:
                yield Hit(step, fault)


def whole() -> list[Schedule]:
    """Return a story for each cell: its fault hits an increase, then a reduce."""
    return [Schedule(name=str(hit), seed=number, hits=(hit, hit)) for number, hit in enumerate(cells(), 1)]


def random_schedule(seed: int) -> Schedule:
    """Return a story of two to five faults at random steps."""
    rng, all_cells = Random(seed), list(cells())
    hits = tuple(rng.choice(all_cells) for _ in range(rng.randint(2, 5)))
    return Schedule(name=f"seed {seed}", seed=seed, hits=hits)


def table(survived: dict[Hit, bool]) -> list[str]:
    """Return the matrix as lines: `ok`, `FAILED`, `-` where a cell makes no sense, nothing where it was not tried."""
    width = max(len(fault) for fault in Fault)
    heads = [step.replace("before", "<").replace("after", ">") for step in Step]
    lines = [f"{'':{width}}  " + "  ".join(f"{head:>12}" for head in heads)]
    for fault in Fault:
        row = [_mark(survived, Hit(step, fault)) for step in Step]
        lines.append(f"{fault:{width}}  " + "  ".join(f"{mark:>12}" for mark in row))
    return lines


def _mark(survived: dict[Hit, bool], hit: Hit) -> str:
    if (hit.step, hit.fault) in SENSELESS:
        return "-"
    return {True: "ok", False: "FAILED", None: ""}[survived.get(hit)]
