"""Who may do what, and what was asked for, in the database of the read store."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec
import sqlalchemy as sa

from fadearena.adapters.sql import tables
from fadearena.adapters.sql.lane import Lane
from fadearena.adapters.sql.statements import Row, run, upsert
from fadearena.model.error import InvalidInput
from fadearena.model.units import EpochMs
from fadearena.ports.access import (
    ENTRIES_MAX,
    PRUNE_EVERY,
    AccessEntry,
    Grants,
    Password,
    Role,
    Session,
    Token,
)
from fadearena.ports.read_store import check_limit

_TOKEN, _PASSWORD, _SESSION, _ENTRY = tables.token, tables.password, tables.session, tables.access_entry
_IN_FORCE = _TOKEN.c.revoked.is_(None)


class SqlAccess:
    """The access store behind its port: writes in one lane, questions in another."""

    def __init__(self, writing: Lane, reading: Lane) -> None:
        self._writing = writing
        self._reading = reading

    async def put_token(self, token: Token) -> None:
        """
        Keep a new token.

        Raises:
            InvalidInput: A token that was not revoked has this name.
        """
        await self._writing.run(partial(_put_token, token=token))

    async def token(self, token_id: str) -> Token | None:
        """Return a token, also one that was revoked or has expired; None where there is none."""
        asked = sa.select(_TOKEN).where(_TOKEN.c.id == token_id)
        found = await self._reading.run(lambda connection: connection.execute(asked).one_or_none())
        return None if found is None else _token(found)

    async def tokens(self) -> Sequence[Token]:
        """Return all tokens, the oldest first."""
        return await self._reading.run(_tokens)

    async def revoke(self, name: str, now: EpochMs) -> Token | None:
        """Revoke the token of this name or id, and end its sessions; None where there is none that is in force."""
        return await self._writing.run(partial(_revoke, name=name, now=now))

    async def used(self, token_id: str, now: EpochMs) -> None:
        """Note that a token was used."""
        await self._do(sa.update(_TOKEN).where(_TOKEN.c.id == token_id).values(last_used=now))

    async def set_password(self, password: Password) -> None:
        """Set the password of a role, and end all sessions of it."""
        await self._writing.run(partial(_set_password, password=password))

    async def password(self, role: Role) -> Password | None:
        """Return the password of a role; None where none was set."""
        asked = sa.select(_PASSWORD).where(_PASSWORD.c.role == role.value)
        found = await self._reading.run(lambda connection: connection.execute(asked).one_or_none())
        return None if found is None else _password(found)

    async def put_session(self, session: Session) -> None:
        """Keep a session; those that have expired are dropped."""
        await self._writing.run(partial(_put_session, session=session))

    async def session(self, session_id: bytes) -> Session | None:
        """Return a session, also one that has expired; None where there is none."""
        asked = sa.select(_SESSION).where(_SESSION.c.id == session_id)
        found = await self._reading.run(lambda connection: connection.execute(asked).one_or_none())
        return None if found is None else _session(found)

    async def end_session(self, session_id: bytes) -> None:
        """End a session, if there is one."""
        await self._do(sa.delete(_SESSION).where(_SESSION.c.id == session_id))

    async def note(self, entry: AccessEntry) -> None:
        """Keep what somebody did."""
        await self._writing.run(partial(_note, entry=entry))

    async def notes(self, before: int | None, limit: int) -> Sequence[AccessEntry]:
        """
        Return what was done, the newest first: with an id below `before` if given, at most `limit`.

        Raises:
            InvalidInput: `limit` is not 1 to 1,000.
        """
        check_limit(limit)
        asked = sa.select(_ENTRY).order_by(_ENTRY.c.id.desc()).limit(limit)
        if before is not None:
            asked = asked.where(_ENTRY.c.id < before)
        found = await self._reading.run(lambda connection: connection.execute(asked).all())
        return tuple(AccessEntry(**row._asdict()) for row in found)

    async def grants(self) -> Grants:
        """Return all that gives somebody access."""
        return await self._reading.run(_grants)

    async def set_grants(self, grants: Grants) -> None:
        """Replace all that gives somebody access, for another mode of the same installation."""
        await self._writing.run(partial(_set_grants, grants=grants))

    async def _do(self, statement: sa.Executable) -> None:
        await self._writing.run(lambda connection: connection.execute(statement))


def _put_token(connection: sa.Connection, token: Token) -> None:
    same = sa.select(_TOKEN.c.id).where(_TOKEN.c.name == token.name, _IN_FORCE)
    if connection.execute(same).first() is not None:
        raise InvalidInput(
            f"a token {token.name!r} is in force: take another name, or `fadearena token revoke {token.name}` first"
        )
    connection.execute(sa.insert(_TOKEN).values(**_row(token)))


def _tokens(connection: sa.Connection) -> tuple[Token, ...]:
    return tuple(map(_token, connection.execute(sa.select(_TOKEN).order_by(_TOKEN.c.created, _TOKEN.c.id))))


def _revoke(connection: sa.Connection, name: str, now: EpochMs) -> Token | None:
    mine = sa.or_(_TOKEN.c.name == name, _TOKEN.c.id == name)
    revoked = sa.update(_TOKEN).where(mine, _IN_FORCE).values(revoked=now).returning(_TOKEN)
    found = [_token(row) for row in connection.execute(revoked)]
    if not found:
        return None
    connection.execute(sa.delete(_SESSION).where(_SESSION.c.token_id.in_([token.id for token in found])))
    return found[0]


def _set_password(connection: sa.Connection, password: Password) -> None:
    upsert(connection, _PASSWORD, _row(password))
    connection.execute(sa.delete(_SESSION).where(_SESSION.c.role == password.role.value, _SESSION.c.token_id.is_(None)))


def _put_session(connection: sa.Connection, session: Session) -> None:
    connection.execute(sa.delete(_SESSION).where(_SESSION.c.expires <= session.created))
    upsert(connection, _SESSION, _row(session))


def _note(connection: sa.Connection, entry: AccessEntry) -> None:
    row = _row(entry)
    del row["id"]
    added = connection.execute(sa.insert(_ENTRY).values(**row).returning(_ENTRY.c.id)).scalar_one()
    if added % PRUNE_EVERY == 0:
        connection.execute(sa.delete(_ENTRY).where(_ENTRY.c.id <= added - ENTRIES_MAX))


def _grants(connection: sa.Connection) -> Grants:
    return Grants(
        tokens=_tokens(connection),
        passwords=tuple(map(_password, connection.execute(sa.select(_PASSWORD).order_by(_PASSWORD.c.role)))),
        sessions=tuple(map(_session, connection.execute(sa.select(_SESSION).order_by(_SESSION.c.id)))),
    )


def _set_grants(connection: sa.Connection, grants: Grants) -> None:
    for table, those in ((_TOKEN, grants.tokens), (_PASSWORD, grants.passwords), (_SESSION, grants.sessions)):
        connection.execute(sa.delete(table))
        run(connection, sa.insert(table), [_row(one) for one in those])


def _row(one: Token | Password | Session | AccessEntry) -> Row:
    row: Row = msgspec.structs.asdict(one)
    return row | {"role": row["role"].value} if "role" in row else row


def _token(row: sa.Row[Any]) -> Token:
    return Token(**_fields(row))


def _password(row: sa.Row[Any]) -> Password:
    return Password(**_fields(row))


def _session(row: sa.Row[Any]) -> Session:
    return Session(**_fields(row))


def _fields(row: sa.Row[Any]) -> Row:
    fields = row._asdict()
    return fields | {"role": Role(fields["role"])}
