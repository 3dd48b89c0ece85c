"""An installation to which something happened: an input that could not be read, with its alert and its dead letter."""

import asyncio
from pathlib import Path

from fadearena.bootstrap.arena import arena_time
from fadearena.bootstrap.places import Places, places_of
from fadearena.bootstrap.upkeep import alone
from fadearena.config import Config, Network
from fadearena.kit.clock import ManualClock
from fadearena.model.event import InputRejected
from fadearena.runtime.engine import Engine
from fadearena.runtime.inbox import Incoming
from fadearena.runtime.recovery import recover
from fadearena.runtime.standing import StandingQuotes
from fadearena.runtime.turns import Turns


def reject_inputs(directory: Path, *errors: str) -> None:
    """Journal that inputs could not be read, as a worker would; nothing is shown yet."""
    places = places_of(Config(data_dir=directory, network=Network.ARENA))
    asyncio.run(_journal(places, [InputRejected(time=0, received=0, source="tape", error=text) for text in errors]))


async def _journal(places: Places, events: list[InputRejected]) -> None:
    async with alone(places) as store:
        engine = Engine()
        recovered = await recover(store.journal, store.snapshots, engine)
        turns = Turns(
            recovered,
            engine,
            store.journal,
            ManualClock(await arena_time(store.journal)),
            StandingQuotes(lambda _coin, _now: None),
        )
        await turns.take([Incoming(event) for event in events])
