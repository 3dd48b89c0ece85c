"""The bytes of an action that are hashed: MessagePack in its shortest form, absent keys left out."""

from collections.abc import Iterator, Mapping, Sequence

_FIXMAP, _FIXARRAY, _FIXSTR = 0x80, 0x90, 0xA0
_SMALL, _SHORT = 16, 32
_POSITIVE_FIX, _NEGATIVE_FIX = 0x7F, -0x20
_UNSIGNED = ((0xCC, 1), (0xCD, 2), (0xCE, 4), (0xCF, 8))
_SIGNED = ((0xD0, 1), (0xD1, 2), (0xD2, 4), (0xD3, 8))
_STRINGS = ((0xD9, 1), (0xDA, 2), (0xDB, 4))
_ARRAYS = ((0xDC, 2), (0xDD, 4))
_MAPS = ((0xDE, 2), (0xDF, 4))

_Widths = tuple[tuple[int, int], ...]


def packed(value: object) -> bytes:
    """
    Pack a mapping, with its keys in the order in which it has them; keys whose value is None are left out.

    Raises:
        TypeError: Something in it is neither mapping, sequence, text, whole number nor truth value.
        OverflowError: A number has more than 64 bits.
    """
    return b"".join(_pieces(value))


def _pieces(value: object) -> Iterator[bytes]:
    match value:
        case bool():
            yield b"\xc3" if value else b"\xc2"
        case int():
            yield _number(value)
        case str():
            text = value.encode()
            yield _head(len(text), _FIXSTR, _SHORT, _STRINGS)
            yield text
        case Mapping():
            kept = [(key, inner) for key, inner in value.items() if inner is not None]
            yield _head(len(kept), _FIXMAP, _SMALL, _MAPS)
            for key, inner in kept:
                yield from _pieces(key)
                yield from _pieces(inner)
        case Sequence():
            yield _head(len(value), _FIXARRAY, _SMALL, _ARRAYS)
            for inner in value:
                yield from _pieces(inner)
        case _:
            raise TypeError(f"{type(value).__name__} cannot stand in an action")


def _number(value: int) -> bytes:
    if _NEGATIVE_FIX <= value <= _POSITIVE_FIX:
        return (value & 0xFF).to_bytes(1, "big")
    signed = value < 0
    for mark, width in _SIGNED if signed else _UNSIGNED:
        if -(1 << 8 * width - 1) <= value < 1 << 8 * width:
            return bytes((mark,)) + value.to_bytes(width, "big", signed=signed)
    raise OverflowError(f"{value} has more than 64 bits")


def _head(count: int, fixed: int, below: int, widths: _Widths) -> bytes:
    if count < below:
        return bytes((fixed | count,))
    for mark, width in widths:
        if count < 1 << 8 * width:
            return bytes((mark,)) + count.to_bytes(width, "big")
    raise OverflowError(f"{count} parts are too many")
