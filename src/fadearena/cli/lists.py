"""
Lists of bots in files, as people and programs write them.

1. A text has an address on each line, and behind it, where there is one, the bot's name.
2. CSV has a header: `address` (or `wallet`, `walletAddress`), `id`, `name`, and any field of a bot.
3. JSON is what `bots list --json` prints, or a list of such bots or of addresses, or one of them on each line.
4. Blank lines and those that begin with # are comments, in texts and CSV. An empty cell says nothing.
5. A line that cannot be used is named with its reason, and takes no other with it. A column that nobody knows makes the
   whole list unusable: what it was to set would be missing everywhere.
"""

import csv
import difflib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec

from fadearena.kit.log import masked
from fadearena.model.error import InvalidInput
from fadearena.model.ids import Address, BotId
from fadearena.model.policy import BotPolicy
from fadearena.model.policy.form import form_of, rows_of
from fadearena.model.typed import typed_address

BYTES_MAX = 64 * 1024 * 1024
FIGURES = ("rank", "accountValue", "pnl", "roi", "turnover")
"""Columns that `bots discover` writes for people to look at."""
_SHOWN = frozenset({"", *FIGURES, "state", "performance", "sighting"})
_WALLET = frozenset({"address", "wallet", "walletaddress"})
_FIELDS = [name for name, _ in rows_of(form_of(BotPolicy(id="", name="", wallet="")))]
_NAMES = {name.lower(): name for name in (*_FIELDS, "coins", *_SHOWN)}
_LONGEST = 200
_DELIMITERS = ",;\t"
_DECODER = msgspec.json.Decoder(float_hook=str)  # a number as it is written: money is no float


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A bot of a list: `is_enabled` as the list has it; `fields` are KEY=VALUE texts."""

    line: int
    wallet: Address
    id: BotId | None = None
    name: str | None = None
    is_enabled: bool | None = None
    fields: tuple[str, ...] = ()


class BadLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line that was left out."""

    file: str
    line: int
    reason: str


class _Document(msgspec.Struct, frozen=True):
    """What `bots list --json` prints."""

    bots: list[msgspec.Raw]


class BotList(msgspec.Struct, kw_only=True):
    """What a file lists, and what of it cannot be read."""

    file: str
    listed: list[Listed] = []
    bad: list[BadLine] = []

    def leave_out(self, line: int, reason: object) -> None:
        """Note a line that cannot be used."""
        self.bad.append(BadLine(file=self.file, line=line, reason=masked(str(reason))[:_LONGEST]))


def read_list(file: Path) -> BotList:
    """
    Read a list.

    Raises:
        InvalidInput: The file cannot be read, is too large, lists nothing, or has a column that nobody knows.
    """
    text = _text_of(file)
    found = BotList(file=str(file))
    first = next((line for _, line in _lines(text)), "")
    if not first:
        raise InvalidInput(f"{file} lists nothing: an address on each line is enough")
    if first.lstrip()[0] in "[{":
        _read_json(text, found)
    elif (header := _header(first)) is not None:
        _read_csv(text, header, found)
    else:
        _each(_lines(text), _from_text, found)
    return found


def _text_of(file: Path) -> str:
    try:
        if file.stat().st_size > BYTES_MAX:
            raise InvalidInput(f"{file} is larger than {BYTES_MAX} bytes: this is no list of bots")
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{file} is no text in UTF-8 ({error.reason} at byte {error.start})") from error


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Iterate over lines that say something, counted from 1; a tab at their ends is an empty cell."""
    for n, line in enumerate(text.split("\n"), 1):
        said = line.strip(" \r")
        if said.strip() and not said.startswith("#"):
            yield n, said


def _each(lines: Iterable[tuple[int, str]], read: Callable[[int, str], Listed], found: BotList) -> None:
    for n, line in lines:
        try:
            found.listed.append(read(n, line))
        except InvalidInput as error:
            found.leave_out(n, error)


def _from_text(line: int, text: str) -> Listed:
    wallet, *rest = text.replace(",", " ", 1).split(maxsplit=1)
    name = rest[0].strip() if rest and not rest[0].startswith("#") else None
    return Listed(line=line, wallet=typed_address(wallet), name=name and _shown(name))


def _shown(name: str) -> str:
    if not name.isprintable():
        raise InvalidInput(f"its name {name!r} has characters that cannot be shown")
    return name


def _header(first: str) -> tuple[str, ...] | None:
    """Return the delimiter and the columns that a first line names; None where it is a line like all others."""
    delimiter = max(_DELIMITERS, key=first.count)
    try:
        cells = _cells(first, delimiter)
    except InvalidInput:
        return None
    return (delimiter, *cells) if any(cell.lower() in _WALLET for cell in cells) else None


def _read_csv(text: str, header: tuple[str, ...], found: BotList) -> None:
    """Read line by line, so that a quote that is not closed swallows no other line."""
    delimiter, *cells = header
    columns = [_canonical(cell) for cell in cells]
    if twice := sorted({column for column in columns if column and columns.count(column) > 1}):
        raise InvalidInput(f"{found.file} has two columns {', '.join(twice)}: nobody can tell which one counts")

    def read(line: int, row: str) -> Listed:
        cells = _cells(row, delimiter)
        if len(cells) > len(columns):
            raise InvalidInput(f"it has {len(cells)} cells for {len(columns)} columns")
        return _listed(line, {name: cell for name, cell in zip(columns, cells, strict=False) if cell})

    lines = _lines(text)
    next(lines)
    _each(lines, read, found)


def _cells(row: str, delimiter: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([row], delimiter=delimiter, strict=True))]
    except csv.Error as error:
        raise InvalidInput(f"it cannot be read as CSV ({error})") from None


def _read_json(text: str, found: BotList) -> None:
    """Read one document, or one on each line; rows of a document are told by their place in it, too."""
    rows = _rows(text)
    if rows is None:
        _each(_lines(text), lambda line, row: _from_json(line, row.encode()), found)
        return
    data, counted, at, line = text.encode(), 0, 0, 1
    for n, row in enumerate(map(bytes, rows), 1):
        begins = data.find(row, at)
        line += data.count(b"\n", counted, begins)
        counted, at = begins, begins + len(row)
        try:
            found.listed.append(_from_json(line, row))
        except InvalidInput as error:
            found.leave_out(line, f"bot {n}: {error}")


def _rows(text: str) -> list[msgspec.Raw] | None:
    """Return the rows of a document; None where the text is none."""
    try:
        return msgspec.json.decode(text, type=list[msgspec.Raw])
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        pass
    try:
        return msgspec.json.decode(text, type=_Document).bots
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return None


def _from_json(line: int, data: bytes) -> Listed:
    try:
        row = _DECODER.decode(data)
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        raise InvalidInput(f"it cannot be read as JSON ({error})") from None
    match row:
        case str():
            return Listed(line=line, wallet=typed_address(row))
        case dict():
            told = {_canonical(key): value for key, value in row.items()}
            texts = dict(rows_of({name: value for name, value in told.items() if _says(name, value)}))
            if texts.get("coins.allow") == "":
                raise InvalidInput("coins.allow names no coin: leave it away to permit all")
            return _listed(line, texts)
        case _:
            raise InvalidInput("it is neither an address nor a bot")


def _says(name: str, value: object) -> bool:
    """Tell whether a field says something: null is no limit, and nothing for what a bot cannot do without."""
    return name not in _SHOWN and not (value is None and name in {"id", "name", "enabled"})


def _listed(line: int, cells: dict[str, str]) -> Listed:
    """Return a bot from its fields by their names."""
    told = {name: text for name, text in cells.items() if name not in _SHOWN}
    if "walletAddress" not in told:
        raise InvalidInput("it has no address")
    wallet, name, enabled = typed_address(told.pop("walletAddress")), told.pop("name", None), told.pop("enabled", None)
    return Listed(
        line=line,
        wallet=wallet,
        id=told.pop("id", None),
        name=name and _shown(name),
        is_enabled=None if enabled is None else _switch(enabled),
        fields=tuple(f"{name}={text}" for name, text in told.items()),
    )


def _switch(text: str) -> bool:
    try:
        return msgspec.convert(text.lower(), bool, strict=False)
    except msgspec.ValidationError:
        raise InvalidInput(f"enabled is true or false, not {text!r}") from None


def _canonical(column: str) -> str:
    """
    Return a column's or field's name as we write it.

    Raises:
        InvalidInput: Nobody knows it.
    """
    if column.lower() in _WALLET:
        return "walletAddress"
    if column.lower() in _NAMES:
        return _NAMES[column.lower()]
    near = difflib.get_close_matches(column, _NAMES.values(), n=1, cutoff=0)[0]
    raise InvalidInput(f"{column!r} is no field of a bot: the nearest is {near}")
