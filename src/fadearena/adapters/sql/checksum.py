"""A checksum over rows, whatever database they came from and in whatever order: equal sums mean equal rows."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from hashlib import blake2b
from typing import Any, Final

import msgspec

from fadearena.kit import decimals

_SIZE: Final = 16
_MODULUS: Final = 1 << (8 * _SIZE)
_ENCODER = msgspec.msgpack.Encoder()


class Checksum:
    """How many rows passed, and the sum of their digests."""

    def __init__(self) -> None:
        self.rows = 0
        self._total = 0

    def take(self, rows: Sequence[Iterable[Any]]) -> None:
        """Let rows pass."""
        self.rows += len(rows)
        for row in rows:
            text = _ENCODER.encode([_plain(value) for value in row])
            self._total += int.from_bytes(blake2b(text, digest_size=_SIZE).digest())

    def __str__(self) -> str:
        return f"{self._total % _MODULUS:032x}"


def _plain(value: object) -> object:
    return decimals.plain(value) if isinstance(value, Decimal) else value
