"""What the windows look through, handed in by bootstrap."""

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request
from prometheus_client import CollectorRegistry

from fadearena.kit.clock import Clock
from fadearena.model.policy import Mode
from fadearena.ports.access import AccessStore
from fadearena.ports.answers_kept import AnswersKept
from fadearena.ports.archive import Archive
from fadearena.ports.control import Control
from fadearena.ports.heartbeat import Heartbeats
from fadearena.ports.inquiries import Inquiries
from fadearena.ports.modes import Modes
from fadearena.ports.outbox import Outbox
from fadearena.ports.people import People
from fadearena.ports.read_store import ReadStore
from fadearena.ports.sightings import Sightings
from fadearena.ports.traces import Traces
from fadearena.ports.wakeups import Wakeups


@dataclass(frozen=True, kw_only=True)
class Doors:
    """
    All of them, for the databases of one mode; `simulated` says whether orders there are on paper.

    What this process measures goes to `registry`; what it traces to `traces`, where somebody wants traces.
    """

    mode: Mode
    simulated: bool
    clock: Clock
    records: ReadStore
    archive: Archive
    people: People
    control: Control
    heartbeats: Heartbeats
    sightings: Sightings
    outbox: Outbox
    access: AccessStore
    answers: AnswersKept
    inquiries: Inquiries
    modes: Modes
    wakeups: Wakeups
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    traces: Traces | None = None


async def doors_of(request: Request) -> Doors:
    """Return what the application was made with."""
    doors: Doors = request.app.state.doors
    return doors


Windows = Annotated[Doors, Depends(doors_of)]
