"""What people look through: the doors of an API, and its endpoints, stream and page as one application."""

from starlette.types import ASGIApp

from fadearena.adapters.sql.read_store import ReadDatabase
from fadearena.api.access import AccessMiddleware, AccessOptions
from fadearena.api.app import create_app, windows
from fadearena.api.doors import Doors
from fadearena.api.pages import Pages, read_page
from fadearena.api.stream import Stream, with_stream
from fadearena.bootstrap.client import Client
from fadearena.bootstrap.mode_switch import ModeSwitch
from fadearena.bootstrap.places import Places
from fadearena.kit.clock import Clock
from fadearena.model.policy import Mode
from fadearena.ports.wakeups import Wakeups


def doors_of(places: Places, read: ReadDatabase, wakeups: Wakeups, clock: Clock) -> Doors:
    """Return what an API looks through."""
    people = Client(
        read.records, read.control, read.heartbeats, read.sightings, clock, places.kill_file, wakeups=wakeups
    )
    return Doors(
        mode=places.mode,
        simulated=places.mode is Mode.SIMULATION,
        clock=clock,
        records=read.records,
        archive=read.archive,
        people=people,
        control=read.control,
        heartbeats=read.heartbeats,
        sightings=read.sightings,
        outbox=read.outbox,
        access=read.access,
        answers=read.answers,
        inquiries=read.inquiries,
        modes=ModeSwitch(places, clock),
        wakeups=wakeups,
    )


def around(doors: Doors, stream: Stream, options: AccessOptions) -> ASGIApp:
    """Return all endpoints, the stream and the page, behind the check of who may do what."""
    inside = with_stream(Pages(windows(create_app(doors)), read_page()), stream)
    return AccessMiddleware(inside, doors, options)
