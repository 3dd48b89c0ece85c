"""
Bytes to the exchange and back by aiohttp: one client session for requests and sockets.

1. Every wait has an end, in real time: a connection that is not made in time is `VenueUnavailable`, an answer that does
   not come in time `OutcomeUnknown`. A socket's silence is judged by who reads it.
2. What is not certain to have stayed here counts as sent. Nothing is sent a second time.
3. No redirects, no cookies, no proxies from the environment.
4. Heartbeats are messages of the exchange's own, so none of the protocol's are sent.
"""

import asyncio
from collections.abc import Mapping
from types import MappingProxyType, TracebackType
from typing import Final, Self

import aiohttp

from fadearena.model.error import InvalidInput, OutcomeUnknown, VenueProtocolError, VenueUnavailable

BASE_URLS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "mainnet": "https://api.hyperliquid.xyz",
        "testnet": "https://api.hyperliquid-testnet.xyz",
    }
)
"""Where the exchange is, by name of the network; a sandbox stands where it was started."""
MESSAGE_BYTES_MAX: Final = 32 * 1024 * 1024
"""The largest answer and the largest message that is read; those about all markets of all dexs are the large ones."""

_CONNECT_S: Final = 5.0
_ANSWER_S: Final = 15.0
_CLOSE_S: Final = 1.0
_CHUNK_BYTES: Final = 256 * 1024
_HEADERS: Final = {"Content-Type": "application/json", "User-Agent": "fadearena"}


class HttpTransport:
    """A way to one exchange, to be entered before use. Requests do not wait for each other: who asks keeps a budget."""

    def __init__(self, base_url: str, *, connect_s: float = _CONNECT_S, answer_s: float = _ANSWER_S) -> None:
        """
        Prepare a way.

        Args:
            base_url: Scheme, host and port, such as the values of `BASE_URLS`.
            connect_s: How long connecting may take.
            answer_s: How long a request may take in all; more than `connect_s`.

        Raises:
            InvalidInput: The URL is not of http or https, or the times contradict each other.
        """
        if not base_url.startswith(("http://", "https://")):
            raise InvalidInput(f"{base_url!r} is not the URL of an exchange: it begins with http:// or https://")
        if not 0 < connect_s < answer_s:
            raise InvalidInput(f"connecting may take {connect_s} s, the whole request {answer_s} s: it must be longer")
        self._base_url = base_url.rstrip("/")
        self._connect_s = connect_s
        self._answer_s = answer_s
        self._session: aiohttp.ClientSession | None = None

    @property
    def socket_url(self) -> str:
        """Where sockets connect to: wss for https, ws for http."""
        return f"ws{self._base_url[4:]}/ws"

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            headers=_HEADERS,
            connector=aiohttp.TCPConnector(limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=self._answer_s, connect=self._connect_s),
            trust_env=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        """
        Send a JSON body; return status and body of the answer, whatever it says.

        Raises:
            VenueUnavailable: No connection could be made; nothing was sent.
            OutcomeUnknown: It was sent, and no whole answer came in time.
            VenueProtocolError: The answer is larger than any answer is.
        """
        session = self._open()
        try:
            async with session.post(self._base_url + path, data=body, allow_redirects=False) as answer:
                return answer.status, await _body_of(answer)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise VenueUnavailable(f"no connection to {self._base_url}: {_said(error)}") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise OutcomeUnknown(f"no whole answer from {self._base_url}{path}: {_said(error)}") from error

    async def connect(self) -> "HttpSocket":
        """
        Open a WebSocket.

        Raises:
            VenueUnavailable: It could not be opened in time.
        """
        session = self._open()
        try:
            async with asyncio.timeout(self._connect_s):
                socket = await session.ws_connect(
                    self.socket_url,
                    max_msg_size=MESSAGE_BYTES_MAX,
                    timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_S),
                )
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise VenueUnavailable(f"no socket to {self.socket_url}: {_said(error)}") from error
        return HttpSocket(socket)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise InvalidInput("the transport is not open: use it inside `async with`")
        return self._session


class HttpSocket:
    """An open WebSocket: texts in both directions, in order."""

    def __init__(self, socket: "aiohttp.ClientWebSocketResponse[bool]") -> None:
        self._socket = socket

    async def send(self, text: str) -> None:
        """
        Send one text.

        Raises:
            VenueUnavailable: The socket is closed; the text did not leave.
            OutcomeUnknown: The connection broke meanwhile; perhaps it left.
        """
        if self._socket.closed:
            raise VenueUnavailable("the socket is closed")
        try:
            await self._socket.send_str(text)
        except (aiohttp.ClientError, OSError) as error:
            raise OutcomeUnknown(f"the socket broke while something was sent: {_said(error)}") from error

    async def receive(self) -> bytes | str | None:
        """Wait for the next text; None once the socket is closed, or where something came that is no text."""
        message = await self._socket.receive()
        return message.data if message.type is aiohttp.WSMsgType.TEXT else None

    async def close(self) -> None:
        """Close it; closing twice does nothing."""
        await self._socket.close()


async def _body_of(answer: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in answer.content.iter_chunked(_CHUNK_BYTES):
        body += chunk
        if len(body) > MESSAGE_BYTES_MAX:
            raise VenueProtocolError(f"an answer of more than {MESSAGE_BYTES_MAX} bytes: this is not the exchange")
    return bytes(body)


def _said(error: BaseException) -> str:
    return str(error) or type(error).__name__
