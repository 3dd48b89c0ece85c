"""
`GET /api/audit`: who did what, or tried to: requests of the API, and orders to the worker from wherever they came.

Both have numbers of their own; a cursor holds the last one of each that was shown.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from heapq import merge
from itertools import islice
from typing import Final, TypeAlias

from fastapi import APIRouter, Request, Response

from fadearena.api.answers import answer
from fadearena.api.callers import Viewer
from fadearena.api.doors import Windows
from fadearena.api.errors import Problem, declared
from fadearena.api.paging import Cursor, Limit
from fadearena.api.schemas.audit import AuditPageShape, AuditShape
from fadearena.ports.access import AccessEntry
from fadearena.ports.control import ControlEntry

router = APIRouter(tags=["system"])
_TAG: Final = b"a"
_DIGITS: Final = 18
_FIRST: Final = (None, None)

Start: TypeAlias = tuple[int, int] | tuple[None, None]
"""Below which request and which command a page lies; None is the newest of them."""
Done: TypeAlias = AccessEntry | ControlEntry


@router.get(
    "/api/audit",
    operation_id="getAudit",
    summary="Who did what, or tried to",
    response_model=AuditPageShape,
    responses=declared(400),
)
async def get_audit(
    request: Request, _caller: Viewer, doors: Windows, cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """Answer with a page of what was done."""
    start = _start_of(cursor)
    requests = await doors.access.notes(start[0], limit)
    commands = await doors.control.entries(start[1], limit)
    both: tuple[Sequence[Done], Sequence[Done]] = requests, commands
    done = tuple(islice(merge(*both, key=_newest_first), limit))
    shapes = tuple(AuditShape.of_request(e) if isinstance(e, AccessEntry) else AuditShape.of_command(e) for e in done)
    return answer(
        request, AuditPageShape(entries=shapes, next_cursor=_cursor_after(_behind(start, both, done), done, limit))
    )


def _newest_first(done: Done) -> int:
    return -(done.time if isinstance(done, AccessEntry) else done.created)


def _start_of(cursor: str | None) -> Start:
    """
    Return where a page begins.

    Raises:
        Problem: 400, it is no cursor of ours.
    """
    if cursor is None:
        return _FIRST
    try:
        text = urlsafe_b64decode(cursor.encode("ascii"))
    except ValueError:
        text = b""
    parts = text.removeprefix(_TAG).split(b".")
    is_ours = text.startswith(_TAG) and len(parts) == len(_FIRST)
    if not is_ours or not all(part.isdigit() and len(part) <= _DIGITS for part in parts):
        raise Problem(400, "cursor is none that a page gave: take `nextCursor` of the page before, or leave it out")
    request, command = map(int, parts)
    return request, command


def _behind(start: Start, found: tuple[Sequence[Done], Sequence[Done]], done: Sequence[Done]) -> tuple[int, int]:
    """Return below which request and which command the next page lies; what came since this one is in neither."""
    requests, commands = (
        min([entry.id for entry in kind if entry in done], default=before or (kind[0].id + 1 if kind else 1))
        for kind, before in zip(found, start, strict=True)
    )
    return requests, commands


def _cursor_after(behind: tuple[int, int], done: Sequence[Done], limit: int) -> str | None:
    """Return the cursor behind a page; None where a short page says that it is the last."""
    if len(done) < limit:
        return None
    return urlsafe_b64encode(_TAG + b".".join(str(number).encode() for number in behind)).decode("ascii")
