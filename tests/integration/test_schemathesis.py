"""
The API as strangers use it, with a whole installation behind it.

Schemathesis asks it everything that its description allows, and more; a client that a known generator made of the
description calls the base contract.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import fadearena as run
from tests.support.processes import started

pytestmark = pytest.mark.slow
GENERATOR = Path(__file__).parents[2] / ".venv" / "generator" / "bin"
CALLER = Path(__file__).parents[1] / "support" / "generated_client.py"
CONFIG = """\
# What a schema cannot say is refused in words: a span that ends before it begins, a cursor that no page gave.
# A key that comes again with another request is refused, too.
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", "400", "401", "403", "404", "409", "422", "429", "5xx"]
"""


@dataclass(frozen=True)
class Api:
    """A running API, and a token of an operator."""

    url: str
    token: str


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """Run an installation in the arena that has traded already."""
    directory = tmp_path_factory.mktemp("installation") / "data"
    with started(directory, "up", speed=20, patience_s=300) as up:
        url = up.until("serving")["url"]
        up.until_seen("order_sent")
        with up.drained():
            made = run("token", "create", "stranger", "--role", "operator", "--data-dir", directory, "--json")
            yield Api(url, made.report["token"])


def test_nothing_breaks_whatever_is_asked(api: Api, tmp_path: Path) -> None:
    """Every operation is reached, at the limits of its parameters and in sequences; every check passes."""
    (tmp_path / "schemathesis.toml").write_text(CONFIG)
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{api.url}/openapi.json"),
        *("--header", f"Authorization: Bearer {api.token}"),
        *("--checks", "all", "--phases", "coverage,stateful"),
        *("--max-examples", "2", "--max-time", "50", "--seed", "1", "--workers", "1"),
        *("--report", "json", "--report-json-path", "report.json", "--no-color", "--continue-on-failure"),
    ]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    report: dict[str, Any] = json.loads((tmp_path / "report.json").read_text())
    assert (report["failures"], report["errors"]) == ([], []), ended.stdout[-10_000:]
    assert report["operations"]["tested"] == report["operations"]["total"] > 40
    done = {name for name, phase in report["phases"].items() if phase["status"] == "success"}
    assert done == {"coverage", "stateful"}, ended.stdout[-10_000:]


@pytest.mark.skipif(not GENERATOR.exists(), reason="no generator: `make test-all` makes its environment")
def test_a_generated_client_speaks_the_base_contract(api: Api, tmp_path: Path) -> None:
    """Whoever knows nothing but the description calls the eight endpoints, with types, without a line by hand."""
    description = tmp_path / "openapi.json"
    description.write_text(json.dumps(run("openapi").report))
    made = subprocess.run(
        [GENERATOR / "openapi-python-client", "generate", "--path", description, "--output-path", tmp_path / "client"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    called = subprocess.run(
        [GENERATOR / "python", CALLER, tmp_path / "client", api.url],
        env={**os.environ, "TOKEN": api.token},
        capture_output=True,
        text=True,
        check=False,
    )
    assert called.returncode == 0, called.stdout + called.stderr
    answers = json.loads(called.stdout.splitlines()[-1])
    assert set(answers) == {
        *("getState", "getModels", "getTrades", "getEquity", "getSettings", "getHealth"),
        *("changeSettings", "turnKillSwitch"),
    }
    assert set(answers.values()) == {200}
