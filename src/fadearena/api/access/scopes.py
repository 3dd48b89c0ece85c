"""What a request says of itself, as ASGI hands it on."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]


def values(scope: Scope, name: bytes) -> list[str]:
    """Return what all headers of a name say; the name in lower case."""
    return [value.decode("latin-1").strip() for key, value in scope["headers"] if key.lower() == name]


def value(scope: Scope, name: bytes) -> str:
    """Return what the only header of a name says; empty where there is none, or more than one."""
    found = values(scope, name)
    return found[0] if len(found) == 1 else ""


def address(scope: Scope) -> str:
    """Return where a request comes from."""
    client = scope.get("client")
    return str(client[0]) if client else "unknown"


def method(scope: Scope) -> str:
    """Return a request's method; a WebSocket begins as a GET."""
    return str(scope.get("method", "GET"))


def is_tls(scope: Scope) -> bool:
    """Tell whether a request came by TLS, to us or to a proxy that may say so."""
    return scope.get("scheme") in {"https", "wss"}
