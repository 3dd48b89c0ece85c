"""What holds for every endpoint: how numbers are written, what did not change, what errors look like."""

import gzip
from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest
from fastapi import APIRouter, Request, Response
from structlog.testing import capture_logs

from fadearena.adapters.memory.sightings import MemorySightings
from fadearena.api.answers import Decimals, answer, json_of
from fadearena.api.errors import MEDIA_TYPE
from fadearena.api.paging import before_of, cursor_after, cut_of
from fadearena.api.schemas.common import Asked, GivenDecimal, Money, Shape
from fadearena.model.error import InvalidInput, StorageOutdated, StorageUnavailable
from fadearena.ports.access import Role
from fadearena.ports.archive import Cut
from fadearena.ports.sightings import Sight
from tests.support.api import Answer, ApiRoom, Behind, api_room, in_room
from tests.support.shown import bot_policy, settings

LONG = "1234567890123456.789012345678"


class Sum(Shape):
    """An answer."""

    some_usd: Money


class Item(Asked):
    """A part of a request."""

    usd: GivenDecimal


class Items(Asked):
    """The body of a request."""

    items: list[Item]


router = APIRouter()


@router.get("/test/sum")
async def get_sum(request: Request, decimals: Decimals = Decimals.NUMBER) -> Response:
    """Answer with a long number."""
    return answer(request, Sum(some_usd=Decimal(LONG)), decimals)


@router.post("/test/items")
async def post_items(request: Request, given: Items) -> Response:
    """Answer with the first of what was sent."""
    return answer(request, Sum(some_usd=given.items[0].usd))


@router.get("/test/raise/{what}")
async def get_raise(what: str) -> Response:
    """Fail."""
    errors = {
        "invalid": InvalidInput("a page of 0"),
        "away": StorageUnavailable("postgresql://user:secret@host is away"),
        "outdated": StorageOutdated("tables are old"),
        "mistake": KeyError("a secret"),
    }
    raise errors[what]


def room() -> ApiRoom:
    """Return a room with endpoints for tests."""
    made = api_room()
    made.app.include_router(router)
    return made


def asked(story: Callable[[ApiRoom], Awaitable[Answer]]) -> Answer:
    """Return the answer of a story."""
    return in_room(story, room())


def test_decimals_are_exact_as_numbers_and_as_texts() -> None:
    """No digit is lost, and names are camelCase."""
    assert asked(lambda r: r.get("/test/sum")).body == b'{"someUsd":' + LONG.encode() + b"}"
    assert asked(lambda r: r.get("/test/sum", decimals="string")).json == {"someUsd": LONG}
    assert asked(lambda r: r.get("/test/sum", decimals="float")).status == 422


def test_decimals_are_written_without_exponent_and_trailing_zeros() -> None:
    """Equal numbers have equal texts, however they were reckoned."""
    sums = [Sum(some_usd=Decimal(text)) for text in ("0E+1", "1E+3", "37.1310", "-0.0", "1E-7")]
    assert [json_of(each, Decimals.STRING) for each in sums] == [
        b'{"someUsd":"%s"}' % text for text in (b"0", b"1000", b"37.131", b"0", b"0.0000001")
    ]


def test_what_did_not_change_is_not_sent_again() -> None:
    """Who names what he has gets 304 and nothing, also where it came packed; another answer has another tag."""

    async def story(r: ApiRoom) -> None:
        first = await r.get("/api/settings")
        tag = first.headers["etag"]
        for given in (tag, f'"other", {tag}', tag.removeprefix("W/"), "*"):
            again = await r.get("/api/settings", {"if-none-match": given})
            assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
        assert (await r.get("/api/settings", {"if-none-match": '"other"'})).status == 200
        await r.tell(settings(bot_policy("a")))
        assert (await r.get("/api/settings", {"if-none-match": tag})).status == 200

    in_room(story)


def test_head_is_get_without_its_body() -> None:
    """The headers are the same."""

    async def story(r: ApiRoom) -> None:
        got, head = await r.get("/api/settings"), await r.send("HEAD", "/api/settings")
        assert (head.status, head.body, dict(head.headers)) == (200, b"", dict(got.headers))

    in_room(story)


def test_large_answers_are_packed_for_who_wants_that() -> None:
    """From a kilobyte on."""

    async def story(r: ApiRoom) -> None:
        await r.tell(settings(*(bot_policy(f"b{n}", n + 1) for n in range(9))))
        plain = await r.get("/api/settings")
        packed = await r.get("/api/settings", {"accept-encoding": "gzip"})
        assert packed.headers["content-encoding"] == "gzip"
        assert gzip.decompress(packed.body) == plain.body
        assert packed.headers["etag"] == plain.headers["etag"]
        assert "content-encoding" not in (await r.get("/test/sum", {"accept-encoding": "gzip"})).headers

    in_room(story, room())


@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [
        ("/api/nothing", 404, "There is nothing at /api/nothing: /openapi.json tells what there is"),
        ("/test/raise/invalid", 400, "a page of 0"),
        ("/test/raise/away", 503, "The database does not answer at the moment: try again"),
        ("/test/raise/outdated", 503, "The database cannot be used: the log and `fadearena doctor` say why"),
    ],
)
def test_errors_are_problems_that_say_what_to_do(path: str, status: int, sentence: str) -> None:
    """RFC 9457 with `error` beside it, and nothing that only we should see."""
    found = asked(lambda r: r.get(path))
    assert (found.status, found.media_type) == (status, MEDIA_TYPE)
    assert found.json["detail"] == found.json["error"] == sentence
    assert found.json["status"] == status
    assert found.headers["cache-control"] == "no-store"


def test_a_mistake_of_ours_shows_nothing_of_itself() -> None:
    """It is 500 without a trace; the log has the trace."""
    with capture_logs() as lines:
        found = asked(lambda r: r.get("/test/raise/mistake"))
    assert (found.status, found.media_type) == (500, MEDIA_TYPE)
    assert b"secret" not in found.body
    assert [(line["event"], line["path"]) for line in lines] == [("request_failed", "/test/raise/mistake")]
    assert isinstance(lines[0]["exc_info"], KeyError)


def test_a_method_that_is_not_there_is_named() -> None:
    """With those that are."""
    found = asked(lambda r: r.send("PUT", "/api/state"))
    assert (found.status, found.headers["allow"]) == (405, "GET")
    assert found.json["detail"] == "PUT is not possible at /api/state: use GET"


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({"items": [{"usd": "1"}, {"usd": "x"}]}, "items[1].usd"),
        ({"items": [{"usd": "1", "eur": 2}]}, "items[0].eur"),
        ({}, "items"),
        (b"{", ""),
        ({"items": [{"usd": "1e400"}]}, "items[0].usd"),
        (b'{"items": [{"usd": NaN}]}', "items[0].usd"),
    ],
)
def test_what_is_wrong_is_named_as_it_was_written(content: object, field: str) -> None:
    """Every field that is wrong, with what is wrong with it."""
    found = asked(lambda r: r.send("POST", "/test/items", content))
    assert (found.status, found.media_type) == (422, MEDIA_TYPE)
    assert [error["field"] for error in found.json["errors"]] == [field]
    assert all(error["message"] for error in found.json["errors"])


def test_a_parameter_that_is_wrong_is_named() -> None:
    """By its name outside."""
    found = asked(lambda r: r.get("/api/trades", startTime="x", limit=0))
    assert [error["field"] for error in found.json["errors"]] == ["limit", "startTime"]


@pytest.mark.parametrize(("role", "status"), [(None, 401), (Role.VIEWER, 200)])
def test_who_shows_nothing_may_not_look(role: Role | None, status: int) -> None:
    """The base endpoints need a viewer."""

    async def story(r: ApiRoom) -> None:
        for path in ("state", "models", "trades", "equity", "settings"):
            assert (await r.get(f"/api/{path}")).status == status

    in_room(story, api_room(role=role))


def test_health_says_that_the_database_is_down() -> None:
    """503, and what nobody can say is unknown."""

    class Away(MemorySightings):
        async def sight(self) -> Sight | None:
            raise StorageUnavailable("it is away")

    made = api_room(behind=Behind(sightings=Away()))

    async def story(r: ApiRoom) -> None:
        found = await r.get("/api/health")
        assert (found.status, found.json["status"]) == (503, "unhealthy")
        checks = found.json["checks"]
        assert [checks[name]["status"] for name in ("database", "hyperliquid", "worker")] == [
            "down",
            "unknown",
            "unknown",
        ]

    in_room(story, made)


def test_a_cursor_names_the_last_record_of_a_full_page() -> None:
    """A short page is the last one; what is no cursor is refused."""
    cursor = cursor_after([9, 8, 7], 3)
    assert cursor is not None
    assert (before_of(cursor), cut_of(cursor, 3)) == (7, Cut(before=7, limit=3))
    assert (cursor_after([9, 8], 3), before_of(None)) == (None, None)


@pytest.mark.parametrize("cursor", ["7", "", "ä", "cjA=", "cng=", "cjExMTExMTExMTExMTExMTExMTExMTExMTE="])
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    """With what to do instead."""
    found = asked(lambda r: r.get("/api/decisions", cursor=cursor))
    assert (found.status, "take `nextCursor`" in found.json["detail"]) == (400, True)
