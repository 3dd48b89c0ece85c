"""
Settings as people type them: the names that they have outside, values as texts.

`slippage.entryBps=60`, `assetExposureCaps.BTC=5000`, `coins.deny=DOGE,XRP`, `dailyLossLimit=null`.
"""

import difflib
import functools
import types
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from fadearena.kit.decimals import parse
from fadearena.model.error import InvalidInput
from fadearena.model.policy.form import camel, form_of

S = TypeVar("S", bound=msgspec.Struct)

_hints = functools.cache(get_type_hints)

_NOTHING = {"null", "none", ""}
_ELSEWHERE = frozenset({"version", "mode", "bots", "accounts"})


def changed(settings: S, assignments: Iterable[str], *, fixed: frozenset[str] = _ELSEWHERE) -> S:
    """
    Return settings with some fields replaced.

    Args:
        settings: What is changed.
        assignments: `KEY=VALUE` texts.
        fixed: Fields that are not changed this way.

    Raises:
        InvalidInput: A text is no assignment, a field is unknown, or a value does not fit its field.
    """
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals or not key:
            raise InvalidInput(f"{assignment!r} is no KEY=VALUE")
        settings = _assigned(settings, key, text.strip(), fixed, key)
    return settings


def _assigned(settings: S, key: str, text: str, fixed: frozenset[str], whole: str) -> S:
    head, dot, rest = key.partition(".")
    names = _names(type(settings), fixed)
    if head not in names:
        near = difflib.get_close_matches(head, names, n=1, cutoff=0)[0]
        raise InvalidInput(f"{whole} cannot be set: the nearest field is {near}")
    name = names[head]
    present = getattr(settings, name)
    if isinstance(present, msgspec.Struct):
        if not dot:
            raise InvalidInput(f"{whole} has fields of its own: {', '.join(f'{head}.{n}' for n in form_of(present))}")
        value: Any = _assigned(present, rest, text, frozenset(), whole)
    elif isinstance(present, dict):
        value = _with_item(present, rest, text, whole)
    elif dot:
        raise InvalidInput(f"{whole} cannot be set: {head} has no fields of its own")
    else:
        value = _value(_hints(type(settings))[name], text, whole)
    return msgspec.structs.replace(settings, **{name: value})


@functools.cache
def _names(kind: type[msgspec.Struct], fixed: frozenset[str]) -> dict[str, str]:
    """Return the fields that can be set by their names outside."""
    return {camel(name): name for name in kind.__struct_fields__ if name not in fixed}


def _with_item(present: dict[str, Any], key: str, text: str, whole: str) -> dict[str, Any]:
    if not key:
        raise InvalidInput(f"{whole} needs a name after a dot, as in {whole}.BTC")
    rest = {name: item for name, item in present.items() if name != key}
    return rest if text.lower() in _NOTHING else {**rest, key: _value(Decimal, text, whole)}


def _value(kind: Any, text: str, whole: str) -> Any:  # noqa: ANN401 - of the field's type
    options = get_args(kind) if get_origin(kind) in {Union, types.UnionType} else (kind,)
    if type(None) in options and text.lower() in _NOTHING:
        return None
    kind = next(option for option in options if option is not type(None))
    if get_origin(kind) is tuple:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    try:
        return parse(text) if kind is Decimal else msgspec.convert(text, kind, strict=False)
    except (ValueError, msgspec.ValidationError) as error:
        raise InvalidInput(f"{whole}: {error}") from None
