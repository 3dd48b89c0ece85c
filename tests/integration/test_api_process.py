"""An API process as people run it: it listens, answers over sockets, and ends in good order."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest
from websockets.sync.client import connect

from fadearena.cli.exit_codes import ExitCode
from tests.support.command import fadearena
from tests.support.processes import Running, started
from tests.support.waiting import until

pytestmark = pytest.mark.slow
PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
DEFAULT = "127.0.0.1:4800"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory that is not there yet."""
    return tmp_path_factory.mktemp("api") / "data"


@pytest.fixture(scope="module")
def served(home: Path) -> Iterator[tuple[Running, str]]:
    """An API process, and where it listens."""
    with started(home, "api") as api:
        yield api, api.until("serving")["url"]


def test_it_says_where_it_listens(served: tuple[Running, str], home: Path) -> None:
    """In its log and in `status`; there it answers."""
    _, url = served

    def shown() -> list[tuple[str, str]]:
        report = fadearena("status", "--data-dir", home, "--json").report
        return [(each["process"].partition(":")[0], each["url"]) for each in report["processes"]]

    until(lambda: shown() == [("api", url)])
    with closing(HTTPConnection(url.removeprefix("http://"))) as connection:
        connection.request("GET", "/api/state")
        assert json.load(connection.getresponse())["mode"] == "simulation"


def test_a_port_that_is_taken_is_an_error_that_says_so(served: tuple[Running, str], home: Path) -> None:
    """With an exit code after which nobody starts it again."""
    port = served[1].rpartition(":")[2]
    second = fadearena("api", "--data-dir", home, "--port", port)
    assert second.code == ExitCode.UNUSABLE_INPUT
    assert f"nobody can listen at 127.0.0.1 port {port}" in second.err


def test_what_the_page_shows_works(served: tuple[Running, str], home: Path) -> None:
    """Each example of docs/api.md that asks over HTTP runs as it stands there, at another port."""
    _, url = served
    token = fadearena("token", "create", "laptop", "--role", "operator", "--data-dir", home, "--json").report["token"]
    there = url.removeprefix("http://")
    shells = [text for text in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) if "curl" in text]
    pythons = [text for text in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if "urlopen" in text]
    assert (len(shells), len(pythons)) == (2, 1)
    for text in shells:
        asked = "".join(f"{line}\n" for line in text.splitlines() if "fadearena token" not in line)
        said = subprocess.run(
            ["/bin/sh", "-ec", asked.replace(DEFAULT, there)],
            env={"PATH": os.environ["PATH"], "TOKEN": token},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        assert said.startswith("{")
        assert '"status":4' not in said
    subprocess.run([sys.executable, "-c", pythons[0].replace(DEFAULT, there)], check=True)


def test_it_ends_in_good_order(served: tuple[Running, str]) -> None:
    """Within five seconds, though somebody keeps a connection; a WebSocket is closed with 1001."""
    api, url = served
    with (
        connect(url.replace("http", "ws") + "/ws") as socket,
        closing(HTTPConnection(url.removeprefix("http://"))) as kept,
    ):
        kept.request("GET", "/api/settings")
        kept.getresponse().read()
        assert json.loads(socket.recv())["type"] == "hello"
        began = time.monotonic()
        api.signal(signal.SIGTERM)
        assert [json.loads(text)["type"] for text in socket if "heartbeat" not in str(text)] == []
        assert socket.close_code == 1001
        assert api.end() == ExitCode.OK
        assert time.monotonic() - began < 5
