"""The queue of questions on wallets, in the database of the read store."""

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from fadearena.adapters.sql import tables
from fadearena.adapters.sql.lane import Lane
from fadearena.adapters.sql.statements import text_of
from fadearena.model.ids import Address
from fadearena.model.units import EpochMs
from fadearena.ports.inquiries import A_MINUTE, KEPT_MS, WalletLook

_TABLE = tables.inquiry
_LOOK = msgspec.json.Decoder(WalletLook)
_WAITS = ~_TABLE.c.is_taken
_WAITING = sa.select(_TABLE.c.id).where(_WAITS).limit(1)


class SqlInquiries:
    """The queue behind its port: writes in one lane, questions in another."""

    def __init__(self, writing: Lane, reading: Lane) -> None:
        self._writing = writing
        self._reading = reading

    async def ask(self, wallet: Address, now: EpochMs) -> int | None:
        """Queue a question on a wallet, and return its number; None where too many were asked within the minute."""
        return await self._writing.run(lambda connection: _ask(connection, wallet, now))

    async def answer_to(self, inquiry: int) -> WalletLook | None:
        """Return the answer; None while there is none."""
        asked = sa.select(_TABLE.c.answer).where(_TABLE.c.id == inquiry)
        text = await self._reading.run(lambda connection: connection.execute(asked).scalar())
        return None if text is None else _LOOK.decode(text)

    async def take(self, now: EpochMs) -> Sequence[tuple[int, Address]]:
        """Take the questions that wait, the oldest first."""
        if not await self._reading.run(lambda connection: connection.execute(_WAITING).all()):
            return ()  # asked several times a second: the write lock is taken only where there is something
        return await self._writing.run(lambda connection: _take(connection, now))

    async def answer(self, inquiry: int, look: WalletLook) -> None:
        """Answer a question, if it is still known."""
        statement = sa.update(_TABLE).where(_TABLE.c.id == inquiry).values(answer=text_of(look))
        await self._writing.run(lambda connection: connection.execute(statement))


def _ask(connection: sa.Connection, wallet: Address, now: EpochMs) -> int | None:
    _drop_old(connection, now)
    asked: int = connection.execute(sa.select(sa.func.count()).select_from(_TABLE)).scalar_one()
    if asked >= A_MINUTE:
        return None
    made = sa.insert(_TABLE).values(wallet=wallet, asked=now, is_taken=False).returning(_TABLE.c.id)
    number: int = connection.execute(made).scalar_one()
    return number


def _take(connection: sa.Connection, now: EpochMs) -> tuple[tuple[int, Address], ...]:
    _drop_old(connection, now)
    taken = sa.update(_TABLE).where(_WAITS).values(is_taken=True).returning(_TABLE.c.id, _TABLE.c.wallet)
    return tuple(sorted((row.id, row.wallet) for row in connection.execute(taken)))


def _drop_old(connection: sa.Connection, now: EpochMs) -> None:
    connection.execute(sa.delete(_TABLE).where(_TABLE.c.asked <= now - KEPT_MS))
