"""The files of the built page, in memory: nothing of a request ever becomes the name of a file."""

import gzip
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Final

import msgspec

DIST: Final = Path(__file__).parent / "dist"
"""Where the build of `web/` goes."""
INDEX: Final = "/index.html"
_HASHED: Final = "/assets/"
"""Names below it bear a hash of what they hold, so that they never change."""
_PACKED_FROM: Final = 1_000
_TAG_BYTES: Final = 12
_KINDS: Final[Mapping[str, str]] = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}


class PageFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file; `packed` is the same with gzip, None where that is not smaller."""

    body: bytes
    packed: bytes | None
    kind: str
    tag: str
    is_for_ever: bool


def page_file(path: str, body: bytes) -> PageFile:
    """Return a file of the page by its path, which begins with a slash."""
    packed = gzip.compress(body, 9, mtime=0) if len(body) >= _PACKED_FROM else body
    return PageFile(
        body=body,
        packed=packed if len(packed) < len(body) else None,
        kind=_KINDS.get(Path(path).suffix, "application/octet-stream"),
        tag=f'W/"{blake2b(body, digest_size=_TAG_BYTES).hexdigest()}"',
        is_for_ever=path.startswith(_HASHED),
    )


def read_page(directory: Path = DIST) -> dict[str, PageFile]:
    """Return all files of the built page by path; empty where it was not built."""
    if not (directory / INDEX.removeprefix("/")).is_file():
        return {}
    found = (file for file in sorted(directory.rglob("*")) if file.is_file() and not file.name.startswith("."))
    paths = {f"/{file.relative_to(directory).as_posix()}": file for file in found}
    return {path: page_file(path, file.read_bytes()) for path, file in paths.items()}
