"""
What carries bytes to the exchange and back: HTTP requests, and sockets of texts.

An obstacle says what is certain: `VenueUnavailable` that nothing was sent, `OutcomeUnknown` that nobody knows.
"""

from typing import Protocol


class Socket(Protocol):
    """An open WebSocket: texts in both directions, in order."""

    async def send(self, text: str) -> None:
        """
        Send one text.

        Raises:
            VenueUnavailable: The socket is closed; the text did not leave.
            OutcomeUnknown: The connection broke meanwhile; perhaps it left.
        """
        ...

    async def receive(self) -> bytes | str | None:
        """Wait for the next text; None once the socket is closed, by whichever side."""
        ...

    async def close(self) -> None:
        """Close it; closing twice does nothing."""
        ...


class Transport(Protocol):
    """A way to one exchange."""

    async def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        """
        Send a JSON body to `/info` or `/exchange`; return status and body of the answer, whatever it says.

        Raises:
            VenueUnavailable: No connection could be made; nothing was sent.
            OutcomeUnknown: It was sent, and no whole answer came in time.
        """
        ...

    async def connect(self) -> Socket:
        """
        Open a WebSocket.

        Raises:
            VenueUnavailable: It could not be opened in time.
        """
        ...
