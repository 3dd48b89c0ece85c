"""An API with a whole worker behind it, in memory and on made-up time: orders of people reach the real core."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from fadearena.model.units import SECOND_MS
from fadearena.runtime.engine import Engine
from fadearena.runtime.projector import Projector
from fadearena.runtime.server_metrics import ServerMetrics
from tests.support.api import ApiRoom, Behind, api_room
from tests.support.room import Room

Story = Callable[[ApiRoom, Room], Awaitable[None]]


def with_worker(story: Story, *, kill_file: Path = Path("/nowhere/KILL"), engine: Engine | None = None) -> None:
    """Let a story happen with a worker that has read everything, and is shown as it journals."""
    room = Room()
    behind = Behind(room.clock, room.control, room.heartbeats, room.sightings, room.inquiries, kill_file)
    room.engine = engine or room.engine
    api = api_room(behind=behind)
    projector = Projector(room.journal, api.doors.records, room.clock, ServerMetrics(), wakeups=api.doors.wakeups)

    async def shown(_room: Room) -> None:
        showing = asyncio.create_task(projector.run())
        try:
            await room.settled()
            await story(api, room)
        finally:
            projector.stop()
            await showing

    room.play(shown, beat_ms=SECOND_MS)
