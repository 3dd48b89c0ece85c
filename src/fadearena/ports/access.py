"""
The door to who may do what: tokens, passwords, sessions, and the record of what was asked for.

1. Secrets are never kept: of a token and of a session its hash, of a password its argon2 hash.
2. Nothing here follows from the journal.
3. Of what was done the newest `ENTRIES_MAX` entries are kept, and some that are about to go.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, Protocol

import msgspec

from fadearena.model.units import EpochMs

ENTRIES_MAX: Final = 100_000
PRUNE_EVERY: Final = 1_000
"""How many entries are added until those that are too many go."""


class Role(StrEnum):
    """What somebody may do: look, or change things too."""

    VIEWER = "viewer"
    OPERATOR = "operator"


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A token of a program or a person. `id` is public, `hash` is that of its secret."""

    id: str
    name: str
    role: Role
    hash: bytes
    created: EpochMs
    expires: EpochMs | None = None
    last_used: EpochMs | None = None
    revoked: EpochMs | None = None


class Password(msgspec.Struct, frozen=True, kw_only=True):
    """The password of a role, as argon2 hashed it."""

    role: Role
    hash: str
    changed: EpochMs


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """
    A login of the web page; `id` is the hash of what its cookie holds.

    `token_id` names the token that it was made with: it ends with that one.
    """

    id: bytes
    role: Role
    actor: str
    created: EpochMs
    expires: EpochMs
    token_id: str | None = None


class Grants(msgspec.Struct, frozen=True, kw_only=True):
    """All that gives somebody access, as one."""

    tokens: tuple[Token, ...] = ()
    passwords: tuple[Password, ...] = ()
    sessions: tuple[Session, ...] = ()


class AccessEntry(msgspec.Struct, frozen=True, kw_only=True):
    """
    Something that somebody did or tried: a change, a login, a token made.

    `id` counts, 0 until it is kept. `what` is as `POST /api/kill-switch`, `status` the answer's, or 0 for a command
    on this machine; `control_id` names the command that it led to.
    """

    id: int = 0
    time: EpochMs
    actor: str
    address: str
    what: str
    status: int
    control_id: int | None = None
    detail: str = ""


class AccessStore(Protocol):
    """Keeps who may do what. Every method may raise `StorageUnavailable`."""

    async def put_token(self, token: Token) -> None:
        """
        Keep a new token.

        Raises:
            InvalidInput: A token that was not revoked has this name.
        """
        ...

    async def token(self, token_id: str) -> Token | None:
        """Return a token, also one that was revoked or has expired; None where there is none."""
        ...

    async def tokens(self) -> Sequence[Token]:
        """Return all tokens, the oldest first."""
        ...

    async def revoke(self, name: str, now: EpochMs) -> Token | None:
        """Revoke the token of this name or id, and end its sessions; None where there is none that is in force."""
        ...

    async def used(self, token_id: str, now: EpochMs) -> None:
        """Note that a token was used."""
        ...

    async def set_password(self, password: Password) -> None:
        """Set the password of a role, and end all sessions of it."""
        ...

    async def password(self, role: Role) -> Password | None:
        """Return the password of a role; None where none was set."""
        ...

    async def put_session(self, session: Session) -> None:
        """Keep a session; those that have expired are dropped."""
        ...

    async def session(self, session_id: bytes) -> Session | None:
        """Return a session, also one that has expired; None where there is none."""
        ...

    async def end_session(self, session_id: bytes) -> None:
        """End a session, if there is one."""
        ...

    async def note(self, entry: AccessEntry) -> None:
        """Keep what somebody did."""
        ...

    async def notes(self, before: int | None, limit: int) -> Sequence[AccessEntry]:
        """
        Return what was done, the newest first: with an id below `before` if given, at most `limit`.

        Raises:
            InvalidInput: `limit` is not 1 to 1,000.
        """
        ...

    async def grants(self) -> Grants:
        """Return all that gives somebody access."""
        ...

    async def set_grants(self, grants: Grants) -> None:
        """Replace all that gives somebody access, for another mode of the same installation."""
        ...
