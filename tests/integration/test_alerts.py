"""Alerts and dead letters from the command line, and alerts as they leave a server."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from threading import Thread

import pytest

from fadearena.cli.exit_codes import ExitCode
from tests.support.command import Ended
from tests.support.command import fadearena as run
from tests.support.mishap import reject_inputs
from tests.support.processes import started

URLS, WINDOW = "FADEARENA_ALERT_URLS", "FADEARENA_ALERT_WINDOW_S"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an installation that is only looked at."""
    return built(tmp_path_factory.mktemp("alerts"))


def built(directory: Path) -> Path:
    """Return an installation to which two things happened that are shown."""
    place = directory / "data"
    assert command(place, "db", "seed").code == ExitCode.OK
    reject_inputs(place, "no price", "no coin")
    assert command(place, "db", "rebuild").code == ExitCode.OK
    return place


def command(directory: Path, *arguments: object, **settings: str) -> Ended:
    """Run a command."""
    return run(*arguments, "--data-dir", directory, settings=settings)


@contextmanager
def hook(told: "Queue[dict[str, str]]") -> Iterator[str]:
    """Open a webhook that keeps what it is told, and give out its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"json://127.0.0.1:{server.server_port}/hook"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_alerts_are_listed_with_what_became_of_them(directory: Path) -> None:
    """The newest first, for people and for scripts; without a server they wait."""
    listed = command(directory, "alerts", "list", "--json").report["alerts"]
    assert [(a["state"], a["category"], a["text"], a["attempts"]) for a in listed] == [
        ("queued", "input", "no coin", 0),
        ("queued", "input", "no price", 0),
    ]
    shown = command(directory, "alerts", "list", "--waiting", "--limit", 1).out
    assert "input tape: no coin" in shown
    assert "no price" not in shown
    assert command(directory, "alerts", "list", "--failed").out == "no alerts\n"


def test_only_what_was_given_up_is_queued_again(directory: Path) -> None:
    """What waits is no such thing."""
    assert "nothing was changed" in command(directory, "alerts", "retry").out
    assert command(directory, "alerts", "retry", 1, 2, "--json").report == {"queued": 0}


def test_a_test_says_what_each_destination_answered(directory: Path) -> None:
    """One that does not take it makes the command fail; without any, that is said."""
    ended = command(directory, "alerts", "test")
    assert (ended.code, ended.out.splitlines()[0]) == (ExitCode.OK, "log: taken")
    assert URLS in ended.out
    ended = command(directory, "alerts", "test", "--json", **{URLS: "json://127.0.0.1:1/s3cret"})
    assert ended.code == ExitCode.FAILED
    (answer,) = ended.report["destinations"]
    assert (answer["destination"], "onnection" in answer["error"]) == ("1:json", True)
    assert "s3cret" not in ended.out + ended.err
    ended = command(directory, "alerts", "test", **{URLS: "bogus://s3cret"})
    assert (ended.code, "s3cret" in ended.err) == (ExitCode.UNUSABLE_INPUT, False)


def test_the_doctor_looks_whether_people_are_told(directory: Path) -> None:
    """Without a destination that is said; where one does not take messages, it warns and says why."""
    (found,) = (f for f in command(directory, "doctor", "--json").report["checks"] if f["check"] == "alerts")
    assert (found["level"], found["text"]) == ("ok", "they are logged, and sent nowhere")


def test_dead_letters_are_shown_and_named_by_how_they_begin(directory: Path) -> None:
    """Each with its reason; a beginning that several have, or none, is refused."""
    first, second = command(directory, "letters", "list", "--json").report["letters"]
    assert (first["error"], second["error"], first["state"]) == ("no price", "no coin", "open")
    assert "no price" in command(directory, "letters", "list").out
    assert command(directory, "letters", "show", first["id"], "--json").report == first
    assert "error: no coin" in command(directory, "letters", "show", second["id"]).out
    for name, sentence in (("", "2 open dead letters begin with ''"), ("0xq", "no open dead letter begins")):
        ended = command(directory, "letters", "discard", name)
        assert (ended.code, sentence in ended.err) == (ExitCode.UNUSABLE_INPUT, True)


def test_without_a_worker_a_dead_letter_stays(directory: Path) -> None:
    """Nothing is ordered that would surprise somebody later."""
    (letter, _) = command(directory, "letters", "list", "--json").report["letters"]
    ended = command(directory, "letters", "retry", letter["id"], "--json")
    assert (ended.code, ended.report["state"]) == (ExitCode.NO_WORKER, "withdrawn")


@pytest.mark.slow
def test_a_running_worker_settles_dead_letters(tmp_path: Path) -> None:
    """One that cannot be decided again is refused with the reason; one that is discarded is open no more."""
    directory = built(tmp_path)
    first, second = (each["id"] for each in command(directory, "letters", "list", "--json").report["letters"])
    with started(directory, "up") as up:
        up.until("running")
        ended = command(directory, "letters", "retry", first)
        assert (ended.code, "discard it" in ended.err) == (ExitCode.REFUSED, True)
        assert command(directory, "letters", "discard", first, "--json").report["state"] == "accepted"
        assert [each["id"] for each in command(directory, "letters", "list", "--json").report["letters"]] == [second]


@pytest.mark.slow
def test_an_api_process_tells_each_alert_once(tmp_path: Path) -> None:
    """What says the same is one message; a restart and a rebuild tell nothing again, and what is new is told."""
    directory = built(tmp_path)
    told: Queue[dict[str, str]] = Queue()

    def serve(url: str, window_s: str) -> str:
        """Run an API process until it told something, and return what."""
        with started(directory, "api", settings={URLS: url, WINDOW: window_s}) as server:
            message = told.get(timeout=30)["message"]
            server.signal(signal.SIGTERM)
            assert server.end() == ExitCode.OK
        return message

    with hook(told) as url:
        assert serve(url, "600") == "no price\nno coin\n(2 alerts)"
        assert command(directory, "db", "rebuild").code == ExitCode.OK
        reject_inputs(directory, "no time")
        listed = command(directory, "alerts", "list", "--json").report["alerts"]
        assert [(a["state"], a["times"]) for a in listed] == [("merged", 1), ("sent", 2)]
        assert serve(url, "0") == "no time"
    assert told.empty()
