"""
What only one living process can hold, and what the operating system or the server takes back when it dies.

The epoch is the second line: it makes whoever lost the lock unable to write, whatever he believes.
"""

import fcntl
import os
import zlib
from pathlib import Path
from typing import Protocol, TypeAlias

from fadearena.adapters.sql.session import Session
from fadearena.model.error import StorageUnavailable

_CLASS = 0x46414445
_END_MS = 2_000
_INT_MAX = 0x7FFFFFFF
_OWNER_ONLY = 0o600
_HOLDER = """
    SELECT pid, backend_start::text FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND classid = ?::oid AND objid = ?::oid AND objsubid = 2 AND granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_US = "SELECT pid, backend_start::text FROM pg_stat_activity WHERE pid = pg_backend_pid()"


_Backend: TypeAlias = tuple[int, str]
"""A process of the server, and when it began."""


class Lock(Protocol):
    """A lock that a session needs to write."""

    outlives_session: bool
    """Whether it stays ours while no connection is open."""

    def take(self, session: Session) -> bool:
        """
        Try to take it, at once.

        Raises:
            StorageUnavailable: Nobody can tell.
        """
        ...

    def keep(self, session: Session) -> bool:
        """
        Take it over into a new session; False where another has it, or where the old session still lives.

        Raises:
            StorageUnavailable: Nobody can tell.
        """
        ...

    def drop(self, session: Session) -> None:
        """Give it back."""
        ...


class FileLock:
    """`flock` on a file beside the database: whatever happens to the connection, the process has it until it ends."""

    outlives_session = True

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    def take(self, session: Session) -> bool:  # noqa: ARG002 - the lock is not the session's
        """Try to take it, at once."""
        return self.seize()

    def seize(self) -> bool:
        """
        Try to take it, at once; no database is needed for that.

        Raises:
            StorageUnavailable: Nobody can tell.
        """
        if self._file is not None:
            return True
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT, _OWNER_ONLY)
        except OSError as error:
            raise StorageUnavailable(f"{self._path} cannot be opened ({error}): check its permissions") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        except OSError as error:
            os.close(file)
            raise StorageUnavailable(
                f"{self._path} cannot be locked ({error}): put the data directory on a local disk"
            ) from error
        self._file = file
        return True

    def keep(self, session: Session) -> bool:
        """Tell whether it is held."""
        return self.take(session)

    def drop(self, session: Session) -> None:  # noqa: ARG002 - the same
        """Give it back."""
        self.let_go()

    def let_go(self) -> None:
        """Give it back; nothing happens where it is not held."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


class AdvisoryLock:
    """
    A lock of PostgreSQL that belongs to a session: it ends with it, at the latest when the server notices.

    A session is known by its process and by when that began: after a restart the server gives the same numbers again.
    """

    outlives_session = False

    def __init__(self, schema: str) -> None:
        self._key = zlib.crc32(schema.encode()) & _INT_MAX
        self._session: _Backend | None = None

    def take(self, session: Session) -> bool:
        """Try to take it, at once."""
        if not session.rows("SELECT pg_try_advisory_lock(?::int, ?::int)", (_CLASS, self._key))[0][0]:
            return False
        self._session = _us(session)
        return True

    def keep(self, session: Session) -> bool:
        """Take it over; a session of ours that the server still believes alive is ended."""
        if (self._session is not None and self._session == _us(session)) or self.take(session):
            return True
        held = session.rows(_HOLDER, (_CLASS, self._key))
        if self._session is not None and self._session in held:
            session.rows("SELECT pg_terminate_backend(?::int, ?::bigint)", (self._session[0], _END_MS))
        return self.take(session)

    def drop(self, session: Session) -> None:
        """Give it back."""
        held, self._session = self._session, None
        if held is not None and not session.is_broken:
            session.rows("SELECT pg_advisory_unlock(?::int, ?::int)", (_CLASS, self._key))


def _us(session: Session) -> _Backend:
    pid, began = session.rows(_US)[0]
    return pid, began


class NoLock:
    """Of those who only read: they never get it."""

    outlives_session = True

    def take(self, session: Session) -> bool:  # noqa: ARG002 - there is nothing to take
        """Refuse."""
        return False

    def keep(self, session: Session) -> bool:  # noqa: ARG002 - the same
        """Refuse."""
        return False

    def drop(self, session: Session) -> None:
        """Do nothing."""
