"""Lets few in at once: for what takes long, and would take everything if all came together."""

from typing import Final

from fadearena.api.errors import Problem

_RETRY: Final = {"Retry-After": "10"}


class Turnstile:
    """Counts who is inside."""

    def __init__(self, at_once: int, what: str) -> None:
        self._at_once = at_once
        self._what = what
        self._inside = 0

    def enter(self) -> None:
        """
        Let one more in.

        Raises:
            Problem: 429, enough are inside.
        """
        if self._inside >= self._at_once:
            said = f"{self._inside} {self._what} go on at the moment: try again when one of them has ended"
            raise Problem(429, said, headers=_RETRY)
        self._inside += 1

    def leave(self) -> None:
        """Let one out."""
        self._inside -= 1
