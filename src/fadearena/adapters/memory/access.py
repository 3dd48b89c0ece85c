"""Who may do what, and what was asked for, in memory."""

from collections.abc import Sequence
from itertools import islice

import msgspec

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


class MemoryAccess:
    """Keeps all of it."""

    def __init__(self) -> None:
        self._tokens: dict[str, Token] = {}
        self._passwords: dict[Role, Password] = {}
        self._sessions: dict[bytes, Session] = {}
        self._entries: list[AccessEntry] = []
        self._last_id = 0

    async def put_token(self, token: Token) -> None:
        """
        Keep a new token.

        Raises:
            InvalidInput: A token that was not revoked has this name.
        """
        if any(other.name == token.name and other.revoked is None for other in self._tokens.values()):
            raise InvalidInput(
                f"a token {token.name!r} is in force: take another name, or `fadearena token revoke {token.name}` first"
            )
        self._tokens[token.id] = token

    async def token(self, token_id: str) -> Token | None:
        """Return a token, also one that was revoked or has expired; None where there is none."""
        return self._tokens.get(token_id)

    async def tokens(self) -> Sequence[Token]:
        """Return all tokens, the oldest first."""
        return tuple(sorted(self._tokens.values(), key=lambda token: (token.created, token.id)))

    async def revoke(self, name: str, now: EpochMs) -> Token | None:
        """Revoke the token of this name or id, and end its sessions; None where there is none that is in force."""
        for token in self._tokens.values():
            if token.revoked is None and name in {token.name, token.id}:
                self._tokens[token.id] = revoked = msgspec.structs.replace(token, revoked=now)
                self._keep([session for session in self._sessions.values() if session.token_id != token.id])
                return revoked
        return None

    async def used(self, token_id: str, now: EpochMs) -> None:
        """Note that a token was used."""
        if token_id in self._tokens:
            self._tokens[token_id] = msgspec.structs.replace(self._tokens[token_id], last_used=now)

    async def set_password(self, password: Password) -> None:
        """Set the password of a role, and end all sessions of it."""
        self._passwords[password.role] = password
        sessions = self._sessions.values()
        self._keep([each for each in sessions if each.role is not password.role or each.token_id is not None])

    async def password(self, role: Role) -> Password | None:
        """Return the password of a role; None where none was set."""
        return self._passwords.get(role)

    async def put_session(self, session: Session) -> None:
        """Keep a session; those that have expired are dropped."""
        self._keep([each for each in self._sessions.values() if each.expires > session.created] + [session])

    async def session(self, session_id: bytes) -> Session | None:
        """Return a session, also one that has expired; None where there is none."""
        return self._sessions.get(session_id)

    async def end_session(self, session_id: bytes) -> None:
        """End a session, if there is one."""
        self._sessions.pop(session_id, None)

    async def note(self, entry: AccessEntry) -> None:
        """Keep what somebody did."""
        self._last_id += 1
        self._entries.append(msgspec.structs.replace(entry, id=self._last_id))
        if self._last_id % PRUNE_EVERY == 0:
            del self._entries[:-ENTRIES_MAX]

    async def notes(self, before: int | None, limit: int) -> Sequence[AccessEntry]:
        """
        Return what was done, the newest first: with an id below `before` if given, at most `limit`.

        Raises:
            InvalidInput: `limit` is not 1 to 1,000.
        """
        check_limit(limit)
        found = (entry for entry in reversed(self._entries) if before is None or entry.id < before)
        return tuple(islice(found, limit))

    async def grants(self) -> Grants:
        """Return all that gives somebody access."""
        return Grants(
            tokens=tuple(await self.tokens()),
            passwords=tuple(self._passwords[role] for role in sorted(self._passwords)),
            sessions=tuple(self._sessions[key] for key in sorted(self._sessions)),
        )

    async def set_grants(self, grants: Grants) -> None:
        """Replace all that gives somebody access, for another mode of the same installation."""
        self._tokens = {token.id: token for token in grants.tokens}
        self._passwords = {password.role: password for password in grants.passwords}
        self._keep(grants.sessions)

    def _keep(self, sessions: Sequence[Session]) -> None:
        self._sessions = {session.id: session for session in sessions}
