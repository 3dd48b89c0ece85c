"""Where the recorded data lies: outside the checkout, for it is not ours. `FADE_RECORDED` overrides it."""

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

_HERE = Path(__file__).resolve().parents[2]
ROOT = Path(os.environ.get("FADE_RECORDED") or _HERE.parent / "shared" / "data" / "hyperliquid")
needs_recorded = pytest.mark.skipif(not ROOT.is_dir(), reason=f"no recorded data at {ROOT} (FADE_RECORDED)")
"""Marks tests that read recorded data; they are skipped, visibly, where it is absent."""


class Answer(NamedTuple):
    """One recorded request and what came back."""

    cassette: str
    request: dict[str, object]
    response: bytes


def fill_files() -> list[Path]:
    """Return the recorded fills in JSON Lines, by name; none where there is no data."""
    return sorted((ROOT / "fills").glob("*.jsonl"))


def lines(file: Path) -> Iterator[bytes]:
    """Iterate over a file's lines, plain or gzip."""
    with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as stream:
        yield from stream


def answers(kind: str) -> list[Answer]:
    """Return the recorded answers to info requests of one kind."""
    return [answer for answer in all_answers() if answer.request.get("type") == kind]


def all_answers() -> list[Answer]:
    """Return everything that was answered: info requests have a `type`, signed actions an `action`."""
    found: list[Answer] = []
    for name in ("go_sdk_cassettes.jsonl.gz", "python_sdk_cassettes.jsonl"):
        for line in lines(ROOT / "rest" / name):
            row = json.loads(line)
            if row["http_status"] == 200:
                found.append(Answer(row["cassette"], json.loads(row["request"]), row["response"].encode()))
    return found


def errors() -> list[str]:
    """Return the recorded and documented texts with which the exchange refuses."""
    return [entry["text"] for entry in json.loads((ROOT / "rest" / "errors.json").read_bytes())]


def messages(channel: str) -> list[bytes]:
    """Return the data of all recorded WebSocket messages of one channel, as JSON."""
    return [data for each, data in all_messages() if each == channel]


def all_messages() -> Iterator[tuple[str, bytes]]:
    """Iterate over all recorded WebSocket messages: channel, and data as JSON."""
    for file in sorted((ROOT / "ws").iterdir()):
        for line in lines(file):
            row = json.loads(line)
            yield row["channel"], json.dumps(row["data"]).encode()
