"""Whatever happens to a client, a server or the log's reader: each record is heard once, in order."""

import asyncio
from random import Random

import pytest

from fadearena.model.record import Record
from tests.support.stream import ALERT, FILL, TRADE, Line, StreamRoom

_RECORDS = 1_500
_CLIENTS = 6
_KINDS: dict[str, Record] = {"alert": ALERT, "bot-trade": TRADE, "my-trade": FILL}


class Visitor:
    """A client that comes and goes, stops reading and changes its mind; `heard` is what it has of its channels."""

    def __init__(self, room: StreamRoom, random: Random) -> None:
        self._room = room
        self._random = random
        self._channels = sorted(random.sample(sorted(_KINDS), random.randint(1, 3)))
        self._seq = 0
        self.heard: list[int] = []

    async def run(self) -> None:
        """Visit until it has everything."""
        while self._seq < _RECORDS:
            line = self._come()
            await self._stay(line)
            line.cut()
            self._take(line)
            await self._room.wait(self._random.randint(0, 300))

    @property
    def wanted(self) -> list[int]:
        """What it should have heard."""
        names = sorted(_KINDS)
        return [seq for seq in range(1, _RECORDS + 1) if names[seq % len(names)] in self._channels]

    def _come(self) -> Line:
        if self._random.random() < 1 / 2:
            return self._room.line(f"since={self._seq}&channels={','.join(self._channels)}")
        line = self._room.line()
        line.say({"type": "subscribe", "channels": self._channels, "since": self._seq})
        return line

    async def _stay(self, line: Line) -> None:
        end = self._room.clock.now_ms() + self._random.randint(1, 2_000)
        while self._room.clock.now_ms() < end and not line.task.done():
            match self._random.randint(0, 5):
                case 0:
                    line.stop_reading(after=self._random.randint(0, 50))
                case 1:
                    line.say("what?")
                case _:
                    line.go_on_reading()
            await self._room.wait(self._random.randint(1, 200))

    def _take(self, line: Line) -> None:
        self.heard += line.seqs
        self._seq = max([self._seq, *(message["seq"] for message in line.heard if message["type"] != "hello")])


async def tell(room: StreamRoom, random: Random) -> None:
    """Let everything be recorded, one by one and in bursts, and now and then the server be another one."""
    names, seq = sorted(_KINDS), 0
    while seq < _RECORDS:
        for _ in range(min(random.choice((1, 1, 5, 60, 300)), _RECORDS - seq)):
            seq += 1
            await room.tell(_KINDS[names[seq % len(names)]])
        await room.wait(random.randint(1, 400))
        if random.random() < 1 / 10:
            await room.restart()


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 7))])
def test_each_record_is_heard_once_and_in_order(seed: int) -> None:
    """By clients that are cut off, do not read, subscribe by message or address; across restarts of the server."""
    random = Random(seed)

    async def story(room: StreamRoom) -> None:
        visitors.extend(Visitor(room, Random(random.random())) for _ in range(_CLIENTS))
        await asyncio.gather(tell(room, random), *(visitor.run() for visitor in visitors))

    visitors: list[Visitor] = []
    StreamRoom().run(story)
    for visitor in visitors:
        assert visitor.heard == visitor.wanted
