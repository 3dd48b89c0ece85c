"""A wire to a server's socket that can be cut, and that can fall silent while both ends believe it whole."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PORTION = 65_536


class Wire:
    """Listens on a port of this machine; whoever connects there is connected with the server's socket."""

    def __init__(self, target: Path) -> None:
        self._target = str(target)
        self._open = threading.Event()
        self._open.set()
        self._ends: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port: int = self._listener.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._begin(self._accept)

    def fall_silent(self) -> None:
        """Carry nothing any more; connections stay, and new ones are made as well."""
        self._open.clear()

    def speak(self) -> None:
        """Carry again, also what was held back."""
        self._open.set()

    def cut(self) -> None:
        """End all connections that there are."""
        with self._lock:
            ends = list(self._ends)
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End everything."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        self._listener.close()
        self.speak()
        self.cut()
        for thread in self._threads:
            thread.join()

    def _begin(self, work: Callable[..., None], *arguments: socket.socket) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            try:
                far.connect(self._target)
            except OSError:
                near.close()
                far.close()
                continue
            with self._lock:
                self._ends |= {near, far}
            self._begin(self._carry, near, far)
            self._begin(self._carry, far, near)

    def _carry(self, from_: socket.socket, to: socket.socket) -> None:
        with suppress(OSError):
            while portion := from_.recv(_PORTION):
                self._open.wait()
                to.sendall(portion)
        with suppress(OSError):
            to.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._ends.discard(from_)
        from_.close()


@contextmanager
def wired(target: Path) -> Iterator[Wire]:
    """Have a wire for a while."""
    wire = Wire(target)
    try:
        yield wire
    finally:
        wire.close()
