"""
Secrets of tokens and sessions: made, read and compared.

1. A token is `fa_ID_SECRET`: the id may be seen, the secret has 256 random bits and is shown once.
2. What is kept is a BLAKE2b hash. A slow, salted hash is for what people think up and others can guess; nobody can try
   2^256 secrets, and this one is computed with every request.
3. Secrets are compared in constant time, also where there is none to compare with.
"""

import re
import secrets
from hashlib import blake2b
from hmac import compare_digest
from typing import Final

import msgspec

from fadearena.model.error import InvalidInput
from fadearena.model.units import EpochMs
from fadearena.ports.access import Role, Token

_BYTES: Final = 32
_ID_BYTES: Final = 6
_FORM: Final = re.compile(r"fa_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_NOBODY: Final = bytes(_BYTES)


class Shown(msgspec.Struct, frozen=True):
    """A token that somebody showed: its id and its secret."""

    id: str
    secret: str


def new_secret() -> str:
    """Return 256 random bits as a text for headers and cookies."""
    return secrets.token_urlsafe(_BYTES)


def hash_of(secret: str) -> bytes:
    """Return what is kept of a secret."""
    return blake2b(secret.encode(), digest_size=_BYTES).digest()


def new_token(name: str, role: Role, now: EpochMs, expires: EpochMs | None = None) -> tuple[Token, str]:
    """
    Return a new token, and the text of it that nobody sees again.

    Raises:
        InvalidInput: `name` has other characters than letters, digits, `.`, `_` and `-`, or more than 64.
    """
    if not _NAME.fullmatch(name):
        raise InvalidInput(f"{name!r} cannot be the name of a token: use 1 to 64 letters, digits, '.', '_' and '-'")
    secret, token_id = new_secret(), secrets.token_hex(_ID_BYTES)
    token = Token(id=token_id, name=name, role=role, hash=hash_of(secret), created=now, expires=expires)
    return token, f"fa_{token_id}_{secret}"


def read_token(text: str) -> Shown | None:
    """Return what a text shows; None where it has not the form of a token."""
    found = _FORM.fullmatch(text)
    return Shown(*found.groups()) if found else None


def holds_token(text: str) -> bool:
    """Tell whether a token stands somewhere in a text, where it may be seen."""
    return _FORM.search(text) is not None


def is_in_force(token: Token | None, secret: str, now: EpochMs) -> bool:
    """Tell whether a secret is that of a token which was neither revoked nor has expired."""
    is_same = compare_digest(hash_of(secret), token.hash if token else _NOBODY)
    if token is None or token.revoked is not None:
        return False
    return is_same and (token.expires is None or now < token.expires)
