"""A worker's own steps in an order's life: wrappers around its journal and its way to the exchange."""

from collections.abc import Awaitable, Callable
from typing import Any, cast

import msgspec

from fadearena.adapters.hyperliquid.transport import Socket, Transport
from fadearena.model.command import PlaceOrder
from fadearena.model.event import OrderAnswered
from fadearena.ports.journal import Journal, JournalEntry
from tests.support.matrix import Step
from tests.support.matrix_socket import ORDER

Passed = Callable[[Step], Awaitable[None]]
"""Is told of each step; what it does, it does before the step is taken, and it may never return."""


class _Post(msgspec.Struct):
    method: str = ""
    id: int = 0


class _Answer(msgspec.Struct):
    id: int = 0


class _Told(msgspec.Struct):
    channel: str
    data: msgspec.Raw = msgspec.Raw(b"{}")


class PointedJournal:
    """A journal that tells of orders, and of answers to them, before and after they are durable."""

    def __init__(self, inner: Journal, passed: Passed) -> None:
        self._inner = inner
        self._passed = passed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def append(self, *entries: JournalEntry) -> None:
        """Keep entries."""
        is_order = any(isinstance(command, PlaceOrder) for entry in entries for command in entry.commands)
        if is_order:
            await self._passed(Step.BEFORE_JOURNAL)
        if any(isinstance(entry.event, OrderAnswered) for entry in entries):
            await self._passed(Step.AFTER_ANSWER)
        await self._inner.append(*entries)
        if is_order:
            await self._passed(Step.AFTER_JOURNAL)


def pointed_journal(journal: Journal, passed: Passed) -> Journal:
    """Return a journal that tells of orders."""
    return cast("Journal", PointedJournal(journal, passed))


class PointedTransport:
    """A way to the exchange that tells of orders before they are sent, and of their answers before they are read."""

    def __init__(self, inner: Transport, passed: Passed) -> None:
        self._inner = inner
        self._passed = passed

    async def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Carry a request and its answer."""
        if ORDER not in body:
            return await self._inner.post(path, body)
        await self._passed(Step.BEFORE_SEND)
        answer = await self._inner.post(path, body)
        await self._passed(Step.BEFORE_ANSWER)
        return answer

    async def connect(self) -> Socket:
        """Open a socket."""
        return PointedSocket(await self._inner.connect(), self._passed)


class PointedSocket:
    """A socket that tells of orders."""

    def __init__(self, inner: Socket, passed: Passed) -> None:
        self._inner = inner
        self._passed = passed
        self._orders: set[int] = set()

    async def send(self, text: str) -> None:
        """Send a text."""
        if ORDER in text.encode():
            post = msgspec.json.decode(text, type=_Post)
            self._orders.add(post.id)
            await self._passed(Step.BEFORE_SEND)
        await self._inner.send(text)

    async def receive(self) -> bytes | str | None:
        """Wait for the next text."""
        text = await self._inner.receive()
        if text is not None and self._orders and self._is_answer(text):
            await self._passed(Step.BEFORE_ANSWER)
        return text

    async def close(self) -> None:
        """Close it."""
        await self._inner.close()

    def _is_answer(self, text: bytes | str) -> bool:
        try:
            told = msgspec.json.decode(text, type=_Told)
            number = msgspec.json.decode(told.data, type=_Answer).id if told.channel == "post" else 0
        except msgspec.DecodeError:
            return False
        if number not in self._orders:
            return False
        self._orders.discard(number)
        return True
