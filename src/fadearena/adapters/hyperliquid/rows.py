"""Rows of messages, one by one: a row that cannot be read is told as such, and the others go on."""

from collections.abc import Callable, Iterable
from typing import TypeVar

import msgspec

from fadearena.adapters.hyperliquid import wire
from fadearena.model.error import VenueProtocolError
from fadearena.model.event import InputRejected
from fadearena.model.ids import Address

Row = TypeVar("Row")
Made = TypeVar("Made")
UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError)
"""What decoding raises on a text that is no JSON of its form."""
_EXCERPT = 500
_FILLS = msgspec.json.Decoder(wire.UserFills)
_SLICES = msgspec.json.Decoder(wire.UserTwapSliceFills)
_FILL = msgspec.json.Decoder(wire.Fill)
_SLICE = msgspec.json.Decoder(wire.TwapSliceFill)


class FillRows(msgspec.Struct, frozen=True):
    """The fills of one message of one user, and what of it could not be read."""

    user: Address
    is_snapshot: bool
    fills: tuple[wire.Fill, ...]
    rejected: tuple[InputRejected, ...] = ()


class _Raw(msgspec.Struct, frozen=True):
    user: str
    fills: tuple[msgspec.Raw, ...] = ()
    twapSliceFills: tuple[msgspec.Raw, ...] = ()  # noqa: N815 - the exchange's name
    isSnapshot: bool = False  # noqa: N815 - the exchange's name


_RAW = msgspec.json.Decoder(_Raw)


def fill_rows(data: msgspec.Raw) -> FillRows:
    """
    Return the fills of a message of `userFills`.

    Raises:
        VenueProtocolError: It is no such message, or does not say whose it is.
    """
    try:
        message = _FILLS.decode(data)
    except UNREADABLE:
        raw = _raw(data)
        fills, rejected = readable(raw.fills, _FILL.decode)
        return FillRows(raw.user.lower(), raw.isSnapshot, tuple(fills), tuple(rejected))
    return FillRows(message.user.lower(), message.isSnapshot is True, message.fills)


def slice_rows(data: msgspec.Raw) -> FillRows:
    """
    Return the fills of a message of `userTwapSliceFills`, each with the number of its TWAP.

    Raises:
        VenueProtocolError: It is no such message, or does not say whose it is.
    """
    rejected: list[InputRejected] = []
    try:
        message = _SLICES.decode(data)
        user, is_snapshot, slices = message.user, message.isSnapshot is True, list(message.twapSliceFills)
    except UNREADABLE:
        raw = _raw(data)
        user, is_snapshot = raw.user, raw.isSnapshot
        slices, rejected = readable(raw.twapSliceFills, _SLICE.decode)
    fills = tuple(msgspec.structs.replace(each.fill, twapId=each.twapId) for each in slices)
    return FillRows(user.lower(), is_snapshot, fills, tuple(rejected))


def readable(rows: Iterable[Row], make: Callable[[Row], Made]) -> tuple[list[Made], list[InputRejected]]:
    """Return what can be made of rows, and those of which nothing can."""
    made: list[Made] = []
    rejected: list[InputRejected] = []
    for row in rows:
        try:
            made.append(make(row))
        except (VenueProtocolError, *UNREADABLE) as error:
            text = bytes(row) if isinstance(row, msgspec.Raw) else msgspec.json.encode(row)
            rejected.append(rejection(text, error))
    return made, rejected


def unreadable_fills(rows: Iterable[msgspec.Raw]) -> list[InputRejected]:
    """Return what is told of rows that are no fills."""
    return readable(rows, _FILL.decode)[1]


def rejection(text: bytes, error: Exception) -> InputRejected:
    """Return what is told of a text that cannot be read."""
    excerpt = text[:_EXCERPT].decode(errors="replace")
    return InputRejected(time=0, received=0, source="hyperliquid", error=str(error), excerpt=excerpt)


def _raw(data: msgspec.Raw) -> _Raw:
    try:
        return _RAW.decode(data)
    except UNREADABLE as error:
        raise VenueProtocolError(f"not a message of a user's fills: {error}") from error
