"""
An exchange that outlives whoever trades on it.

1. Every signed action is appended to a file of its own before anything comes of it. A process that comes back carries
   them out once more, each at its own moment: prices follow from the moment alone, so the exchange is what it was.
2. An order's own fills come with its answer, or are pushed a little later: whoever was killed meanwhile has to ask.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from pathlib import Path
from zlib import crc32

import msgspec

from fadearena.adapters.sim.exchange import SimExchange
from fadearena.adapters.sim.faults import Fault, FaultyVenue, SimVenue
from fadearena.adapters.sim.paper import PaperAccount
from fadearena.kit.clock import Clock, ManualClock
from fadearena.model.command import BurnNonce, CancelOrder, PlaceOrder, SetLeverage
from fadearena.model.event import ActionAnswered, Event, OrderAnswered, OwnFills
from fadearena.model.ids import AccountId, Cloid
from fadearena.model.order import Filled, OwnFill
from fadearena.model.units import EpochMs
from fadearena.ports.sightings import FeedStatus
from fadearena.ports.venue import SignedCommand, VenueCommand
from fadearena.runtime.immediate import immediately
from tests.support.truth import ACCOUNTS, INSTRUMENTS, START_MS, START_USD, coins, quote_of

PUSH_MS = 250
_LOOK_MS = 50
_ENCODER = msgspec.json.Encoder(decimal_format="string")


class Arrived(msgspec.Struct, frozen=True):
    """A signed action that reached the exchange."""

    at: EpochMs
    command: SignedCommand


_LINE = msgspec.json.Decoder(Arrived)


class Ledger:
    """What reached the exchange so far, and what it made of it."""

    def __init__(self) -> None:
        self.arrived: list[Arrived] = []
        self.answers: list[Event] = []
        self.fills: dict[str, OwnFill] = {}

    def take(self, arrived: Arrived, events: Sequence[Event]) -> None:
        """Note an action with its results."""
        self.arrived.append(arrived)
        for event in events:
            if isinstance(event, OwnFills):
                self.fills |= {fill.key: fill for fill in event.fills}
            elif isinstance(event, OrderAnswered | ActionAnswered):
                self.answers.append(event)

    def accepted(self) -> list[Cloid]:
        """Return the cloids of the orders that traded, as often as they did."""
        answers = [event for event in self.answers if isinstance(event, OrderAnswered)]
        return [event.cloid for event in answers if isinstance(event.answer, Filled)]

    def placed(self) -> list[tuple[EpochMs, PlaceOrder]]:
        """Return all orders that arrived."""
        return [(each.at, each.command) for each in self.arrived if isinstance(each.command, PlaceOrder)]


class FaultyTruth:
    """The exchange as a `Venue` to which messages get lost, and which answers late, twice or not at all."""

    def __init__(self, inner: "TruthVenue", clock: Clock, faults: Iterable[Fault]) -> None:
        self._clock = clock
        self._faulty = FaultyVenue(inner, clock, faults)

    def feeds(self) -> Sequence[FeedStatus]:
        """Return none: nothing of it can fall silent."""
        return ()

    async def execute(self, command: VenueCommand) -> Sequence[Event]:
        """Do one command, or not."""
        return await self._faulty.execute(command)

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Iterate over what is pushed; without end."""
        async for event in pushed(self._faulty, self._clock):
            yield event


async def pushed(venue: SimVenue, clock: Clock) -> AsyncIterator[Event]:
    """Iterate over what a venue has to say by itself, looked at now and then; without end."""
    while True:
        await clock.sleep_until(clock.now_ms() + _LOOK_MS)
        for event in venue.advance(clock.now_ms()):
            yield event


class TruthVenue:
    """
    The exchange as a `Venue`.

    Args:
        clock: The story's time.
        file: Where actions are kept; what stands in it has happened.
        accounts: Those that exist.
        watch: Is told when an action leaves us, has arrived, and is about to be answered.
    """

    def __init__(
        self,
        clock: Clock,
        file: Path,
        accounts: Iterable[AccountId] = ACCOUNTS,
        *,
        watch: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._clock = clock
        self._path = file
        self._watch = watch
        self._opened = [PaperAccount(id=name, start_usd=START_USD) for name in accounts]
        self._pushed: list[tuple[EpochMs, Event]] = []
        self.load()
        self._file = file.open("ab", buffering=0)

    def load(self) -> None:
        """Carry everything out once more that ever arrived, whoever sent it."""
        self._time = ManualClock(START_MS)
        self.exchange = SimExchange(self._time, self._opened, INSTRUMENTS)
        self.ledger = Ledger()
        for line in self._path.read_bytes().splitlines() if self._path.exists() else ():
            arrived = _LINE.decode(line)
            self.ledger.take(arrived, self._do(arrived.command, arrived.at))

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def feeds(self) -> Sequence[FeedStatus]:
        """Return none: nothing of it can fall silent."""
        return ()

    async def execute(self, command: VenueCommand) -> Sequence[Event]:
        """Do one command when it arrives."""
        signed = isinstance(command, PlaceOrder | CancelOrder | BurnNonce | SetLeverage)
        latency = latency_of(command)
        if signed:
            self._watch("venue.leaves")
        await self._clock.sleep_until(self._clock.now_ms() + latency)
        now = self._clock.now_ms()
        if isinstance(command, PlaceOrder | CancelOrder | BurnNonce | SetLeverage):
            arrived = Arrived(now, command)
            self._file.write(_ENCODER.encode(arrived) + b"\n")
            events = self._do(command, now)
            self.ledger.take(arrived, events)
            self._watch("venue.arrived")
        else:
            events = self._do(command, now)
        if isinstance(command, PlaceOrder) and crc32(command.identity.cloid.encode()) % 2:
            self._pushed += [(now + PUSH_MS, event) for event in events if isinstance(event, OwnFills)]
            events = [event for event in events if not isinstance(event, OwnFills)]
        await self._clock.sleep_until(now + latency)
        self._watch("venue.answers" if signed else "venue.tells")
        return events

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Iterate over own fills that were not told with an answer; without end."""
        async for event in pushed(self, self._clock):
            self._watch("venue.pushes")
            yield event

    def advance(self, now: EpochMs) -> list[Event]:
        """Return what is pushed by now."""
        due = [msgspec.structs.replace(event, received=now) for at, event in self._pushed if at <= now]
        self._pushed = [(at, event) for at, event in self._pushed if at > now]
        return due

    def equity(self, account: AccountId, at: EpochMs) -> str:
        """Return the equity of an account at a moment, in cents."""
        self._move_to(at)
        return f"{self.exchange.equity(account):.2f}"

    def _do(self, command: VenueCommand, now: EpochMs) -> Sequence[Event]:
        self._move_to(now)
        return immediately(self.exchange.execute(command))

    def _move_to(self, now: EpochMs) -> None:
        self._time.move_to(max(now, self._time.now_ms()))
        for coin in coins():
            self.exchange.on_quote(quote_of(coin, now))


def latency_of(command: VenueCommand) -> int:
    """Return how long a command takes to arrive; its answer takes as long."""
    return 5 + crc32(_ENCODER.encode(command)) % 90
