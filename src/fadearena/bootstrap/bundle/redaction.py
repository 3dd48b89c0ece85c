"""Takes out of texts what is nobody else's business."""

import getpass
import os
import platform
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import msgspec
from pydantic import SecretStr

from fadearena.config import AGENT_KEYS, Config
from fadearena.kit.log import MASK, masked

_ADDRESS: Final = re.compile(r"(?<![0-9a-zA-Z])0x([0-9a-fA-F]{4})[0-9a-fA-F]{32}([0-9a-fA-F]{4})(?![0-9a-zA-Z])")
_DATABASES: Final = ("postgresql://", "postgres://")
_SECRET_MIN: Final = 4
_PART_MIN: Final = 8
_NAME_MIN: Final = 3
_ENCODER: Final = msgspec.json.Encoder(order="sorted", decimal_format="string")


class Redaction:
    """
    Knows what to replace.

    `secrets` are replaced wherever they stand, also inside of words; `names` where they are words of their own.
    """

    def __init__(self, secrets: Iterable[str] = (), names: Mapping[str, str] | None = None) -> None:
        self._secrets = sorted({one for one in secrets if len(one) >= _SECRET_MIN}, key=len, reverse=True)
        self._names = [
            (re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])"), instead)
            for name, instead in (names or {}).items()
            if len(name) >= _NAME_MIN
        ]

    def text(self, text: str) -> str:
        """Return a text without what is secret or private."""
        text = str(masked(text))  # first what has a form: a short secret could break it
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        for form, instead in self._names:
            text = form.sub(instead, text)
        return _ADDRESS.sub(r"0x\1...\2", text)

    def json(self, value: object) -> str:
        """Return a value as JSON, without what is secret or private in it."""
        plain = self._cleaned(masked(msgspec.to_builtins(value, str_keys=True, order="sorted")))
        return msgspec.json.format(_ENCODER.encode(plain), indent=1).decode() + "\n"

    def _cleaned(self, value: Any) -> Any:  # noqa: ANN401 - of the same shape
        match value:
            case str():
                return self.text(value)
            case dict():
                return {self.text(str(name)): self._cleaned(one) for name, one in value.items()}
            case list():
                return [self._cleaned(one) for one in value]
            case _:
                return value


def redaction_of(config: Config) -> Redaction:
    """Return what to replace for an installation on this machine."""
    secrets = list[str]()
    for field in type(config).model_fields:
        value = getattr(config, field)
        if isinstance(value, SecretStr):
            secrets += _parts_of(value.get_secret_value())
    secrets += os.environ.get(AGENT_KEYS, "").replace(",", " ").split()
    return Redaction(secrets, {str(Path.home()): "~", platform.node(): "MACHINE", _user(): "USER"})


def _parts_of(text: str) -> Iterable[str]:
    """Return what of a secret setting must not be seen: all of it, each URL, and what in it may be a secret."""
    yield text
    for url in re.split(r"[\s,]+", text):
        yield url
        parts = urlsplit(url)
        yield from _forms_of(parts.password)
        if not url.startswith(_DATABASES):  # of these only the password is secret; alerts have secrets anywhere
            for part in (
                parts.username,
                *parts.path.split("/"),
                *re.split("[:@]", parts.netloc),
                *_values(parts.query),
            ):
                if part and len(part) >= _PART_MIN:
                    yield from _forms_of(part)


def _values(query: str) -> Iterable[str]:
    return (value for _, _, value in (pair.partition("=") for pair in query.split("&")))


def _forms_of(secret: str | None) -> Iterable[str]:
    if secret:
        yield from (secret, unquote(secret))


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user without a name
        return ""
