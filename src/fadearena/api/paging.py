"""
Pages of lists that grow: `?limit=` and an opaque `?cursor=`, which the page before gave as `nextCursor`.

A cursor names the last record that was seen, so that new ones neither repeat nor hide anything.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Annotated, TypeAlias

from fastapi import Query

from fadearena.api.errors import Problem
from fadearena.ports.archive import PAGE_MAX, Cut

Limit = Annotated[int, Query(ge=1, le=PAGE_MAX, description="How many at most.")]
Cursor = Annotated[
    str | None, Query(max_length=64, description="`nextCursor` of the page before; without it the newest are given.")
]
_TAG = b"r"
_DIGITS = 18

PageStart: TypeAlias = int | None


def before_of(cursor: str | None) -> PageStart:
    """
    Return the record's number that a page lies before; None for the newest.

    Raises:
        Problem: 400, it is no cursor of ours.
    """
    if cursor is None:
        return None
    try:
        text = urlsafe_b64decode(cursor.encode("ascii"))
    except ValueError:
        text = b""
    digits = text.removeprefix(_TAG)
    if digits == text or not digits.isdigit() or len(digits) > _DIGITS or int(digits) < 1:
        raise Problem(400, "cursor is none that a page gave: take `nextCursor` of the page before, or leave it out")
    return int(digits)


def cut_of(cursor: str | None, limit: int) -> Cut:
    """
    Return which part of a list is asked for.

    Raises:
        Problem: 400, it is no cursor of ours.
    """
    return Cut(before=before_of(cursor), limit=limit)


def cursor_after(numbers: Sequence[int], limit: int) -> str | None:
    """Return the cursor behind a page of records with these numbers; None where it is short, and so the last."""
    if len(numbers) < limit:
        return None
    return urlsafe_b64encode(_TAG + str(numbers[-1]).encode()).decode("ascii")
