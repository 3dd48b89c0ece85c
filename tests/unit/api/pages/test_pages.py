"""The page is served beside the API: whole, packed, kept where it may be kept, and never in the API's place."""

import asyncio
import gzip
from collections.abc import Mapping
from pathlib import Path

import pytest
from starlette.types import Receive, Scope, Send

from fadearena.api.access import AccessMiddleware, AccessOptions
from fadearena.api.pages import DIST, Pages, read_page
from fadearena.api.pages.files import PageFile
from tests.support.api import Answer, api_room, ask

GZIP_MAX = 150_000
INDEX = b"<!doctype html><title>FadeArena</title>" + b" " * 2_000
SCRIPT = b"export const one = 1;\n" * 200
ADDRESSES = (
    "/",
    "/bots",
    "/bots/grok-4",
    "/bots/deepseek-chat-v3.1",
    "/bots/compare",
    "/decisions",
    "/risk",
    "/system",
    "/login",
)


async def api(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer as the API would."""
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body", "body": scope["path"].encode()})


@pytest.fixture
def files(tmp_path: Path) -> dict[str, PageFile]:
    """Return a page that was built."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_bytes(INDEX)
    (tmp_path / "favicon.svg").write_bytes(b"<svg/>")
    (tmp_path / ".sources").write_text("a hash")
    (tmp_path / "assets" / "index-Ab3.js").write_bytes(SCRIPT)
    return read_page(tmp_path)


def get(
    files: Mapping[str, PageFile], path: str, method: str = "GET", headers: Mapping[str, str] | None = None
) -> Answer:
    """Ask for a path."""
    return asyncio.run(ask(Pages(api, files), method, path, headers=headers))


@pytest.mark.parametrize("path", ADDRESSES)
def test_each_address_of_the_page_gives_its_index(files: dict[str, PageFile], path: str) -> None:
    """It is asked for anew each time, and may load nothing but what is ours."""
    answer = get(files, path)
    assert (answer.status, answer.body, answer.media_type) == (200, INDEX, "text/html")
    assert answer.headers["cache-control"] == "no-cache"
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    "path", ["/api", "/api/state", "/api/nothing", "/ws", "/metrics", "/healthz", "/readyz", "/openapi.json"]
)
def test_what_is_the_apis_stays_the_apis(files: dict[str, PageFile], path: str) -> None:
    """Also where a file of the page has that name."""
    shadowing = files | {path: next(iter(files.values()))}
    answer = get(shadowing, path)
    assert (answer.status, answer.body) == (418, path.encode())


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_nothing_is_sent_to_the_page(files: dict[str, PageFile], method: str) -> None:
    """Only what reads is answered by it."""
    assert get(files, "/bots", method).status == 418


def test_an_unknown_address_is_the_pages_to_tell(files: dict[str, PageFile]) -> None:
    """The status is 404, so that programs are not fooled; the page says it to people."""
    answer = get(files, "/nothing/here")
    assert (answer.status, answer.body) == (404, INDEX)


@pytest.mark.parametrize(
    "path",
    ["/assets/index-old.js", "/assets", "/assets/", "/robots.txt", "/.sources", "/../files.py", "/assets/../../x.py"],
)
def test_an_unknown_file_is_not_the_index(files: dict[str, PageFile], path: str) -> None:
    """A script that is gone would be taken for one that cannot be read; what lies outside was never read."""
    answer = get(files, path)
    assert (answer.status, answer.media_type) == (404, "text/plain")


def test_what_bears_a_hash_is_kept_for_a_year(files: dict[str, PageFile]) -> None:
    """Its name changes with what it holds."""
    answer = get(files, "/assets/index-Ab3.js")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.media_type == "text/javascript"
    assert get(files, "/favicon.svg").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    ("accepted", "is_packed"),
    [("gzip", True), ("br, gzip;q=0.5", True), ("gzip;q=0", False), ("gzip; q=0.0, br", False), ("br", False)],
)
def test_it_is_packed_for_who_takes_it(files: dict[str, PageFile], accepted: str, *, is_packed: bool) -> None:
    """Both forms hold the same, and say that they differ by what was asked for."""
    answer = get(files, "/assets/index-Ab3.js", headers={"Accept-Encoding": accepted})
    assert (answer.headers.get("content-encoding") == "gzip") is is_packed
    assert (gzip.decompress(answer.body) if is_packed else answer.body) == SCRIPT
    assert int(answer.headers["content-length"]) == len(answer.body)
    assert answer.headers["vary"] == "Accept-Encoding"


def test_who_has_it_is_not_sent_it_again(files: dict[str, PageFile]) -> None:
    """304 without a body; HEAD tells the length without it."""
    tag = get(files, "/").headers["etag"]
    again = get(files, "/", headers={"If-None-Match": f'"other", {tag}'})
    assert (again.status, again.body) == (304, b"")
    assert get(files, "/", headers={"If-None-Match": '"other"'}).status == 200
    head = get(files, "/", "HEAD")
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(INDEX)))


def test_a_page_that_was_not_built_says_how_to_build_it(tmp_path: Path) -> None:
    """The API is there all the same, and has the last word on what is not known."""
    nothing = read_page(tmp_path)
    answer = get(nothing, "/bots")
    assert answer.status == 503
    assert b"make page" in answer.body
    assert get(nothing, "/nothing").status == 418


def test_it_needs_no_login_and_bears_the_headers_of_every_answer(files: dict[str, PageFile]) -> None:
    """Also for somebody from elsewhere: it holds no data."""
    room = api_room()
    around = AccessMiddleware(
        Pages(room.asgi, files),
        room.doors,
        AccessOptions(host="0.0.0.0"),  # noqa: S104 - others reach it
    )
    stranger = ("203.0.113.5", 40_000)

    async def main() -> tuple[Answer, Answer]:
        page = await ask(around, "GET", "/risk", client=stranger)
        return page, await ask(around, "GET", "/api/state", client=stranger)

    page, state = asyncio.run(main())
    assert (page.status, state.status) == (200, 401)
    for name, text in (
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("x-frame-options", "DENY"),
    ):
        assert page.headers[name] == text
    assert "form-action 'self'" in page.headers["content-security-policy"]


@pytest.mark.skipif(not (DIST / "index.html").is_file(), reason="the page is not built: make page")
def test_the_built_page_is_small_and_has_nothing_inline() -> None:
    """All scripts and styles together have at most 150 kB with gzip; the index holds no text of a script or style."""
    built = read_page()
    code = {path: file for path, file in built.items() if path.endswith((".js", ".css"))}
    sizes = {path: len(file.packed or file.body) for path, file in code.items()}
    assert sum(sizes.values()) <= GZIP_MAX, sizes
    index = built["/index.html"].body.decode()
    assert "<style" not in index
    assert " style=" not in index
    assert "<script>" not in index
    assert all(path.startswith("/assets/") for path in code)
