"""Who did what, or tried to: `GET /api/audit`."""

from enum import StrEnum
from typing import Self

import msgspec
from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from fadearena.api.schemas.common import NextCursor, Shape, Time
from fadearena.ports.access import AccessEntry
from fadearena.ports.control import ControlEntry, ControlState

_ENCODER = msgspec.json.Encoder(decimal_format="string")
_LARGE = frozenset({"policy", "put"})


class AuditKind(StrEnum):
    """What kind of thing somebody did."""

    REQUEST = "request"
    COMMAND = "command"


class AuditShape(Shape):
    """Something that somebody did, or tried to do."""

    kind: AuditKind = Field(
        description="`request`: of the API, a login, or a token made; `command`: an order to the worker, from wherever."
    )
    timestamp: Time = Field(description="When, ms UTC.")
    actor: str = Field(description="Who: `api:NAME` by token, `web:ROLE` by session, else a user of this machine.")
    what: str = Field(description="What: `POST /api/kill-switch` of a request, `kill` of a command.")
    address: str | None = Field(description="From which address; null for a command.")
    status: int | None = Field(description="How it was answered, as an HTTP status; null for a command.")
    control_id: int | None = Field(description="Number of the command; null for a request that led to none.")
    state: ControlState | None = Field(description="What became of the command; null for a request.")
    reasons: tuple[str, ...] = Field(description="Why the command was refused; empty where it was not.")
    journal_seq: int | None = Field(
        description="The journal's entry in which it was decided; null before, or for none."
    )
    detail: str = Field(description="More of it; of a command its fields as JSON, without whole settings.")

    @classmethod
    def of_request(cls, entry: AccessEntry) -> Self:
        """Return the shape of a request."""
        return cls(
            kind=AuditKind.REQUEST,
            timestamp=entry.time,
            actor=entry.actor,
            what=entry.what,
            address=entry.address,
            status=entry.status,
            control_id=entry.control_id,
            state=None,
            reasons=(),
            journal_seq=None,
            detail=entry.detail,
        )

    @classmethod
    def of_command(cls, entry: ControlEntry) -> Self:
        """Return the shape of a command."""
        action = entry.action
        fields = {name: value for name, value in msgspec.structs.asdict(action).items() if name not in _LARGE}
        return cls(
            kind=AuditKind.COMMAND,
            timestamp=entry.created,
            actor=entry.actor,
            what=str(action.__struct_config__.tag),
            address=None,
            status=None,
            control_id=entry.id,
            state=entry.state,
            reasons=entry.reasons,
            journal_seq=entry.journal_seq,
            detail=_ENCODER.encode(fields).decode(),
        )


_EXAMPLE: JsonDict = {
    "kind": "command",
    "timestamp": 1767268800000,
    "actor": "api:desk",
    "what": "kill",
    "address": None,
    "status": None,
    "controlId": 1767268800000,
    "state": "accepted",
    "reasons": [],
    "journalSeq": 1812,
    "detail": '{"flatten":false,"bot":null}',
}


class AuditPageShape(Shape):
    """A page of what was done."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"entries": [_EXAMPLE], "nextCursor": None}]})

    entries: tuple[AuditShape, ...] = Field(description="What was done, the newest first.")
    next_cursor: NextCursor
