"""Sessions: how one begins, by a password or a token, and how it ends."""

import math
from typing import Final

import msgspec

from fadearena.api.access import scopes
from fadearena.api.access.identity import Identity
from fadearena.api.access.options import AccessOptions
from fadearena.api.access.passwords import Passwords
from fadearena.api.access.scopes import Scope
from fadearena.api.access.throttle import Throttle
from fadearena.api.access.tokens import hash_of, new_secret
from fadearena.api.doors import Doors
from fadearena.api.errors import Problem
from fadearena.model.units import SECOND_MS
from fadearena.ports.access import Role, Session, Token

WAITING_MAX: Final = 8
"""Logins that may wait for their turn at the same time."""


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """A session, and the header that gives it to the browser."""

    session: Session
    cookie: str


class Logins:
    """Begins and ends sessions."""

    def __init__(
        self, doors: Doors, identity: Identity, passwords: Passwords, throttle: Throttle, options: AccessOptions
    ) -> None:
        self._store = doors.access
        self._clock = doors.clock
        self._identity = identity
        self._passwords = passwords
        self._throttle = throttle
        self._options = options
        self._waiting = 0

    async def by_password(self, scope: Scope, role: Role, password: str) -> Begun:
        """
        Begin a session of a role.

        Raises:
            Problem: 401, it is wrong, or the role has none; 429, too many were.
            StorageUnavailable: It cannot be looked up, or the session not kept.
        """
        address = scopes.address(scope)
        self._take_turn(address)
        self._waiting += 1
        try:
            kept = await self._store.password(role)
            is_right = await self._passwords.matches(kept.hash if kept else None, password)
        finally:
            self._waiting -= 1
        if not is_right:
            raise _wrong()
        self._throttle.succeeded(address)
        return await self._begin(scope, role, f"web:{role}@{address}")

    async def by_token(self, scope: Scope, text: str) -> Begun:
        """
        Begin a session of whoever has a token; it ends with that one.

        Raises:
            Problem: 401, it is wrong, revoked or has expired; 429, too many were.
            StorageUnavailable: It cannot be looked up, or the session not kept.
        """
        address = scopes.address(scope)
        self._take_turn(address)
        token = await self._identity.token(text)
        if token is None:
            raise _wrong()
        self._throttle.succeeded(address)
        return await self._begin(scope, token.role, f"web:{token.name}@{address}", token)

    async def end(self, scope: Scope, session_id: bytes | None) -> str:
        """
        End a session, if there is one, and return the header that takes it from the browser.

        Raises:
            StorageUnavailable: Nobody knows whether it has ended.
        """
        if session_id is not None:
            await self._store.end_session(session_id)
        return self._identity.cookie(scope, "", 0)

    def _take_turn(self, address: str) -> None:
        wait_ms = SECOND_MS if self._waiting >= WAITING_MAX else self._throttle.begin(address)
        if wait_ms > 0:
            seconds = math.ceil(wait_ms / SECOND_MS)
            raise Problem(
                429, f"Too many logins failed: try again in {seconds} s", headers={"Retry-After": str(seconds)}
            )

    async def _begin(self, scope: Scope, role: Role, actor: str, token: Token | None = None) -> Begun:
        secret, now = new_secret(), self._clock.now_ms()
        end = now + self._options.session_ms
        if token is not None and token.expires is not None:
            end = min(end, token.expires)
        token_id = None if token is None else token.id
        session = Session(id=hash_of(secret), role=role, actor=actor, created=now, expires=end, token_id=token_id)
        await self._store.put_session(session)
        return Begun(session=session, cookie=self._identity.cookie(scope, secret, end - now))


def _wrong() -> Problem:
    return Problem(401, "This password or token is wrong: `fadearena token password operator` sets one")
