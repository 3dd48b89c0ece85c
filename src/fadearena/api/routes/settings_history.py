"""`GET /api/settings/history`: who changed which settings, when, field by field."""

from collections.abc import Sequence
from typing import Final

from fastapi import APIRouter, Request, Response

from fadearena.api.answers import answer
from fadearena.api.callers import Viewer
from fadearena.api.doors import Doors, Windows
from fadearena.api.errors import declared
from fadearena.api.paging import Cursor, Limit, cursor_after, cut_of
from fadearena.api.schemas.history import FieldChangeShape, SettingsHistoryShape, SettingsStepShape
from fadearena.model.changes import Fields, differences, fields_after
from fadearena.model.record import SettingsChange
from fadearena.ports.archive import PAGE_MAX, Cut, SettingsStep

router = APIRouter(tags=["settings"])
_BACK_MAX: Final = 20
"""So many pages are read behind the one that is shown, to find settings that were set as a whole."""


@router.get(
    "/api/settings/history",
    operation_id="getSettingsHistory",
    summary="Changes of the settings, field by field",
    response_model=SettingsHistoryShape,
    responses=declared(400),
)
async def get_settings_history(
    request: Request, _caller: Viewer, doors: Windows, cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """Answer with a page of changes."""
    found = await doors.archive.settings_history(cut_of(cursor, limit))
    before = await _before(doors, found[-1].record_seq) if found else {}
    page = SettingsHistoryShape(
        history=tuple(_shapes(before, found)),
        next_cursor=cursor_after([step.record_seq for step in found], limit),
    )
    return answer(request, page)


async def _before(doors: Doors, record_seq: int) -> Fields:
    """Return every field as it was before a record; nothing where that is not known, or there was nothing."""
    since: list[SettingsStep] = []
    before = record_seq
    for _ in range(_BACK_MAX):
        part = await doors.archive.settings_history(Cut(before=before, limit=PAGE_MAX))
        for step in part:
            since.append(step)
            if step.bots is None:
                return _fold(since)
        if len(part) < PAGE_MAX:
            break
        before = part[-1].record_seq
    return {}


def _fold(newest_first: Sequence[SettingsStep]) -> Fields:
    fields: Fields = {}
    for step in reversed(newest_first):
        fields = _after(fields, step)
    return fields


def _after(before: Fields, step: SettingsStep) -> Fields:
    """Return every field after a change; a change of bots alone says nothing where the rest is not known."""
    if step.bots is not None:
        return fields_after(before, step.bots) if before else {}
    return fields_after(before, SettingsChange(version=step.version, actor=step.actor, policy=step.policy))


def _shapes(before: Fields, newest_first: Sequence[SettingsStep]) -> list[SettingsStepShape]:
    shapes: list[SettingsStepShape] = []
    for step in reversed(newest_first):
        after = _after(before, step)
        changes = _changes(before, after) if before and after else None
        shapes.append(
            SettingsStepShape(
                seq=step.record_seq,
                timestamp=step.time,
                version=step.version,
                actor=step.actor,
                changes=changes,
            )
        )
        before = after
    return shapes[::-1]


def _changes(before: Fields, after: Fields) -> tuple[FieldChangeShape, ...]:
    found = differences(before, after)
    return tuple(FieldChangeShape(field=name, before=old, after=new) for name, (old, new) in found.items())
