"""A sandbox that listens, in a thread of its own, for clients that know no event loop."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import msgspec
import requests

from fadearena.sandbox.gateway.gateway import Settings
from fadearena.sandbox.gateway.limits import NO_LIMITS
from fadearena.sandbox.server import Listening, Options, serve

_PATIENCE_S = 20


class Running:
    """A sandbox that runs."""

    def __init__(self, listening: Listening) -> None:
        self.url = listening.url
        self.traders = listening.traders

    def see(self, path: str) -> Any:
        """Return what the sandbox says of itself."""
        return self._checked(requests.get(f"{self.url}/sandbox/{path}", timeout=_PATIENCE_S))

    def tell(self, path: str, /, **body: Any) -> Any:
        """Tell the sandbox something."""
        return self._checked(requests.post(f"{self.url}/sandbox/{path}", json=body, timeout=_PATIENCE_S))

    @staticmethod
    def _checked(answer: requests.Response) -> Any:
        assert answer.status_code == 200, answer.text
        return answer.json()


def options(**changed: object) -> Options:
    """Return how tests run a sandbox: without limits, for their clients ask often."""
    return msgspec.structs.replace(Options(speed=Decimal(20), settings=Settings(limits=NO_LIMITS)), **changed)


@contextmanager
def running(how: Options) -> Iterator[Running]:
    """Run a sandbox in a thread until the block ends."""
    started: Future[Listening] = Future()
    stop: Future[tuple[asyncio.AbstractEventLoop, asyncio.Task[None]]] = Future()

    async def main() -> None:
        task = asyncio.create_task(serve(how, ready=started.set_result))
        stop.set_result((asyncio.get_running_loop(), task))
        await asyncio.wait([task])
        if not task.cancelled() and (error := task.exception()) is not None and not started.done():
            started.set_exception(error)

    thread = threading.Thread(target=lambda: asyncio.run(main()), name="sandbox")
    thread.start()
    loop, task = stop.result(_PATIENCE_S)
    try:
        yield Running(started.result(_PATIENCE_S))
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join(_PATIENCE_S)
        assert not thread.is_alive(), "the sandbox does not stop"
