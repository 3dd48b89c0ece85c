"""
What may stand in a request's head before anything is made of it.

A path is read once, by us: whatever a proxy, or a file system, might read another way is refused.
"""

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from fadearena.api.access.scopes import Scope
from fadearena.api.access.tokens import holds_token
from fadearena.api.errors import Problem

HEADERS_MAX: Final = 100
HEAD_BYTES_MAX: Final = 1 << 15
_PATH_MAX: Final = 2_048
_ODD: Final = re.compile(rb"(?i)%(?:2f|5c|[01][0-9a-f]|7f|(?![0-9a-f]{2}))|[\x00-\x20\x7f-\xff\\]")
_DOTS: Final = {"", ".", ".."}


def check_head(scope: Scope) -> None:
    """
    Refuse a request whose head is too large, or whose path can be read in two ways.

    Raises:
        Problem: 400 for the path, 431 for the head.
    """
    headers = scope["headers"]
    size = sum(len(name) + len(value) for name, value in headers) + len(scope.get("query_string", b""))
    if len(headers) > HEADERS_MAX or size > HEAD_BYTES_MAX:
        raise Problem(431, f"A request's head has at most {HEADERS_MAX} headers and {HEAD_BYTES_MAX} bytes")
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    if not _is_plain(raw):
        raise Problem(400, "This path is not one of ours: write it without dots, double slashes and odd characters")
    if holds_token(f"{scope['path']}?{scope.get('query_string', b'').decode('latin-1')}"):
        raise Problem(400, "A token never stands in a URL, where logs keep it: revoke it, and send it as a header")


def _is_plain(raw: bytes) -> bool:
    if len(raw) > _PATH_MAX or not raw.startswith(b"/") or _ODD.search(raw):
        return False
    try:
        segments = unquote_to_bytes(raw).decode().split("/")[1:]
    except UnicodeDecodeError:
        return False
    *before, last = segments
    return _DOTS.isdisjoint(before) and last not in _DOTS - {""}
