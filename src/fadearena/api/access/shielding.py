"""
Headers of every answer, which tell browsers what not to do with it; and those for pages of other origins.

1. What is no page may load nothing and be shown nowhere. A page loads what is ours, and no script of its own text.
2. What is no page is kept by nobody, unless its route says otherwise.
"""

from collections.abc import Iterable
from typing import Final

from fadearena.api.access import scopes
from fadearena.api.access.scopes import Message, Scope, Send

_NOTHING: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
_PAGE: Final = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_ALWAYS: Final = (
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
)
_HSTS: Final = ("strict-transport-security", "max-age=31536000")
_EXPOSED: Final = "ETag, Idempotency-Replayed, Retry-After, Content-Disposition"
_ALLOWED: Final = "Authorization, Content-Type, Idempotency-Key, If-None-Match"
_METHODS: Final = "GET, HEAD, POST, PUT, PATCH, DELETE"
_PAGES: Final = ("text/html", "text/css", "text/javascript", "application/javascript", "image/", "font/")


def shielded(send: Send, scope: Scope, origin: str) -> Send:
    """Return what sends answers with all headers that they need; `origin` is one that may read them, or empty."""

    async def sending(message: Message) -> None:
        if message["type"] in {"http.response.start", "websocket.http.response.start"}:
            message = {**message, "headers": _with(message.get("headers", ()), scope, origin)}
        await send(message)

    return sending


def preflight_headers(origin: str) -> dict[str, str]:
    """Return what a browser is told that asks whether a page of this origin may do more than read."""
    return {
        **dict(cors_headers(origin)),
        "Access-Control-Allow-Methods": _METHODS,
        "Access-Control-Allow-Headers": _ALLOWED,
        "Access-Control-Max-Age": "600",
    }


def cors_headers(origin: str) -> tuple[tuple[str, str], ...]:
    """Return what lets pages of this origin read an answer."""
    return (
        ("access-control-allow-origin", origin),
        ("access-control-allow-credentials", "true"),
        ("access-control-expose-headers", _EXPOSED),
    )


def _with(headers: Iterable[tuple[bytes, bytes]], scope: Scope, origin: str) -> list[tuple[bytes, bytes]]:
    found = list(headers)
    known = {name.lower(): value.decode("latin-1") for name, value in found}
    kind = known.get(b"content-type", "")
    is_page = kind.startswith(_PAGES)
    more = [*_ALWAYS, ("content-security-policy", _PAGE if kind.startswith("text/html") else _NOTHING)]
    if not is_page and b"etag" not in known:
        more.append(("cache-control", "no-store"))
    if scopes.is_tls(scope):
        more.append(_HSTS)
    if origin:
        more += cors_headers(origin)
    added = [(name.encode(), text.encode()) for name, text in more if name.encode() not in known]
    vary = [(b"vary", b"Origin")] if origin else []
    return [*found, *added, *vary]
