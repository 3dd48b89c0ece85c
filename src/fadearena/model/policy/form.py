"""Settings as they are written outside, in files, on the command line and on the wire: one name for each field."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec

from fadearena.kit.decimals import plain

_SPECIAL = {"wallet": "walletAddress"}


def camel(name: str) -> str:
    """Return a field's name as it is written outside."""
    if name in _SPECIAL:
        return _SPECIAL[name]
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def form_of(value: object, *, without: frozenset[str] = frozenset()) -> Any:  # noqa: ANN401 - of the same shape
    """Return a value as JSON has it: camelCase, decimals as texts."""
    match value:
        case msgspec.Struct():
            names = (name for name in value.__struct_fields__ if name not in without)
            return {camel(name): form_of(getattr(value, name)) for name in names}
        case dict():
            return {key: form_of(item) for key, item in value.items()}
        case tuple() | list():
            return [form_of(item) for item in value]
        case Decimal():
            return plain(value)
        case _:
            return value


def rows_of(form: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Iterate over the fields of a form with their values as texts, a list's joined by commas."""
    for name, value in form.items():
        if isinstance(value, dict):
            yield from rows_of(value, f"{prefix}{name}.")
        elif isinstance(value, list):
            yield prefix + name, ",".join(map(str, value))
        else:
            yield prefix + name, _text(value)


def _text(value: Any) -> str:  # noqa: ANN401 - a leaf of a form
    """Return a value as people type it."""
    return str(value).lower() if isinstance(value, bool) else "null" if value is None else str(value)
