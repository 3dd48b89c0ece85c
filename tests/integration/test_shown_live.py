"""What the web page is fed with, by a worker and an API process as people run them."""

import json
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect

from tests.support.processes import started
from tests.support.waiting import until

pytestmark = pytest.mark.slow


def test_positions_marks_and_bots_are_shown_as_they_are(tmp_path: Path) -> None:
    """Marks come over the socket within moments, of coins in which something is held; bots and workers are there."""
    with started(tmp_path / "data", "up") as up:
        url = up.until("serving")["url"]
        up.until("order_sent")
        with up.drained():

            def get(path: str) -> Any:
                with closing(HTTPConnection(url.removeprefix("http://"))) as connection:
                    connection.request("GET", path)
                    return json.load(connection.getresponse())

            until(lambda: any(each["ours"] and each["mark"] for each in get("/api/positions")["positions"]))
            with connect(url.replace("http", "ws") + "/ws?channels=marks") as socket:
                told = [json.loads(socket.recv()) for _ in range(4)]
            marks = [message["data"] for message in told if message["type"] == "marks"]
            assert marks
            assert all(each["marks"].keys() == each["times"].keys() for each in marks)
            shown, bots = get("/api/positions"), get("/api/bots")["bots"]
            assert shown["asOf"] >= max(marks[-1]["times"].values())
            assert {each["botId"] for each in shown["positions"]} <= {bot["id"] for bot in bots}
            assert [each["role"] for each in get("/api/feeds")["workers"]] == ["active"]
            assert "all" not in {each["scope"] for each in get("/api/latches")["latches"]}
