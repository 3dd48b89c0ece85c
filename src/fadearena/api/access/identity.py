"""
Who asks: by a token, by a session's cookie, or by nothing.

1. Whoever shows a token is who the token says, or nobody: one that is wrong is never taken for nothing.
2. A cookie is sent by a browser on its own: one that is of no use any more is as good as none.
3. With nothing one may look, but only from this machine, and only where nobody else is meant to reach us. What a
   proxy hands on comes from somewhere else, even if the proxy is here.
"""

from contextlib import suppress
from enum import StrEnum
from http.cookies import CookieError, SimpleCookie
from typing import Final

import msgspec

from fadearena.api.access import scopes
from fadearena.api.access.options import AccessOptions, is_loopback
from fadearena.api.access.scopes import Scope
from fadearena.api.access.tokens import hash_of, is_in_force, read_token
from fadearena.api.callers import Caller
from fadearena.kit.clock import Clock
from fadearena.model.error import StorageError
from fadearena.model.units import MINUTE_MS, EpochMs
from fadearena.ports.access import AccessStore, Role, Session, Token

BEARER: Final = "bearer"
ANONYMOUS: Final = "anonymous"
_COOKIE: Final = "fadearena_session"
_SECURE_COOKIE: Final = "__Host-fadearena_session"
_HANDED_ON: Final = (b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip", b"via")
_USED_EVERY_MS: Final = MINUTE_MS


class Proof(StrEnum):
    """What was shown."""

    NOTHING = "nothing"
    SESSION = "session"
    TOKEN = "token"  # noqa: S105 - a word
    WRONG = "wrong"


class Asker(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody, what he showed, and until when it is good: None for ever."""

    caller: Caller
    proof: Proof
    expires: EpochMs | None = None
    session_id: bytes | None = None


class Identity:
    """Finds out who asks."""

    def __init__(self, store: AccessStore, clock: Clock, options: AccessOptions) -> None:
        self._store = store
        self._clock = clock
        self._options = options

    async def of(self, scope: Scope) -> Asker:
        """
        Return who asks.

        Raises:
            StorageUnavailable: Nobody can tell at the moment.
        """
        shown = shown_token(scope)
        if shown is not None:
            return await self._by_token(scope, shown)
        session = await self._session(scope)
        if session is not None:
            caller = Caller(actor=session.actor, role=session.role, address=scopes.address(scope))
            return Asker(caller=caller, proof=Proof.SESSION, expires=session.expires, session_id=session.id)
        role = Role.VIEWER if self._options.is_local and _is_from_here(scope) else None
        return Asker(caller=anonymous(scope, role), proof=Proof.NOTHING)

    async def token(self, text: str) -> Token | None:
        """Return the token of this text while it is in force; None for anything else."""
        shown = read_token(text)
        token = await self._store.token(shown.id) if shown else None
        now = self._clock.now_ms()
        if not is_in_force(token, shown.secret if shown else "", now):
            return None
        if token is not None and (token.last_used is None or now - token.last_used >= _USED_EVERY_MS):
            with suppress(StorageError):  # who may read shall read, also where nothing can be written
                await self._store.used(token.id, now)
        return token

    def is_secure(self, scope: Scope) -> bool:
        """Tell whether a cookie may ask for TLS."""
        return scopes.is_tls(scope) or (self._options.public_url or "").startswith("https:")

    def cookie(self, scope: Scope, secret: str, age_ms: EpochMs) -> str:
        """Return the header that gives a browser its session; with `age_ms` 0 it takes it away."""
        is_secure = self.is_secure(scope)
        name = _SECURE_COOKIE if is_secure else _COOKIE
        rest = f"{name}={secret}; Max-Age={age_ms // 1_000}; Path=/; HttpOnly; SameSite=Strict"
        return f"{rest}; Secure" if is_secure else rest

    async def _by_token(self, scope: Scope, shown: str) -> Asker:
        token = await self.token(shown)
        if token is None:
            return Asker(caller=anonymous(scope, None), proof=Proof.WRONG)
        caller = Caller(actor=f"api:{token.name}", role=token.role, address=scopes.address(scope))
        return Asker(caller=caller, proof=Proof.TOKEN, expires=token.expires)

    async def _session(self, scope: Scope) -> Session | None:
        secret = _cookies(scope).get(_SECURE_COOKIE if self.is_secure(scope) else _COOKIE)
        session = await self._store.session(hash_of(secret)) if secret else None
        return session if session is not None and self._clock.now_ms() < session.expires else None


def _is_from_here(scope: Scope) -> bool:
    return is_loopback(scopes.address(scope)) and not any(scopes.values(scope, name) for name in _HANDED_ON)


def anonymous(scope: Scope, role: Role | None) -> Caller:
    """Return who shows nothing."""
    return Caller(actor=ANONYMOUS, role=role, address=scopes.address(scope))


def shown_token(scope: Scope) -> str | None:
    """
    Return what is shown as a token: in `Authorization`, or behind `bearer` in a WebSocket's protocols.

    None where nothing is shown; something that cannot be one is an empty text.
    """
    found = scopes.values(scope, b"authorization")
    if found:
        scheme, _, text = found[0].partition(" ")
        return text.strip() if len(found) == 1 and scheme.lower() == BEARER else ""
    offered = scope.get("subprotocols") or []
    if BEARER not in offered:
        return None
    after = offered[offered.index(BEARER) + 1 :]
    return after[0] if after else ""


def _cookies(scope: Scope) -> dict[str, str]:
    try:
        found = SimpleCookie("; ".join(scopes.values(scope, b"cookie")))
    except CookieError:
        return {}
    return {name: morsel.value for name, morsel in found.items()}
