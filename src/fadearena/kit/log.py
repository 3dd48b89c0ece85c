"""
Logs: lines of a fixed verb and fields, on stderr.

1. `log.info("order_placed", cloid=...)`: the verb never holds values. What a line follows from is bound around the
   work with structlog's `bound_contextvars(correlation_id=...)`, and stands in every line that is written meanwhile.
2. Secrets are masked wherever they stand: under names that say so, and by their form in any text, in nested values
   and in tracebacks. That is the last net; who logs a secret is wrong all the same.
3. What libraries log with the standard library comes out in the same form.
"""

import dataclasses
import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from decimal import Decimal
from typing import Any, Final

import structlog

MASK: Final = "***"
_OURS: Final = __name__.partition(".")[0]
_DEPTH_MAX = 8
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_SECRET_WORDS = frozenset(
    {
        "apikey",
        "authorization",
        "cookie",
        "credential",
        "credentials",
        "mnemonic",
        "passphrase",
        "passwd",
        "password",
        "private",
        "secret",
        "secrets",
        "signature",
        "token",
    }
)
_FORMS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?<![0-9a-zA-Z])(?:0[xX])?[0-9a-fA-F]{64,}"), MASK),  # a key has 64 hex digits, a signature more
    (re.compile(r"\bfa_[0-9a-f]{12}_[\w-]{20,}"), MASK),  # a token of ours
    (re.compile(r"([A-Za-z][\w+.-]*://)[^\s\"'<>]*@"), rf"\1{MASK}@"),
    (re.compile(r"(?i)((?:__Host-)?fadearena_session=)[\w-]+"), rf"\1{MASK}"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]+"), rf"\1 {MASK}"),
    (
        re.compile(
            r"(?i)([\w-]*(?:password|passwd|secret|token|api_?key|private_?key)[\"']?\s*[=:]\s*[\"']?)[^\s\"',;&]+"
        ),
        rf"\1{MASK}",
    ),
)
_PLAIN = (bool, int, float, type(None))


def configure(level: str = "info", form: str = "auto") -> None:
    """
    Send what is logged in this process to stderr.

    Args:
        level: `debug`, `info`, `warning` or `error`; of libraries only warnings and errors are written.
        form: `console`, `json`, or `auto`: console on a terminal and json elsewhere.
    """
    is_console = form == "console" or (form == "auto" and sys.stderr.isatty())
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=_shared(), processors=_last(is_console=is_console))
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(_OURS).setLevel(level.upper())
    logging.captureWarnings(capture=True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def redact(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask what is secret in a line; a processor of structlog."""
    return {name: masked(value, name) for name, value in line.items()}


def masked(value: object, name: str = "", depth: int = 0) -> Any:  # noqa: ANN401 - of the same shape
    """Return a value with its secrets masked, as plain texts, numbers, lists and mappings."""
    if name and is_secret_name(name):
        return MASK
    if isinstance(value, str):
        return _mask_forms(value)
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, Decimal):
        return str(value)
    if depth == _DEPTH_MAX:
        return "..."
    if isinstance(value, Mapping):
        return {masked(str(key)): masked(item, str(key), depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [masked(item, "", depth + 1) for item in value]
    fields = _fields_of(value)
    if fields is not None:
        return {field: masked(getattr(value, field), field, depth + 1) for field in fields}
    return _mask_forms(str(value) if isinstance(value, BaseException) else repr(value))


def is_secret_name(name: str) -> bool:
    """Tell whether a name says that its value is secret: `private_key`, `apiKey`, `X-Auth-Token`, `key`."""
    words = [word.lower() for word in _WORDS.findall(name)]
    return bool(words) and (words[-1] in {"key", "keys"} or not _SECRET_WORDS.isdisjoint(words))


def _mask_forms(text: str) -> str:
    for form, instead in _FORMS:
        text = form.sub(instead, text)
    return text


def _fields_of(value: object) -> tuple[str, ...] | None:
    """Return the names of the fields of a structure; None for anything else."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return tuple(field.name for field in dataclasses.fields(value))
    fields = getattr(value, "__struct_fields__", None)
    return fields if isinstance(fields, tuple) and not isinstance(value, type) else None


def _shared() -> list[structlog.typing.Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _last(*, is_console: bool) -> list[structlog.typing.Processor]:
    render: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        if is_console
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    return [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        redact,
        render,
    ]
