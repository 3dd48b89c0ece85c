"""The way to a sandbox in the same process: no sockets of the system, no time but the clock's."""

import asyncio

from fadearena.model.error import OutcomeUnknown, VenueUnavailable
from fadearena.sandbox.gateway.faults import AnswerLost, ConnectionRefused
from fadearena.sandbox.gateway.gateway import Gateway
from fadearena.sandbox.gateway.peer import Peer

_PATIENCE_S = 10


class LoopSocket:
    """One end of a connection; the gateway holds the other."""

    def __init__(self, gateway: Gateway, peer: Peer) -> None:
        self._gateway = gateway
        self._peer = peer

    async def send(self, text: str) -> None:
        """
        Send one text.

        Raises:
            VenueUnavailable: The socket is closed; the text did not leave.
        """
        if not self._peer.is_open:
            raise VenueUnavailable("the socket is closed; connect again")
        await self._gateway.receive(self._peer, text)

    async def receive(self) -> bytes | None:
        """Wait for the next text; None once the socket is closed."""
        return await self._peer.next()

    async def close(self) -> None:
        """Close it; closing twice does nothing."""
        self._gateway.close(self._peer)


class Loopback:
    """Carries requests to a gateway, and its answers back."""

    def __init__(self, gateway: Gateway, *, patience_s: float = _PATIENCE_S) -> None:
        self._gateway = gateway
        self._patience_s = patience_s

    async def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        """
        Send a JSON body; return status and body of the answer.

        Raises:
            VenueUnavailable: The gateway takes no connections; nothing was sent.
            OutcomeUnknown: It was sent, and no answer came in time.
        """
        await asyncio.sleep(0)
        try:
            async with asyncio.timeout(self._patience_s):
                return await self._gateway.post(path, body)
        except ConnectionRefused as error:
            raise VenueUnavailable("the sandbox takes no connections; try again") from error
        except (AnswerLost, TimeoutError) as error:
            raise OutcomeUnknown(f"no answer to {path}; ask what became of it") from error

    async def connect(self) -> LoopSocket:
        """
        Open a socket.

        Raises:
            VenueUnavailable: The gateway takes no connections, or no more of them.
        """
        await asyncio.sleep(0)
        try:
            peer = self._gateway.connect()
        except ConnectionRefused as error:
            raise VenueUnavailable("the sandbox takes no connections; try again") from error
        if peer is None:
            raise VenueUnavailable("too many connections; close some, or wait a minute")
        return LoopSocket(self._gateway, peer)
