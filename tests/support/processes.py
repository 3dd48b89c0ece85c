"""The programs of an installation as real processes, watched by what they log."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.command import NETWORK

_PATIENCE_S = 120.0


class Running:
    """A process of ours, and what it (and its children) logged so far."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.lines: list[dict[str, Any]] = []
        self.said: list[str] = []

    def until(self, event: str, **fields: object) -> dict[str, Any]:
        """Read on until an event with these fields is logged, and return its line."""
        for line in self._read():
            if line["event"] == event and fields.items() <= line.items():
                return line
        raise AssertionError(f"it ended with {self.process.wait()} before {event}: {self.lines[-5:]} {self.said}")

    def until_seen(self, event: str, **fields: object) -> dict[str, Any]:
        """Return the line of an event that may have been logged already."""
        for line in self.lines:
            if line["event"] == event and fields.items() <= line.items():
                return line
        return self.until(event, **fields)

    def end(self) -> int:
        """Read on until all that log here have ended, and return the exit code."""
        for _ in self._read():
            pass
        return self.process.wait()

    @contextmanager
    def drained(self, take: Callable[[dict[str, Any]], None] = lambda _line: None) -> Iterator[None]:
        """Let a thread take all lines, so that it never waits for a reader; it is killed at the end."""

        def read() -> None:
            for line in self._read():
                take(line)

        thread = threading.Thread(target=read)
        thread.start()
        try:
            yield
        finally:
            self.process.kill()
            thread.join()

    def signal(self, number: int) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def _read(self) -> Iterator[dict[str, Any]]:
        assert self.process.stderr
        for text in self.process.stderr:
            if text.startswith("{"):
                self.lines.append(json.loads(text))
                yield self.lines[-1]
            else:
                self.said.append(text)


@contextmanager
def started(
    directory: Path,
    *arguments: str,
    speed: int = 60,
    settings: Mapping[str, str] | None = None,
    patience_s: float = _PATIENCE_S,
) -> Iterator[Running]:
    """Run a command on a data directory, in the arena; at the end it is killed, and its children end with it."""
    environment = {name: text for name, text in os.environ.items() if not name.startswith("FADEARENA_")}
    environment |= {"FADEARENA_LOG_FORMAT": "json", "FADEARENA_ARENA_SPEED": str(speed), NETWORK: "arena"}
    environment["FADEARENA_PORT"] = "0"
    environment |= settings or {}
    command = [sys.executable, "-m", "fadearena", *arguments, "--data-dir", str(directory)]
    process = subprocess.Popen(
        command,
        cwd=directory.parent,
        env=environment,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    guard = threading.Timer(patience_s, process.kill)
    guard.start()
    running = Running(process)
    try:
        yield running
    finally:
        guard.cancel()
        process.kill()
        process.wait()
        assert process.stderr
        process.stderr.close()
