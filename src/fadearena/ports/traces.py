"""The door to who keeps traces: what took how long, and what it consisted of. Without one nothing is traced."""

from collections.abc import Mapping
from typing import Protocol

import msgspec


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """
    Something that was done and is over, from `began_ns` to `ended_ns` (UTC since 1970), and the parts of it.

    `caller` is what led to it, as the header `traceparent` of W3C names it; empty where nobody did. `error` says what
    went wrong; empty where nothing did.
    """

    name: str
    began_ns: int
    ended_ns: int
    attributes: Mapping[str, str | int] = {}
    parts: tuple["Span", ...] = ()
    caller: str = ""
    error: str = ""


class Traces(Protocol):
    """Keeps what was traced."""

    def keep(self, span: Span) -> None:
        """Take a span with its parts; it never fails, and never waits for anybody."""
        ...
