"""Gives and takes access, for people at this machine: tokens and passwords. Each time is recorded."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fadearena.adapters.sql.read_store import open_read_store
from fadearena.api.access.passwords import Passwords, check_password
from fadearena.api.access.tokens import new_token
from fadearena.bootstrap.places import Places
from fadearena.bootstrap.tables import make_tables
from fadearena.kit.clock import Clock, SystemClock
from fadearena.model.error import InvalidInput
from fadearena.model.units import DAY_MS
from fadearena.ports.access import AccessEntry, AccessStore, Grants, Password, Role, Token

HERE = "local"
"""Where a command comes from, as an address."""


class Grantor:
    """Somebody who gives and takes access."""

    def __init__(self, access: AccessStore, clock: Clock, actor: str, passwords: Passwords | None = None) -> None:
        self._access = access
        self._clock = clock
        self._actor = actor
        self._passwords = passwords or Passwords()

    async def create(self, name: str, role: Role, days: int | None) -> tuple[Token, str]:
        """
        Make a token and return it with its text, which nobody sees again.

        Raises:
            InvalidInput: The name cannot be one, or is taken.
            StorageUnavailable: It could not be kept.
        """
        now = self._clock.now_ms()
        token, text = new_token(name, role, now, None if days is None else now + days * DAY_MS)
        await self._access.put_token(token)
        await self._note(f"token create {name} {role}")
        return token, text

    async def revoke(self, name: str) -> Token:
        """
        Revoke a token and end its sessions.

        Raises:
            InvalidInput: There is none that is in force.
            StorageUnavailable: It could not be done.
        """
        token = await self._access.revoke(name, self._clock.now_ms())
        if token is None:
            raise InvalidInput(f"no token {name!r} is in force: `fadearena token list` shows all")
        await self._note(f"token revoke {token.name}")
        return token

    async def set_password(self, role: Role, password: str) -> None:
        """
        Set the password of a role, and end its sessions.

        Raises:
            InvalidInput: It is one that somebody would guess.
            StorageUnavailable: It could not be kept.
        """
        check_password(password)
        hashed = await self._passwords.hashed(password)
        await self._access.set_password(Password(role=role, hash=hashed, changed=self._clock.now_ms()))
        await self._note(f"token password {role}")

    async def grants(self) -> Grants:
        """Return all that gives somebody access."""
        return await self._access.grants()

    async def _note(self, what: str) -> None:
        entry = AccessEntry(time=self._clock.now_ms(), actor=self._actor, address=HERE, what=what, status=0)
        await self._access.note(entry)


@asynccontextmanager
async def open_grantor(places: Places, actor: str) -> AsyncIterator[Grantor]:
    """
    Open what is needed to give access; the tables are made where there are none.

    Raises:
        StorageOutdated: The tables are of another version.
        StorageUnavailable: The database cannot be opened.
    """
    make_tables(places)
    async with open_read_store(places.read) as store:
        yield Grantor(store.access, SystemClock(), actor)


async def carry_grants(places: Places, other: Places) -> None:
    """
    Let everybody who has access in one mode have the same in another, and nobody else.

    Raises:
        StorageError: A database cannot be used.
    """
    async with open_read_store(places.read) as store:
        grants = await store.access.grants()
    make_tables(other)
    async with open_read_store(other.read) as store:
        await store.access.set_grants(grants)
