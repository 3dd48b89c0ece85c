"""
The sandbox's memory on disk: a state that is written now and then, and a log of what came in since.

1. Whatever changes something is appended to the log before it is done, so that a sandbox that is killed forgets nothing
   that it answered: the state is loaded, and what the log has after it is done again, at the same times.
2. Entries are numbered. A state says which is the last one in it; it is written beside the old one, then in its place,
   and a new log begins.
3. The clock goes on over a short absence. Over a long one it stood still: it begins where the state ends, or now.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from decimal import Decimal
from io import FileIO
from pathlib import Path

import msgspec

from fadearena.kit.clock import AffineClock, Clock, SystemClock
from fadearena.model.error import InvalidInput
from fadearena.model.units import MINUTE_MS, EpochMs
from fadearena.sandbox.clock import BoxClock
from fadearena.sandbox.control import Control
from fadearena.sandbox.exchange.exchange import Exchange
from fadearena.sandbox.gateway.acting import Arrival
from fadearena.sandbox.gateway.actions import Envelope
from fadearena.sandbox.gateway.faults import Fault, Reject, Step
from fadearena.sandbox.gateway.gateway import Gateway, Memory, Settings

_ABSENCE_MS = 10 * MINUTE_MS
_STEP_MS = 5 * MINUTE_MS
_EXCHANGE, _FAULTS, _TICK = "exchange", "faults", "tick"
_WALL = SystemClock()
_encode = msgspec.json.Encoder().encode


class Line(msgspec.Struct, frozen=True):
    """The clock's three numbers."""

    origin_ms: EpochMs
    wall_origin_ms: EpochMs
    speed: Decimal


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came in: by which door, when, and what it met."""

    number: int
    door: str
    at: EpochMs
    body: str
    wall_ns: int = 0
    rejection: Reject | None = None


class _State(msgspec.Struct):
    time: EpochMs
    exchange: msgspec.Raw
    memory: Memory = msgspec.field(default_factory=Memory)
    last_entry: int = 0
    line: Line | None = None


class Box(msgspec.Struct, frozen=True):
    """A sandbox with its own door and its clock, and the number of the last entry that it lived through."""

    gateway: Gateway
    control: Control
    clock: BoxClock
    line: AffineClock
    last_entry: int = 0

    @property
    def numbers(self) -> Line:
        """The clock's numbers, with its steps."""
        line = self.line
        return Line(line.origin_ms + self.clock.offset_ms, line.wall_origin_ms, line.speed)


class Keeper:
    """Keeps a sandbox's memory in a file; from the first `save` on it keeps what comes in."""

    def __init__(self, path: Path, box: Box) -> None:
        self._path = path
        self._box = box
        self._number = box.last_entry
        self._log: FileIO | None = None

    def save(self) -> None:
        """Write the state, and begin a new log."""
        _write(self._path, self._box.gateway, self._number, self._box.numbers)
        self.close()
        self._log = FileIO(_log_of(self._path), "w")
        self._box.gateway.acting.keep = self._keep_action
        self._box.control.keep = self._keep_told

    def end(self) -> None:
        """Write the state for the last time; there is nothing that it does not have."""
        self.save()
        self.close()
        _log_of(self._path).unlink()

    def close(self) -> None:
        """Keep nothing more; the files stay as they are."""
        if self._log is not None:
            self._log.close()
            self._log = None

    def tick(self) -> None:
        """Take note that the sandbox lives."""
        self._keep_told(_TICK, b"")

    def _keep_action(self, arrival: Arrival) -> None:
        body = arrival.body.decode()
        self._append(Entry(self._number + 1, _EXCHANGE, arrival.at, body, arrival.wall_ns, arrival.rejection))

    def _keep_told(self, name: str, body: bytes) -> None:
        self._append(Entry(self._number + 1, name, self._box.clock.now_ms(), body.decode()))

    def _append(self, entry: Entry) -> None:
        if self._log is not None:
            self._log.write(_encode(entry) + b"\n")
            self._number = entry.number


def begun(exchange_of: Callable[[Clock], Exchange], speed: Decimal, settings: Settings, wall: Clock = _WALL) -> Box:
    """Return a sandbox that begins now."""
    now = wall.now_ms()
    line = AffineClock(now, now, speed, wall)
    clock = BoxClock(line)
    return _assembled(exchange_of(clock), clock, line, settings, Memory())


def loaded(path: Path, speed: Decimal, settings: Settings, wall: Clock = _WALL) -> Box:
    """
    Return the sandbox of a file, after all that its log has was done again.

    Raises:
        InvalidInput: It is no state of a sandbox.
        OSError: It cannot be read.
    """
    try:
        state = msgspec.json.decode(path.read_bytes(), type=_State)
        line = _line(state, speed, wall)
        clock = BoxClock(line)
        exchange = Exchange.load(clock, bytes(state.exchange))
    except msgspec.DecodeError as error:
        raise InvalidInput(f"{path} is no state of a sandbox: name another file, or remove this one") from error
    box = _assembled(exchange, clock, line, settings, state.memory)
    entries = [entry for entry in _entries(_log_of(path)) if entry.number > state.last_entry]
    for entry in entries:
        _do_again(box, entry)
    last = entries[-1] if entries else Entry(state.last_entry, _TICK, state.time, "")
    if abs(clock.now_ms() - last.at) > _ABSENCE_MS:
        clock.step(max(wall.now_ms(), last.at) - clock.now_ms())
    else:
        _live_to(box, clock.now_ms())
    return msgspec.structs.replace(box, last_entry=last.number)


def write_state(path: Path, gateway: Gateway) -> None:
    """Write an exchange with its counter to a file, from which a sandbox goes on, at its time or now."""
    _write(path, gateway, 0, None)


def _assembled(exchange: Exchange, clock: BoxClock, line: AffineClock, settings: Settings, memory: Memory) -> Box:
    gateway = Gateway(exchange, clock, settings, memory=memory)
    return Box(gateway, Control(gateway, line), clock, line)


def _line(state: _State, speed: Decimal, wall: Clock) -> AffineClock:
    """Return the clock of a state, or one that shows the same now and has another speed."""
    now, numbers = wall.now_ms(), state.line
    if numbers is None:
        return AffineClock(max(now, state.time), now, speed, wall)
    line = AffineClock(numbers.origin_ms, numbers.wall_origin_ms, numbers.speed, wall)
    return line if speed == numbers.speed else AffineClock(line.now_ms(), now, speed, wall)


def _entries(log: Path) -> Iterator[Entry]:
    """Yield what a log has, up to an entry that is not whole."""
    for text in log.read_bytes().splitlines() if log.exists() else ():
        try:
            yield msgspec.json.decode(text, type=Entry)
        except msgspec.DecodeError:
            return


def _do_again(box: Box, entry: Entry) -> None:
    """Live up to an entry and do what it says; faults are over, but for the clock's steps."""
    _live_to(box, entry.at)
    body = entry.body.encode()
    with box.clock.standing(entry.at):
        if entry.door == _EXCHANGE:
            envelope = msgspec.json.decode(body, type=Envelope)
            box.gateway.exchange.advance()
            box.gateway.acting.answer(envelope, Arrival(entry.at, entry.wall_ns, body, entry.rejection))
        elif entry.door == _FAULTS:
            if isinstance(fault := msgspec.json.decode(body, type=Fault), Step):
                box.clock.step(fault.ms)
        elif entry.door != _TICK:
            with suppress(InvalidInput):
                box.control.tell(entry.door, body)


def _live_to(box: Box, time: EpochMs) -> None:
    """Let time pass in steps that are short enough for nothing to be left out."""
    exchange = box.gateway.exchange
    while exchange.now < time:
        with box.clock.standing(min(time, exchange.now + _STEP_MS)):
            exchange.advance()


def _write(path: Path, gateway: Gateway, last_entry: int, line: Line | None) -> None:
    exchange = msgspec.Raw(gateway.exchange.dump())
    state = _State(gateway.clock.now_ms(), exchange, gateway.memory, last_entry, line)
    draft = path.with_name(path.name + ".new")
    with draft.open("wb") as file:
        file.write(_encode(state))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _log_of(path: Path) -> Path:
    return path.with_name(path.name + ".log")
