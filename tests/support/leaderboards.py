"""A leaderboard as the exchange writes it, and a server of this machine that gives it out."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def wallet(n: int) -> str:
    """Return the address of account `n`."""
    return f"0x{n:040x}"


def board_row(n: int, value: str = "50000.5", *, name: str | None = None, **windows: tuple[str, str, str]) -> Any:
    """Return a row: (pnl, roi, volume) by window; what is not given brought 100 USD, 0.01, with 20,000 USD traded."""
    figures = dict.fromkeys(("day", "week", "month", "allTime"), ("100.25", "0.01", "20000.0")) | windows
    return {
        "ethAddress": wallet(n),
        "accountValue": value,
        "windowPerformances": [[w, dict(zip(("pnl", "roi", "vlm"), said, strict=True))] for w, said in figures.items()],
        "prize": 0,
        "displayName": name,
    }


def board_of(*rows: Any) -> bytes:
    """Return the file."""
    return json.dumps({"leaderboardRows": rows}).encode()


class Served:
    """What the server gives out: it may be changed; `asked` counts requests."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.status = 200
        self.asked = 0
        self.url = ""


@contextmanager
def leaderboard_served(body: bytes) -> Iterator[Served]:
    """Give out a leaderboard until the end of the block."""
    served = Served(body)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked += 1
            self.send_response(served.status)
            self.send_header("Content-Length", str(len(served.body)))
            self.end_headers()
            self.wfile.write(served.body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.url = f"http://127.0.0.1:{server.server_address[1]}/Mainnet/leaderboard"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
