"""The command line in a process of its own, with a terminal as its standard error."""

import contextlib
import fcntl
import json
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

_SIZE = (30, 110)
_PATIENCE_S = 120


class Watched:
    """A command that believes that somebody looks on, and answers where answers are given."""

    def __init__(self, *arguments: object, directory: Path, answers: Sequence[str] = ()) -> None:
        self._near, far = pty.openpty()
        fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", *_SIZE, 0, 0))
        others = {name: value for name, value in os.environ.items() if not name.startswith("FADEARENA_")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "fadearena", *map(str, arguments)],
            stdin=far if answers else None,
            stdout=subprocess.PIPE,
            stderr=far,
            cwd=directory,
            env=others | {"TERM": "xterm"},
        )
        os.close(far)
        os.write(self._near, "".join(f"{answer}\n" for answer in answers).encode())
        self.drawn = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End it, whatever became of the test."""
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        os.close(self._near)

    def until(self, is_so: Callable[[str], bool]) -> None:
        """Look on until something was drawn, or the command has ended."""
        deadline = time.monotonic() + _PATIENCE_S
        while not is_so(self.drawn) and self._look():
            assert time.monotonic() < deadline, f"nothing came of it: {self.drawn[-2_000:]}"

    def end(self) -> tuple[int, dict[str, Any] | None]:
        """Look on until the command ends; return its code, and its report where it printed one."""
        self.until(lambda _drawn: False)
        assert self.process.stdout is not None
        printed = self.process.stdout.read().decode().splitlines()
        return self.process.wait(), json.loads(printed[-1]) if printed else None

    def _look(self) -> bool:
        """Read what is drawn; False once the command has ended."""
        is_ended = self.process.poll() is not None
        if select.select([self._near], [], [], 0.05)[0]:
            with contextlib.suppress(OSError):  # the terminal is gone with the last process that had it
                self.drawn += os.read(self._near, 65_536).decode(errors="replace")
                return True
        return not is_ended
