"""How an error reaches people: one sentence on stderr that says what to do next, and an exit code."""

import sys
from types import TracebackType
from typing import NoReturn

from fadearena.cli.exit_codes import ExitCode


def fail(sentence: str, code: ExitCode) -> NoReturn:
    """Say why on stderr, and end."""
    say(sentence)
    raise SystemExit(int(code))


def say(sentence: str) -> None:
    """Write one line to stderr."""
    sys.stderr.write(f"fadearena: {sentence}\n")


def on_uncaught(kind: type[BaseException], error: BaseException, _traceback: TracebackType | None) -> None:
    """Stand in for Python's traceback: the interpreter then ends with `ExitCode.UNEXPECTED`."""
    if issubclass(kind, BrokenPipeError):
        return  # who read our output has seen enough
    from fadearena.kit.log import masked

    text = masked(" ".join(str(error).split())) or "no further details"
    say(f"unexpected {kind.__name__}: {text}; please report it with the command line that you used")
