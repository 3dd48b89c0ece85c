"""Who reads: another connection than the one that writes, a page at a time, away from the event loop."""

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

from fadearena.adapters.sql.session import Session
from fadearena.model.error import StorageUnavailable

T = TypeVar("T")


class Reader:
    """Reads in the caller."""

    def __init__(self, connect: Callable[[], Session]) -> None:
        self._connect = connect
        self._session: Session | None = None

    async def call(self, work: Callable[[Session], T]) -> T:
        """
        Have something read.

        Raises:
            StorageUnavailable: The database cannot be read; the next call connects anew.
        """
        return self._do(work)

    async def close(self) -> None:
        """Close the connection."""
        self._leave()

    def _do(self, work: Callable[[Session], T]) -> T:
        if self._session is None:
            self._session = self._connect()
        try:
            return work(self._session)
        except StorageUnavailable:
            self._leave()
            raise

    def _leave(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None


class ThreadReader(Reader):
    """Reads in other threads, one reading at a time."""

    def __init__(self, connect: Callable[[], Session]) -> None:
        super().__init__(connect)
        self._lock = threading.Lock()

    async def call(self, work: Callable[[Session], T]) -> T:
        """
        Have something read.

        Raises:
            StorageUnavailable: The database cannot be read; the next call connects anew.
        """
        return await asyncio.to_thread(self._alone, work)

    async def close(self) -> None:
        """Close the connection once nothing is read any more."""
        await asyncio.to_thread(self._leave_alone)

    def _alone(self, work: Callable[[Session], T]) -> T:
        with self._lock:
            return self._do(work)

    def _leave_alone(self) -> None:
        with self._lock:
            self._leave()
