"""Worker, standby and two API processes on one PostgreSQL server that is crashed and started again."""

import json
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from fadearena.cli.exit_codes import ExitCode
from tests.support.command import fadearena as run
from tests.support.pg_wire import wired
from tests.support.postgres import Server
from tests.support.processes import Running, started
from tests.support.waiting import until

pytestmark = pytest.mark.slow
_ANSWER_S = 30


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Return a data directory that is not there yet."""
    return tmp_path / "data"


def status_of(url: str) -> int:
    """Return the status of an answer that needs the database."""
    with closing(HTTPConnection(urlsplit(url).netloc, timeout=_ANSWER_S)) as connection:
        connection.request("GET", "/api/state")
        return connection.getresponse().status


def sent(*workers: Running) -> Iterator[str]:
    """Return the client order ids of what left."""
    return (line["cloid"] for worker in workers for line in worker.lines if line["event"] == "order_sent")


def placed(url: str) -> Counter[str]:
    """Return the client order ids of the journal's commands, each with how often it was decided."""
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT commands FROM journal.entry ORDER BY seq").fetchall()
    commands = [command for (text,) in rows for command in json.loads(text)]
    return Counter(each["identity"]["cloid"] for each in commands if each["type"] == "place-order")


def test_a_crash_of_the_server_and_of_the_worker(directory: Path, own_pg_server: Server) -> None:
    """
    All four go on by themselves: orders wait, readers get 503 meanwhile, and a standby takes over from the dead.

    In the end every order that left is in the journal, none was decided twice, and stepping it all again agrees.
    """
    with ExitStack() as stack:
        wire = stack.enter_context(wired(own_pg_server.socket))
        url = f"postgresql://postgres@127.0.0.1:{wire.port}/postgres"
        settings = {"FADEARENA_DATABASE_URL": url, "FADEARENA_PORT": "0"}

        def begun(command: str) -> Running:
            return stack.enter_context(started(directory, command, settings=settings))

        worker = begun("worker")
        worker.until("order_sent")
        apis = [begun("api"), begun("api")]
        homes = [api.until("serving")["url"] for api in apis]
        standby = begun("worker")
        standby.until("standing_by")
        assert [status_of(home) for home in homes] == [200, 200]

        own_pg_server.stop(signal.SIGQUIT)
        assert [status_of(home) for home in homes] == [503, 503]
        worker.until("journal_failed")
        own_pg_server.start()
        worker.until("running")
        worker.until("order_sent")
        until(lambda: [status_of(home) for home in homes] == [200, 200])

        worker.process.kill()
        assert standby.until("running")["epoch"] > 1
        standby.until("order_sent")
        assert run("pause", "--data-dir", directory, settings=settings).code == ExitCode.OK
        for process in (standby, *apis):
            process.signal(signal.SIGTERM)
            assert process.end() == ExitCode.OK
        worker.end()
        verified = run("journal", "verify", "--data-dir", directory, "--json", settings=settings).report
        assert verified["differences"] == []
        decided = placed(url)
        assert set(decided.values()) == {1}
        assert set(sent(worker, standby)) <= set(decided)
