"""What goes wrong with the feeds of a story: faults of every kind, at moments that follow from a seed."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Final, TypeAlias

import msgspec

from fadearena.model.units import SECOND_MS, EpochMs
from fadearena.sandbox.gateway.faults import (
    Answer,
    AnswerClock,
    Clear,
    Delay,
    Drop,
    Fault,
    Frames,
    Garbage,
    Garble,
    HalfOpen,
    Hang,
    HideDex,
    Refuse,
    RefuseSubscriptions,
    Reset,
    ShortSnapshots,
    Silence,
    Truncate,
)

AHEAD: Final = "answers 30 s ahead"
CLOCK_OFF_MS: Final = 30 * SECOND_MS
_LENGTHS_MS = (SECOND_MS, 5 * SECOND_MS, 20 * SECOND_MS)
_OFTEN = 0.7


class OurClock(msgspec.Struct, frozen=True):
    """The machine's clock is set, by so much off the exchange's."""

    ms: EpochMs


Trouble: TypeAlias = Fault | OurClock
Course: TypeAlias = tuple[tuple[Trouble, ...], tuple[Trouble, ...]]
"""What begins together, and what ends it."""


class Happening(msgspec.Struct, frozen=True):
    """What goes wrong, from when to when."""

    name: str
    begins: EpochMs
    ends: EpochMs
    course: Course


def _answers(status: int) -> Callable[[Random], Course]:
    return lambda rng: (
        (Answer(status=status, path="/info", times=rng.randint(1, 12), chance=_OFTEN, seed=_seed(rng)),),
        (),
    )


def _dex_missing(rng: Random) -> Course:
    hidden = HideDex(dex="xyz"), HideDex(dex="xyz", on=False)
    times, action = rng.randint(1, 12), "clearinghouseState"
    courses: tuple[Course, ...] = (
        ((hidden[0],), (hidden[1],)),
        ((Answer(status=500, action=action, dex="xyz", times=times),), ()),
        ((Garble(text="null", action=action, dex="xyz", times=times),), ()),
    )
    return rng.choice(courses)


def _slow(rng: Random) -> Course:
    return (Delay(ms=rng.choice((300, 2_000, 9_000)), path="/info"),), (Delay(ms=0, path="/info"),)


def _frames(twice: float = 0.0, swap: float = 0.0, late: float = 0.0) -> Callable[[Random], Course]:
    def course(rng: Random) -> Course:
        late_ms = rng.choice((200, 1_500, 6_000))
        return (Frames(twice=twice, swap=swap, late=late, late_ms=late_ms, seed=_seed(rng)),), (Frames(),)

    return course


def _seed(rng: Random) -> int:
    return rng.randrange(1 << 30)


KINDS: Final[Mapping[str, Callable[[Random], Course]]] = {
    "drop": lambda _: ((Drop(),), ()),
    "drop of some": lambda rng: ((Drop(chance=0.5, seed=_seed(rng)),), ()),
    "no connection": lambda _: ((Refuse(), Drop()), (Refuse(on=False),)),
    "silence": lambda _: ((Silence(),), (Silence(on=False),)),
    "half-open sockets": lambda _: ((HalfOpen(),), (HalfOpen(on=False),)),
    "half-open tape": lambda _: (
        (HalfOpen(channels=("trades",), lasting=True),),
        (HalfOpen(channels=("trades",), on=False),),
    ),
    "half-open users": lambda _: (
        (HalfOpen(channels=("userFills",), lasting=True),),
        (HalfOpen(channels=("userFills",), on=False),),
    ),
    "frames twice": _frames(twice=0.5),
    "frames swapped": _frames(swap=0.3),
    "frames late": _frames(late=0.4),
    "frames, all of it": _frames(twice=0.2, swap=0.2, late=0.2),
    "short snapshots": lambda rng: (
        (ShortSnapshots(keep=rng.choice((None, 0, 2)), times=rng.randint(1, 40)), Drop()),
        (),
    ),
    "subscriptions refused": lambda rng: ((RefuseSubscriptions(times=rng.randint(1, 8)), Drop()), ()),
    "users refused": lambda _: ((RefuseSubscriptions(channels=("userFills",), times=2), Drop()), ()),
    "garbage": lambda _: ((Garbage(),), ()),
    "429": _answers(429),
    "502": _answers(502),
    "no answer": lambda rng: ((Hang(times=rng.randint(1, 6), path="/info"),), ()),
    "answer lost": lambda rng: ((Reset(times=rng.randint(1, 6), path="/info"),), ()),
    "answer cut short": lambda rng: (
        (Truncate(times=rng.randint(1, 12), path="/info", chance=_OFTEN, seed=_seed(rng)),),
        (),
    ),
    "slow answers": _slow,
    "a dex missing": _dex_missing,
    "our clock 30 s off": lambda rng: ((OurClock(rng.choice((-CLOCK_OFF_MS, CLOCK_OFF_MS))),), (OurClock(0),)),
    "answers 30 s behind": lambda _: ((AnswerClock(ms=-CLOCK_OFF_MS),), (AnswerClock(),)),
    AHEAD: lambda _: ((AnswerClock(ms=CLOCK_OFF_MS),), (AnswerClock(),)),
}
"""Every kind of fault."""


def script(seed: int, begins: EpochMs, ends: EpochMs, count: int) -> tuple[Happening, ...]:
    """Return so many faults, in order; all are over at `ends`."""
    rng = Random(f"{seed}/faults")
    names = rng.sample(list(KINDS), min(count, len(KINDS)))
    found = []
    for name in names:
        at = rng.randrange(begins, ends - SECOND_MS)
        found.append(Happening(name, at, min(at + rng.choice(_LENGTHS_MS), ends), KINDS[name](rng)))
    return tuple(sorted(found, key=lambda one: one.begins))


def steps(happenings: tuple[Happening, ...], ends: EpochMs) -> list[tuple[EpochMs, Trouble]]:
    """Return what is done and when, in order; at the end everything goes right again."""
    found: list[tuple[EpochMs, Trouble]] = [(one.begins, fault) for one in happenings for fault in one.course[0]]
    found += [(one.ends, fault) for one in happenings for fault in one.course[1]]
    return [*sorted(found, key=lambda step: step[0]), (ends, Clear())]
