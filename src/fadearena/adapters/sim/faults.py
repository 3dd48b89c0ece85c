"""
A venue that goes wrong on purpose.

Faults come by a script or by a seed; the same script or seed gives the same faults, so that a failure can be
played again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import ROUND_DOWN
from enum import StrEnum
from random import Random
from typing import Protocol

import msgspec

from fadearena.kit.clock import Clock
from fadearena.model.command import PlaceOrder
from fadearena.model.error import OutcomeUnknown
from fadearena.model.event import Event, FundingPaid, OrderAnswered, OwnFills
from fadearena.model.order import Refused, RejectCode
from fadearena.model.units import SECOND_MS, EpochMs
from fadearena.ports.venue import VenueCommand


class Fault(StrEnum):
    """What can go wrong with one command. The last three are for orders only."""

    NONE = "none"
    LOST = "lost"
    UNANSWERED = "unanswered"
    DOUBLED = "doubled"
    LATE_FILLS = "late-fills"
    REFUSED = "refused"
    PARTIAL = "partial"


class SimVenue(Protocol):
    """A `Venue` whose time is driven from outside."""

    async def execute(self, command: VenueCommand) -> Sequence[Event]:
        """Do one command, as a `Venue` does."""
        ...

    def advance(self, now: EpochMs) -> list[Event]:
        """Let time pass up to `now`, and return what happened by itself."""
        ...


def seeded(seed: int, chances: Mapping[Fault, float]) -> Iterator[Fault]:
    """Draw faults without end: each with its chance, none with the rest."""
    rng = Random(seed)  # noqa: S311 - a script of accidents, not a secret
    while True:
        draw = rng.random()
        for fault, chance in chances.items():
            draw -= chance
            if draw < 0:
                yield fault
                break
        else:
            yield Fault.NONE


_PUSHED = (OwnFills, FundingPaid)
"""What an exchange tells by itself, whether or not an answer got through."""


class FaultyVenue:
    """
    Passes commands on to another venue, with faults.

    - `LOST`: it never arrives; `OutcomeUnknown` is raised.
    - `UNANSWERED`: it is executed; `OutcomeUnknown` is raised, and own fills come late.
    - `DOUBLED`: everything that comes back comes twice.
    - `LATE_FILLS`: own fills of an order come `delay_ms` after its answer.
    - `REFUSED`: an order is refused and never arrives.
    - `PARTIAL`: only half of an order arrives, so that it fills in part.

    What is late comes out of `advance`.

    Args:
        inner: The venue behind.
        clock: Tells the present; the same clock as the inner venue's.
        faults: One for each command, in turn; after the last there are none.
        delay_ms: How late late fills are.
    """

    def __init__(
        self, inner: SimVenue, clock: Clock, faults: Iterable[Fault], delay_ms: EpochMs = 2 * SECOND_MS
    ) -> None:
        self._inner = inner
        self._clock = clock
        self._faults = iter(faults)
        self._delay_ms = delay_ms
        self._late: list[tuple[EpochMs, Event]] = []

    async def execute(self, command: VenueCommand) -> Sequence[Event]:
        """
        Do one command with the next fault.

        Raises:
            OutcomeUnknown: The fault is `LOST` or `UNANSWERED`.
        """
        fault = next(self._faults, Fault.NONE)
        if fault is Fault.LOST:
            raise OutcomeUnknown("no answer within the time limit")
        now = self._clock.now_ms()
        if isinstance(command, PlaceOrder):
            if fault is Fault.REFUSED:
                answer = Refused(code=RejectCode.OTHER, text="refused by the fault script")
                return (OrderAnswered(time=now, received=now, cloid=command.identity.cloid, answer=answer),)
            if fault is Fault.PARTIAL:
                command = _halved(command)
        events = await self._inner.execute(command)
        match fault:
            case Fault.UNANSWERED:
                self._late += [(now + self._delay_ms, event) for event in events if isinstance(event, _PUSHED)]
                raise OutcomeUnknown("no answer within the time limit")
            case Fault.DOUBLED:
                return (*events, *events)
            case Fault.LATE_FILLS:
                self._late += [(now + self._delay_ms, event) for event in events if isinstance(event, OwnFills)]
                return tuple(event for event in events if not isinstance(event, OwnFills))
            case _:
                return events

    def advance(self, now: EpochMs) -> list[Event]:
        """Let time pass, and deliver what was held back until now; it is stamped with the present."""
        due = [msgspec.structs.replace(event, received=now) for at, event in self._late if at <= now]
        self._late = [(at, event) for at, event in self._late if at > now]
        return due + self._inner.advance(now)


def _halved(command: PlaceOrder) -> PlaceOrder:
    """Return the order with half of its quantity, in its own decimals; as it is where half is nothing."""
    terms = command.terms
    half = (terms.quantity / 2).quantize(terms.quantity, ROUND_DOWN)
    if half <= 0:
        return command
    residue = min(half, terms.residue_quantity)
    return msgspec.structs.replace(
        command, terms=msgspec.structs.replace(terms, quantity=half, residue_quantity=residue)
    )
