"""
The connection that writes, and what this process knows of the journal: its epoch, how far it goes, what went wrong.

After an append failed nothing else is appended until `reopen` has looked at what is durable: there are no holes.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TypeVar

from fadearena.adapters.sql.journal import entries
from fadearena.adapters.sql.journal.epoch import explain, guard, guard_held
from fadearena.adapters.sql.journal.locks import Lock
from fadearena.adapters.sql.session import Session, Values
from fadearena.kit.clock import Clock
from fadearena.model.error import JournalCorrupt, LeaseLost, StorageError, StorageUnavailable

T = TypeVar("T")
_PATIENCE_S = 3.0  # far less than the 8 s after which the server gives a silent session up
_TAKE = """
    INSERT INTO lease (id, epoch, holder, since) VALUES (1, 1, ?, ?)
    ON CONFLICT (id) DO UPDATE SET epoch = lease.epoch + 1, holder = excluded.holder, since = excluded.since
"""


class Keeper:
    """
    Used by one thread at a time; its numbers may be read by others.

    `last_seq` is the newest entry that is durable, `given_seq` the newest one that was handed over.
    """

    def __init__(self, connect: Callable[[], Session], lock: Lock, clock: Clock) -> None:
        """
        Connect.

        Raises:
            StorageOutdated: There is no database.
            StorageUnavailable: It cannot be reached.
        """
        self._connect = connect
        self._lock = lock
        self._clock = clock
        self.session = connect()
        self.epoch = 0
        self.last_seq = 0
        self.given_seq = 0
        self.failed: StorageError | None = None
        self._asked: float | None = None
        self._look()

    @property
    def may_write(self) -> bool:
        """Whether the lease is known to be ours: a server that does not answer may give it to another soon."""
        return self.epoch > 0 and self.failed is None and not self.session.is_broken and not self._hangs

    def saw(self, seq: int) -> None:
        """Take note of an entry that was read, where others write."""
        if not self.epoch:
            self.last_seq = max(self.last_seq, seq)

    def check(self) -> None:
        """
        Refuse to write where that cannot go well.

        Raises:
            LeaseLost: The lease is not ours.
            StorageUnavailable: An append failed, and nobody looked since.
        """
        if self.failed is not None:
            raise again(self.failed)
        guard_held(self.epoch)

    def append(self, rows: Sequence[Values]) -> None:
        """
        Keep rows in one commit.

        Raises:
            LeaseLost: Another process holds the lease.
            StorageUnavailable: The commit failed, now or before.
        """
        self.check()
        try:
            with self._asking():
                entries.append(self.session, self.epoch, rows)
        except StorageError as error:
            self.fail(error)
            raise
        self.last_seq = rows[-1][0]

    def write(self, work: Callable[[Session, int], T]) -> T:
        """
        Carry out some other work under the epoch; if it fails, what was appended stands and goes on.

        Raises:
            LeaseLost: Another process holds the lease.
            StorageUnavailable: It failed, or an append did before.
        """
        self.check()
        try:
            with self._asking():
                return work(self.session, self.epoch)
        except StorageError as error:
            if isinstance(error, LeaseLost) or self.session.is_broken:
                self.fail(error)
            raise

    def fail(self, error: StorageError) -> None:
        """Append nothing from now on; a lost lease is not held any more."""
        self.failed = error
        if isinstance(error, LeaseLost):
            self._drop()

    def acquire(self, holder: str) -> bool:
        """
        Try to take the lease, at once.

        Raises:
            StorageUnavailable: The database cannot be reached.
        """
        if self.may_write:
            return True
        if self.epoch:
            with suppress(LeaseLost):
                self.reopen()
                return True
        if self.session.is_broken:
            self._connect_again()
        if not self._lock.take(self.session):
            return False
        try:
            with self.session.transaction():
                self.session.change(_TAKE, (holder, self._clock.now_ms()))
                epoch = int(self.session.rows("SELECT epoch FROM lease WHERE id = 1")[0][0])
            self._look()
        except BaseException:
            self._drop()
            raise
        self.epoch = epoch
        return True

    def release(self) -> None:
        """Give the lease back."""
        self._drop()

    def reopen(self) -> None:
        """
        Keep the lease, over a new connection where the old one is of no use, and look where the journal ends.

        The epoch grows, so that a commit that is still under way in the old session can only come before this look,
        or never.

        Raises:
            LeaseLost: Another process took the lease meanwhile.
            StorageUnavailable: The database is still away.
        """
        if self.session.is_broken or self._lock.outlives_session:
            self._connect_again()
        if self.epoch:
            try:
                self._keep_lease()
            except LeaseLost as error:
                self.fail(error)
                raise
        self._look()

    def close(self) -> None:
        """Give the lease back and close the connection."""
        self._drop()
        self.session.close()

    @property
    def _hangs(self) -> bool:
        """Whether a server was asked and has not answered for long; a file of this machine cannot be given away."""
        asked = self._asked
        return asked is not None and not self.session.is_local and time.monotonic() - asked > _PATIENCE_S

    @contextmanager
    def _asking(self) -> Iterator[None]:
        self._asked = time.monotonic()
        try:
            yield
        finally:
            self._asked = None

    def _keep_lease(self) -> None:
        if not self._lock.keep(self.session):
            explain(self.session, self.epoch)
            raise StorageUnavailable("the server still holds the lease for our old connection: try again")
        with self.session.transaction():
            guard(self.session, self.epoch)
            self.session.change("UPDATE lease SET epoch = epoch + 1, since = ? WHERE id = 1", (self._clock.now_ms(),))
        self.epoch += 1

    def _connect_again(self) -> None:
        session = self._connect()
        self.session.close()
        self.session = session

    def _look(self) -> None:
        self.last_seq = self.given_seq = entries.last_seq(self.session)
        self.failed = None

    def _drop(self) -> None:
        self.epoch = 0
        try:
            self._lock.drop(self.session)
        except StorageUnavailable:
            self.session.close()  # the lock goes with the session


def again(error: StorageError) -> StorageError:
    """Return the same error anew, for somebody else who waits; the first one stays its cause."""
    if isinstance(error, JournalCorrupt):
        return error
    anew = type(error)(*error.args)
    anew.__cause__ = error
    return anew
