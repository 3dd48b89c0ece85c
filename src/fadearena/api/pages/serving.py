"""
The page over HTTP, around the API.

1. What belongs to the API is never answered here, whatever the page is called.
2. The page has addresses of its own (`/bots/grok-4`): each gives `index.html`, which finds out the rest. So does an
   address that is none, with status 404.
3. Files with a hash in their name are kept by browsers for a year, all others are asked for each time.
"""

import re
from collections.abc import Mapping
from typing import Final

from fadearena.api.access import scopes
from fadearena.api.access.scopes import App, Receive, Scope, Send
from fadearena.api.pages.files import INDEX, PageFile

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""What the page may load: what is ours, and no script or style of its own text."""
_API: Final = ("/api", "/ws", "/metrics", "/healthz", "/readyz", "/openapi.json")
_ADDRESSES: Final = re.compile(r"/|/(?:bots(?:/[^/]+)?|decisions|risk|system|login)/?")
_FILE: Final = re.compile(r"/assets(?:/.*)?|.*\.[a-z0-9]{1,11}", re.IGNORECASE)
_PACKABLE: Final = re.compile(r"\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))", re.IGNORECASE)
_OK, _UNCHANGED, _UNKNOWN, _NOT_BUILT = 200, 304, 404, 503
_NOT_BUILT_TEXT: Final = (
    "The page is not built. Run `make page` (it needs Node.js 20.19 or newer), then start this process again.\n"
    "The API is here all the same: /openapi.json describes it.\n"
)
_YEAR: Final = "public, max-age=31536000, immutable"


class Pages:
    """
    Stands around the API.

    Args:
        app: The API.
        files: The built page by path; empty where it was not built.
    """

    def __init__(self, app: App, files: Mapping[str, PageFile]) -> None:
        self._app = app
        self._files = files

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request for the page, and let any other pass."""
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"} or is_of_the_api(scope["path"]):
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        if file := self._files.get(path):
            await _give(scope, send, file, _OK)
        elif _ADDRESSES.fullmatch(path):
            await self._give_index(scope, send, _OK)
        elif not self._files:
            await self._app(scope, receive, send)
        elif _FILE.fullmatch(path):
            await _say(scope, send, _UNKNOWN, "There is no such file.\n")
        else:
            await self._give_index(scope, send, _UNKNOWN)

    async def _give_index(self, scope: Scope, send: Send, status: int) -> None:
        index = self._files.get(INDEX)
        if index is None:
            await _say(scope, send, _NOT_BUILT, _NOT_BUILT_TEXT)
        else:
            await _give(scope, send, index, status)


def is_of_the_api(path: str) -> bool:
    """Tell whether a path belongs to the API, whether there is something or not."""
    return any(path == root or path.startswith(f"{root}/") for root in _API)


async def _give(scope: Scope, send: Send, file: PageFile, status: int) -> None:
    headers = {
        "cache-control": _YEAR if file.is_for_ever else "no-cache",
        "etag": file.tag,
        "vary": "Accept-Encoding",
    }
    if file.kind.startswith("text/html"):
        headers["content-security-policy"] = POLICY
    if status == _OK and _is_known(scope, file.tag):
        await _send(scope, send, _UNCHANGED, headers, b"")
        return
    headers["content-type"] = file.kind
    body = file.body
    if file.packed is not None and _PACKABLE.search(", ".join(scopes.values(scope, b"accept-encoding"))):
        headers["content-encoding"], body = "gzip", file.packed
    headers["content-length"] = str(len(body))
    await _send(scope, send, status, headers, body)


async def _say(scope: Scope, send: Send, status: int, text: str) -> None:
    body = text.encode()
    headers = {"content-type": "text/plain; charset=utf-8", "content-length": str(len(body))}
    await _send(scope, send, status, headers | {"cache-control": "no-store"}, body)


async def _send(scope: Scope, send: Send, status: int, headers: Mapping[str, str], body: bytes) -> None:
    lines = [(name.encode(), text.encode()) for name, text in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def _is_known(scope: Scope, tag: str) -> bool:
    """Tell whether who asks has the file already."""
    shown = {each.strip() for line in scopes.values(scope, b"if-none-match") for each in line.split(",")}
    return tag in shown or "*" in shown
