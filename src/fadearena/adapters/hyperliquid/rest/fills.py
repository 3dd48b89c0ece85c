"""Rows of fills: by what they are known, and how one that cannot be read does not stop the others."""

from collections.abc import Callable, Hashable, Iterable
from functools import partial
from typing import Generic, TypeAlias, TypeVar

import msgspec

from fadearena.adapters.hyperliquid import wire

Row = TypeVar("Row")
Reject: TypeAlias = Callable[[msgspec.Raw], object]

_RAWS = msgspec.json.Decoder(list[msgspec.Raw])


class Rows(Generic[Row]):
    """Decodes a list of rows: the whole list or nothing, or what can be read of it."""

    def __init__(self, row: type[Row]) -> None:
        self._rows: msgspec.json.Decoder[tuple[Row, ...]] = msgspec.json.Decoder(tuple[row, ...])  # type: ignore[valid-type]
        self._row = msgspec.json.Decoder(row)

    def whole(self, body: bytes) -> tuple[Row, ...]:
        """Decode all rows, or raise what msgspec raises."""
        return self._rows.decode(body)

    def reader(self, reject: Reject | None) -> Callable[[bytes], tuple[Row, ...]]:
        """Return what decodes a list and hands over the rows that cannot be read; without `reject` it is `whole`."""
        return self.whole if reject is None else partial(self._readable, reject)

    def _readable(self, reject: Reject, body: bytes) -> tuple[Row, ...]:
        try:
            return self._rows.decode(body)
        except msgspec.ValidationError:
            read, bad = list[Row](), list[msgspec.Raw]()
            for raw in _RAWS.decode(body):
                try:
                    read.append(self._row.decode(raw))
                except msgspec.ValidationError:
                    bad.append(raw.copy())
            if not read:  # not an odd row, but another form of all
                raise
            for raw in bad:
                reject(raw)
            return tuple(read)


def fill_key(fill: wire.Fill) -> Hashable:
    """Return by what a user's fill is known: both sides of a self-trade bear one `tid`, and old forms bear none."""
    return (fill.time, fill.coin, fill.tid, fill.side) if fill.tid else fill


def fills_of(slices: Iterable[wire.TwapSliceFill]) -> tuple[wire.Fill, ...]:
    """Return the fills of slices of TWAP orders, each with the number of its TWAP."""
    return tuple(msgspec.structs.replace(each.fill, twapId=each.twapId) for each in slices)
