"""
Recorded fills of a wallet, read from a file.

1. One fill a line (JSON Lines), plain or gzip. How a line is written is the vendor's matter: the caller
   passes `decode`, which reads one line or says in one sentence what is wrong with it.
2. A bad line is collected and left out; a bad file (missing, empty, torn, in mixed order) is an error.
3. Oldest first and newest first are both common; which it is is detected. Newest-first answers exist with and
   without the fills of one millisecond turned around, too: there the `startPosition` chain tells.
4. Consecutive fills of one millisecond are one message, as the venue sends them.
"""

import gzip
import zlib
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypeAlias, cast

import msgspec

from fadearena.model.error import InvalidInput
from fadearena.model.ids import Address, Coin
from fadearena.model.units import EpochMs, Size
from fadearena.model.wallet import SourceFill

MAX_LINE_BYTES = 65_536
_GZIP_MAGIC = b"\x1f\x8b"

Decode: TypeAlias = Callable[[bytes, Address], SourceFill]
"""Reads one line of a wallet's fills; raises `InvalidInput` with one sentence."""
Message: TypeAlias = tuple[SourceFill, ...]


class BadLine(NamedTuple):
    """A line that was left out, and why."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """What a file holds of one wallet: messages, oldest first, and the lines that could not be read."""

    wallet: Address
    messages: tuple[Message, ...]
    bad_lines: tuple[BadLine, ...] = ()

    def fills(self) -> Iterator[SourceFill]:
        """Iterate over all fills, oldest first."""
        return (fill for message in self.messages for fill in message)


def read_recording(file: Path, wallet: Address, decode: Decode) -> Recording:
    """
    Read a file of recorded fills.

    Args:
        file: JSON Lines, plain or gzip, oldest or newest first.
        wallet: Whose fills they are.
        decode: Reads one line.

    Raises:
        InvalidInput: The file is missing, cannot be read, is empty, is torn, or is in mixed order.
    """
    good: list[tuple[int, SourceFill]] = []
    bad: list[BadLine] = []
    for number, line in _lines(file):
        if line is None:
            bad.append(BadLine(str(file), number, f"the line is longer than {MAX_LINE_BYTES} bytes"))
            continue
        try:
            good.append((number, decode(line, wallet)))
        except InvalidInput as error:
            bad.append(BadLine(str(file), number, str(error)))
    if not good and not bad:
        raise InvalidInput(f"{file} is empty: give a file with one fill (a JSON object) on each line")
    return Recording(wallet=wallet, messages=messages_of(_oldest_first(file, good)), bad_lines=tuple(bad))


def named_owner(file: Path, owner: Callable[[bytes], Address | None]) -> Address | None:
    """Return the wallet that a file's first line names as its owner; None where it names none."""
    first = next((line for _, line in _lines(file)), None)
    return None if first is None else owner(first)


def messages_of(fills: list[SourceFill]) -> tuple[Message, ...]:
    """Group fills, oldest first, into messages: consecutive fills of the same millisecond belong together."""
    return tuple(tuple(group) for _, group in groupby(fills, key=lambda fill: fill.time))


def _oldest_first(file: Path, numbered: list[tuple[int, SourceFill]]) -> list[SourceFill]:
    ascending: bool | None = None
    before: EpochMs | None = None
    for number, fill in numbered:
        if before is not None and fill.time != before:
            if ascending is None:
                ascending = fill.time > before
            elif ascending is not (fill.time > before):
                began = "oldest" if ascending else "newest"
                raise InvalidInput(
                    f"{file}:{number}: time {fill.time} stands after {before}, but the file began {began} "
                    "first: sort it by time, keeping the order inside a millisecond"
                )
        before = fill.time
    listed = [fill for _, fill in numbered]
    if ascending is not False:
        return listed
    turned = listed[::-1]
    kept = [fill for message in messages_of(turned) for fill in reversed(message)]
    return max(turned, kept, key=_links)


def _links(fills: list[SourceFill]) -> int:
    """Count the fills that begin where the coin's last one ended."""
    ends: dict[Coin, Size] = {}
    count = 0
    for fill in fills:
        if fill.start_position is not None:
            count += ends.get(fill.coin) == fill.start_position
            ends[fill.coin] = fill.start_position + fill.change
    return count


def _lines(file: Path) -> Iterator[tuple[int, bytes | None]]:
    """Yield every line that is not blank with its number; None in place of a line that is too long."""
    try:
        with _open(file) as stream:
            number = 0
            while chunk := stream.readline(MAX_LINE_BYTES + 1):
                number += 1
                is_whole = chunk.endswith(b"\n") or len(chunk) <= MAX_LINE_BYTES
                if number == 1 and chunk.lstrip().startswith(b"["):
                    raise InvalidInput(
                        f"{file} holds a JSON array: put one fill on each line, for example with jq -c '.[]'"
                    )
                if not is_whole:
                    while (rest := stream.readline(MAX_LINE_BYTES)) and not rest.endswith(b"\n"):
                        pass
                if chunk.strip():
                    yield number, chunk if is_whole else None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InvalidInput(f"{file} is a damaged gzip file ({error}): fetch or compress it again") from error
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read ({error.strerror or error}): give an existing file") from error


def _open(file: Path) -> BinaryIO:
    with file.open("rb") as stream:
        is_gzip = stream.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
    if is_gzip:
        return cast("BinaryIO", gzip.open(file, "rb"))
    if file.suffix == ".gz":
        raise InvalidInput(f"{file} is not a gzip file although its name ends in .gz: compress or rename it")
    return file.open("rb")
