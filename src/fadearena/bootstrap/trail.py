"""
What a live installation keeps on disk for the hour without a database, and what `flatten --direct` leaves there.

    D/live/accounts.json         whose positions there may be, and who signs for them; addresses only
    D/live/direct-flatten.json   the orders that were sent past the journal, one a line

1. An order is written down, and durable, before it is sent. The worker makes the file ahead and fills it with blanks:
   on a full disk it is written in its place.
2. At the next start the core is told what the journal does not have yet; once it has all of it, the file gets
   another name.
"""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec
import structlog

from fadearena.core.state import State
from fadearena.model.error import InvalidInput
from fadearena.model.event import DirectlyFlattened, Event
from fadearena.model.ids import AccountId, Address, Cloid
from fadearena.model.policy import AccountPolicy
from fadearena.model.units import EpochMs
from fadearena.ports.journal import Journal
from fadearena.runtime.recovery import Recovered

log = structlog.get_logger(__name__)
ACCOUNTS_FILE: Final = "accounts.json"
TRAIL_FILE: Final = "direct-flatten.json"
RESERVED_BYTES: Final = 64 * 1024
_BLANKS: Final = b" \n"
_OWNER_ONLY: Final = 0o600
_KINDS: Final = frozenset({"directly-flattened"})


class DirectAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An account of ours as far as closing it needs; `is_vault` is set for a sub-account, which actions name."""

    id: AccountId
    address: Address
    signer: Address
    is_vault: bool = False


class SentOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order that is about to be sent past the journal."""

    address: Address
    cloid: Cloid
    time: EpochMs


class DirectTrail:
    """The two files in the home of the live mode."""

    def __init__(self, home: Path) -> None:
        self.accounts_file = home / ACCOUNTS_FILE
        self.file = home / TRAIL_FILE
        self._untold: tuple[SentOrder, ...] = ()

    def follow(self, accounts: Sequence[AccountPolicy]) -> None:
        """Write down whose positions there may be, where that changed; what cannot be written is logged."""
        text = msgspec.json.format(msgspec.json.encode(accounts_of(accounts))) + b"\n"
        try:
            self._reserve()
            if not self.accounts_file.exists() or self.accounts_file.read_bytes() != text:
                _replace(self.accounts_file, text)
        except OSError as error:
            log.warning("accounts_not_written", file=str(self.accounts_file), error=str(error))

    def accounts(self) -> tuple[DirectAccount, ...]:
        """
        Return the accounts as they were written down last; none where that never was.

        Raises:
            InvalidInput: The file cannot be read.
        """
        try:
            return msgspec.json.decode(self.accounts_file.read_bytes(), type=tuple[DirectAccount, ...])
        except FileNotFoundError:
            return ()
        except (OSError, msgspec.MsgspecError) as error:
            raise InvalidInput(f"{self.accounts_file} cannot be read ({error}): give --account and --signer") from error

    def note(self, orders: Sequence[SentOrder]) -> None:
        """
        Write orders down behind those that stand there; durable on return.

        Raises:
            OSError: That could not be done.
        """
        file = os.open(self.file, os.O_RDWR | os.O_CREAT, _OWNER_ONLY)
        try:
            written = os.pread(file, os.fstat(file).st_size, 0).rstrip(_BLANKS)
            head = written + b"\n" if written else b""
            text = head + b"".join(msgspec.json.encode(order) + b"\n" for order in orders)
            os.pwrite(file, text[len(written) :], len(written))
            os.fsync(file)
        finally:
            os.close(file)

    def orders(self) -> tuple[SentOrder, ...]:
        """
        Return what was written down. A line that cannot be read was cut short: its order was never sent.

        Raises:
            InvalidInput: The file cannot be read.
        """
        try:
            lines = self.file.read_bytes().strip(_BLANKS).splitlines()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise InvalidInput(f"{self.file} cannot be read ({error}): mend its rights") from error
        found: list[SentOrder] = []
        for number, line in enumerate(lines, start=1):
            try:
                found.append(msgspec.json.decode(line, type=SentOrder))
            except msgspec.MsgspecError as error:
                log.warning("trail_unreadable", file=str(self.file), line=number, error=str(error))
        return tuple(found)

    async def prepare(self, journal: Journal, recovered: Recovered) -> None:
        """
        Look which of the orders the journal does not have yet; where it has all, give the file another name.

        Raises:
            InvalidInput: The file cannot be read.
            StorageUnavailable: The journal cannot.
        """
        orders = self.orders()
        told: set[Cloid] = set()
        if orders:
            async for entry in journal.read(1, recovered.seq, _KINDS):
                if isinstance(entry.event, DirectlyFlattened):
                    told.update(entry.event.cloids)
        self._untold = tuple(order for order in orders if order.cloid not in told)
        if orders and not self._untold:
            self._retire(orders[-1].time)

    def opening(self, state: State) -> tuple[Event, ...]:
        """Return what the core has to be told: it adopts the orders, and stays halted until it is released."""
        events: list[Event] = []
        for account in state.policy.accounts:
            mine = [order for order in self._untold if order.address == account.address]
            if mine:
                cloids = tuple(order.cloid for order in mine)
                events.append(DirectlyFlattened(time=mine[-1].time, received=0, account=account.id, cloids=cloids))
        known = {account.address for account in state.policy.accounts}
        for address in sorted({order.address for order in self._untold} - known):
            log.warning("flattened_account_unknown", address=address, advice="add the account to the settings")
        return tuple(events)

    def _reserve(self) -> None:
        """Make the file ahead, full of blanks."""
        if not self.file.exists():
            _replace(self.file, b" " * (RESERVED_BYTES - 1) + b"\n")

    def _retire(self, last: EpochMs) -> None:
        try:
            self.file.rename(self.file.with_name(f"direct-flatten-{last}.json"))
            self._reserve()
        except OSError as error:
            log.warning("trail_not_renamed", file=str(self.file), error=str(error))


def accounts_of(policies: Iterable[AccountPolicy]) -> tuple[DirectAccount, ...]:
    """Return accounts of the settings as far as closing them needs."""
    return tuple(
        DirectAccount(id=one.id, address=one.address, signer=one.signer, is_vault=one.is_vault) for one in policies
    )


def _replace(path: Path, text: bytes) -> None:
    """Put a text in the place of a file, as a whole or not at all."""
    draft = path.with_name(f"{path.name}.new")
    with draft.open("wb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.chmod(_OWNER_ONLY)
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
