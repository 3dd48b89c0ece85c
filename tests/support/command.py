"""The command line, run inside the test's process, where no settings of the machine reach it."""

import io
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fadearena.cli.main import main

NETWORK = "FADEARENA_NETWORK"


@dataclass(frozen=True)
class Ended:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        """The JSON object in the last line of stdout."""
        assert self.out, self.err
        found: dict[str, Any] = json.loads(self.out.splitlines()[-1])
        return found


def fadearena(*arguments: object, settings: Mapping[str, str] | None = None, inside: Path | None = None) -> Ended:
    """
    Run the command line with these arguments, and these variables in the environment, to its end.

    It works in the arena unless the variables say otherwise, and in an empty directory unless one is given.
    """
    out, err, hook = io.StringIO(), io.StringIO(), sys.excepthook
    code = 0
    try:
        with redirect_stdout(out), redirect_stderr(err), nowhere({NETWORK: "arena", **(settings or {})}, inside):
            main([str(argument) for argument in arguments])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(bool(end.code))
    finally:
        sys.excepthook = hook
    return Ended(code, out.getvalue(), err.getvalue())


@contextmanager
def nowhere(settings: Mapping[str, str] | None = None, inside: Path | None = None) -> Iterator[None]:
    """Work in an empty directory, or in a given one, with no other variables of ours in the environment than these."""
    ours = {name: text for name, text in os.environ.items() if name.startswith("FADEARENA_")}
    for name in ours:
        del os.environ[name]
    os.environ.update(settings or {})
    try:
        with tempfile.TemporaryDirectory() as directory, chdir(inside or directory):
            yield
    finally:
        for name in settings or {}:
            del os.environ[name]
        os.environ.update(ours)
