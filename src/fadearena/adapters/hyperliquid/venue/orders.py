"""
The socket of orders: signed actions leave by it, and what becomes of orders is told over it.

1. It is a socket of its own, so that no other message delays an answer. An action is entrusted to it only where it was
   heard just now; it asks for signs of life often.
2. Messages do not name the account. An order is known by its cloid, which no other order of ours bears.
3. Of an order whose answer is awaited nothing is told, nor after a clear answer: the answer and the fills say it all.
   What was heard is told once its outcome is unknown, behind that news; and so is what was ordered by somebody else, or
   before the start.
"""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

import msgspec
import structlog

from fadearena.adapters.hyperliquid import codec, wire
from fadearena.adapters.hyperliquid.line import Line
from fadearena.adapters.hyperliquid.rows import UNREADABLE, readable, rejection
from fadearena.adapters.hyperliquid.session import Failed, Message, Session
from fadearena.kit.tasks import either
from fadearena.model.error import VenueUnavailable
from fadearena.model.event import Event, InputRejected, OrderFound
from fadearena.model.ids import Address, Cloid
from fadearena.model.order import Found

log = structlog.get_logger(__name__)
PLACED_MAX: Final = 10_000
_CHANNEL: Final = "orderUpdates"
_ROWS = msgspec.json.Decoder(tuple[msgspec.Raw, ...])
_ROW = msgspec.json.Decoder(wire.OrderUpdate)


class _Stage(Enum):
    """How far an order is that was placed here."""

    AWAITED = auto()
    ANSWERED = auto()
    UNKNOWN = auto()
    RESTING = auto()


@dataclass(slots=True)
class _Placed:
    stage: _Stage
    may_shrink: bool
    heard: OrderFound | None = None


class OrderSocket:
    """Carries actions as long as it runs, and hears what becomes of the orders of those whom it follows."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._session: Session | None = None
        self._told: asyncio.Queue[Event] | None = None
        self._users: set[Address] = set()
        self._placed: dict[Cloid, _Placed] = {}

    # --- carrying

    @property
    def session(self) -> Session | None:
        """What it goes over; None while it does not run."""
        return self._session

    @property
    def is_ready(self) -> bool:
        """Whether it is open and was heard just now."""
        session = self._session
        return (
            session is not None
            and session.is_connected
            and self._line.clock.now_ms() - session.heard <= self._line.fresh_ms
        )

    async def post(self, body: bytes) -> bytes:
        """
        Send an action; return the reply.

        Raises:
            VenueUnavailable: It did not leave.
            OutcomeUnknown: It left, or perhaps, and was not answered.
            VenueRefused: It was not understood.
            VenueProtocolError: The answer cannot be read.
        """
        if self._session is None:
            raise VenueUnavailable("there is no socket of orders; nothing was sent")
        return bytes(await self._session.post("action", msgspec.Raw(body), self._line.answer_ms))

    # --- listening

    def follow(self, users: Iterable[Address]) -> None:
        """Hear of the orders of these accounts from now on, and of no others."""
        wanted, session = set(users), self._session
        if session is not None:
            for user in self._users - wanted:
                session.unsubscribe(_of(user))
            for user in sorted(wanted - self._users):
                session.subscribe(_of(user))
        self._users = wanted

    async def run(self, told: asyncio.Queue[Event]) -> None:
        """Keep the socket up, and tell what is heard over it; for ever."""
        session = self._line.order_session()
        for user in sorted(self._users):
            session.subscribe(_of(user))
        self._session, self._told = session, told
        try:
            await either(session.run(), self._hear(session, told))
        finally:
            self._session = self._told = None

    @contextmanager
    def awaiting(self, cloid: Cloid, *, may_shrink: bool) -> Iterator[None]:
        """Keep what is heard of an order to oneself until the block ends; if it ends by an error, tell it."""
        placed, is_answered = _Placed(_Stage.AWAITED, may_shrink), False
        self._remember(cloid, placed)
        try:
            yield
            is_answered = True
        finally:
            if is_answered:
                placed.stage = _Stage.ANSWERED
            else:
                self.doubt(cloid)

    def doubt(self, cloid: Cloid) -> None:
        """Tell what was heard of an order, and what will be: its answer does not say what became of it."""
        placed = self._placed.get(cloid)
        if placed is None:  # so many orders ago that it is told of like any other
            return
        placed.stage = _Stage.UNKNOWN
        if placed.heard is not None and self._told is not None:
            with suppress(asyncio.QueueFull):  # it will be looked up
                self._told.put_nowait(placed.heard)

    def let_rest(self, cloid: Cloid) -> None:
        """Expect an order to rest: only its end is told."""
        self._remember(cloid, _Placed(_Stage.RESTING, may_shrink=True))

    def _remember(self, cloid: Cloid, placed: _Placed) -> None:
        self._placed[cloid] = placed
        if len(self._placed) > PLACED_MAX:
            del self._placed[next(iter(self._placed))]

    async def _hear(self, session: Session, told: asyncio.Queue[Event]) -> None:
        async for news in session:
            match news:
                case Message(channel=channel, data=data) if channel == _CHANNEL:
                    for event in self._read(data):
                        await told.put(event)
                case Failed(text=text):
                    log.warning("subscription_failed", feed="orders", text=text)
                case _:
                    pass

    def _read(self, data: msgspec.Raw) -> Iterable[OrderFound | InputRejected]:
        """Return what a message says that is to be told; a row that cannot be read is told as such."""
        try:
            rows = _ROWS.decode(data)
        except UNREADABLE as error:
            return (rejection(bytes(data), error),)
        found, rejected = readable(rows, self._found)
        return [*rejected, *(each for each in found if each is not None and self._is_told(each))]

    def _found(self, raw: msgspec.Raw) -> OrderFound | None:
        row = _ROW.decode(raw)
        if not row.order.cloid:
            return None
        cloid = row.order.cloid.lower()
        placed = self._placed.get(cloid)
        lookup = codec.updated(row, may_shrink=placed is None or placed.may_shrink)
        return OrderFound(
            time=0, received=0, cloid=cloid, found=lookup.found, quantity=lookup.quantity, order_id=lookup.order_id
        )

    def _is_told(self, event: OrderFound) -> bool:
        placed = self._placed.get(event.cloid)
        if placed is None:
            return True
        placed.heard = event
        match placed.stage:
            case _Stage.UNKNOWN:
                return True
            case _Stage.RESTING:
                return event.found is not Found.OPEN
            case _:
                return False


def _of(user: Address) -> dict[str, object]:
    return {"type": _CHANNEL, "user": user}
