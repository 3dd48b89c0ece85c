"""What statuses and bodies of HTTP answers mean, the same for questions and for actions."""

from collections.abc import Callable
from typing import Final, TypeAlias, TypeVar

import msgspec

from fadearena.adapters.hyperliquid.errors import SlowDown
from fadearena.model.error import OutcomeUnknown, VenueProtocolError, VenueRefused

T = TypeVar("T")
Read: TypeAlias = Callable[[bytes], T]
"""Decodes a body, or raises what msgspec raises."""

OK: Final = 200
TOO_MANY: Final = 429
BAD_REQUEST_CODE: Final = "bad-request"
_SHOWN_MAX: Final = 200


def check_status(path: str, status: int, body: bytes) -> None:
    """
    Return where the answer is one of the exchange itself.

    Raises:
        VenueRefused: The request was not understood, and nothing of it was done: the fault is ours.
        SlowDown: The exchange asked us to be slower: like a failure, it proves nothing.
        OutcomeUnknown: The exchange, or what stands before it, failed.
        VenueProtocolError: It is an answer that the exchange does not give.
    """
    if status == OK:
        return
    text = f"{path} answered {status}: {_text_of(body)}"
    if status == TOO_MANY:
        raise SlowDown(f"a request to {path} was one too many for this minute ({status})")
    if status // 100 == 5:  # noqa: PLR2004 - 5xx
        raise OutcomeUnknown(text)
    if status // 100 == 4:  # noqa: PLR2004 - 4xx
        raise VenueRefused(BAD_REQUEST_CODE, text)
    raise VenueProtocolError(text)


def decoded(what: str, read: Read[T], body: bytes) -> T:
    """
    Return what a body holds.

    Raises:
        VenueProtocolError: It cannot be read.
    """
    try:
        return read(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise VenueProtocolError(f"the answer to {what} cannot be read: {error}: {_text_of(body)}") from error


def _text_of(body: bytes) -> str:
    text = body[:_SHOWN_MAX].decode(errors="replace").strip()
    return "no detail" if text in {"", "null"} else text
