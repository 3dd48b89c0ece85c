"""The command line, run inside the test's process."""

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any

from fadearena.cli.main import main


@dataclass(frozen=True)
class Ended:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        """The JSON object in the last line of stdout."""
        found: dict[str, Any] = json.loads(self.out.splitlines()[-1])
        return found


def fadearena(*arguments: object) -> Ended:
    """Run the command line with these arguments to its end."""
    out, err, hook = io.StringIO(), io.StringIO(), sys.excepthook
    code = 0
    try:
        with redirect_stdout(out), redirect_stderr(err):
            main([str(argument) for argument in arguments])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(bool(end.code))
    finally:
        sys.excepthook = hook
    return Ended(code, out.getvalue(), err.getvalue())
