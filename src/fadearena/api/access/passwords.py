"""
Passwords of roles, hashed with Argon2id (RFC 9106, its choice for less memory: 64 MiB, three passes).

1. One is hashed at a time, in a thread: the event loop never waits, and a flood of logins takes 64 MiB and no more.
2. Where no password was set it takes as long to say no as where one was.
"""

import asyncio
import unicodedata
from typing import Final

import argon2
from argon2.profiles import RFC_9106_LOW_MEMORY

from fadearena.model.error import InvalidInput

LENGTH_MIN: Final = 12
LENGTH_MAX: Final = 1_024
_LETTERS_MIN: Final = 5
_COMMON: Final = (
    "password",
    "passw0rd",
    "change-me",
    "change_me",
    "changeme",
    "letmein",
    "qwerty",
    "fadearena",
    "hyperliquid",
    "123456",
    "abcdef",
    "iloveyou",
    "administrator",
    "operator",
)


class Passwords:
    """Hashes and compares."""

    def __init__(self, hasher: argon2.PasswordHasher | None = None) -> None:
        self._hasher = hasher or argon2.PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
        self._turn = asyncio.Semaphore(1)

    async def hashed(self, password: str) -> str:
        """Return what is kept of a password."""
        async with self._turn:
            return await asyncio.to_thread(self._hasher.hash, _form(password))

    async def matches(self, kept: str | None, password: str) -> bool:
        """Tell whether a password is the one that was kept; it takes as long where none was."""
        async with self._turn:
            return await asyncio.to_thread(self._matches, kept, password)

    def _matches(self, kept: str | None, password: str) -> bool:
        if kept is None:
            self._hasher.hash(_form(password))
            return False
        try:
            return self._hasher.verify(kept, _form(password))
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False


def check_password(password: str) -> None:
    """
    Refuse a password that somebody would guess.

    Raises:
        InvalidInput: It is short, long, of few letters, or much of it is what everybody takes.
    """
    if not LENGTH_MIN <= len(password) <= LENGTH_MAX:
        raise InvalidInput(f"a password has {LENGTH_MIN} to {LENGTH_MAX} characters: four random words make a good one")
    rest = password.lower()
    for word in _COMMON:
        rest = rest.replace(word, "")
    if len(set(password)) < _LETTERS_MIN or len(rest) < LENGTH_MIN // 2:
        raise InvalidInput("this password is one that others try first: four random words make a good one")


def _form(password: str) -> bytes:
    """Return the bytes of a password, however the keyboard put its letters together."""
    return unicodedata.normalize("NFKC", password).encode()
