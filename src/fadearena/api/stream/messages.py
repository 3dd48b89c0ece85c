"""
Messages of the server: `{"type", "seq", "timestamp", "data"}`, each written once for all who get it.

1. A record is one message, whose `seq` is the record's. `hello`, `heartbeat`, `state-update`, `marks` and `error`
   carry the last seq that came before them.
2. A change of the settings is shown as the settings in force when the message is written.
"""

from collections.abc import Sequence
from typing import Any, Final, get_args

import msgspec

from fadearena.api.answers import Decimals, with_texts
from fadearena.api.records import form_of_record
from fadearena.model.record import BotsChange, Record, SettingsChange
from fadearena.model.units import EpochMs
from fadearena.ports.read_store import LoggedRecord

SETTINGS: Final = "settings-update"
STATE: Final = "state-update"
MARKS: Final = "marks"
HELLO: Final = "hello"
HEARTBEAT: Final = "heartbeat"
ERROR: Final = "error"

_TAGS: Final = tuple(str(kind.__struct_config__.tag) for kind in get_args(Record))
_OTHERS: Final = {"my-fill": "my-trade", "settings-change": SETTINGS, "bots-change": SETTINGS}
TYPE_OF: Final = {tag: _OTHERS.get(tag, tag) for tag in _TAGS}
"""The type of message that each kind of record is sent under."""
CHANNELS: Final = frozenset(TYPE_OF.values()) | {STATE, MARKS, HELLO, HEARTBEAT, ERROR}
"""What may be subscribed to; `hello`, `heartbeat` and `error` come in any case."""

_NUMBERS: Final = msgspec.json.Encoder(decimal_format="number")


class Message:
    """What is sent. `texts` are its forms, each written when somebody asks for it first."""

    __slots__ = ("_body", "_texts", "seq", "time", "type")

    def __init__(self, kind: str, seq: int, time: EpochMs, data: object) -> None:
        self.type = kind
        self.seq = seq
        self.time = time
        self._body = {"type": kind, "seq": seq, "timestamp": time, "data": data}
        self._texts: dict[Decimals, str] = {}

    def text(self, decimals: Decimals) -> str:
        """Return the message as it is sent."""
        found = self._texts.get(decimals)
        if found is None:
            body = with_texts(self._body) if decimals is Decimals.STRING else self._body
            found = self._texts[decimals] = _NUMBERS.encode(body).decode()
        return found

    def at(self, seq: int) -> "Message":
        """Return the same message after another record."""
        return Message(self.type, seq, self.time, self._body["data"])


def changes_settings(page: Sequence[LoggedRecord]) -> bool:
    """Tell whether the settings are shown in one of the messages of these records."""
    return any(isinstance(logged.record, SettingsChange | BotsChange) for logged in page)


def message_of(logged: LoggedRecord, settings: dict[str, Any] | None, *, simulated: bool) -> Message:
    """Return the message of a record; `settings` are those in force, where the record changed them."""
    kind = TYPE_OF[str(logged.record.__struct_config__.tag)]
    data = settings if kind == SETTINGS else form_of_record(logged, simulated=simulated)
    return Message(kind, logged.record_seq, logged.time, data)


def tags_of(channels: frozenset[str]) -> tuple[str, ...]:
    """Return the kinds of records that are sent under these channels."""
    return tuple(tag for tag, kind in TYPE_OF.items() if kind in channels)
