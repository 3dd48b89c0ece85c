"""A sandbox seen from outside: its time, its truth, and its pause."""

from decimal import Decimal
from types import TracebackType
from typing import Self, TypeVar

import aiohttp
import msgspec

from fadearena.kit.clock import AffineClock
from fadearena.model.error import VenueProtocolError, VenueUnavailable
from fadearena.model.ids import Address, Coin
from fadearena.model.units import Size

_TIMEOUT_S = 5.0
_REFUSED = 422
T = TypeVar("T")


class _Clock(msgspec.Struct, frozen=True, rename="camel"):
    origin_ms: int
    wall_origin_ms: int
    speed: Decimal


class _Account(msgspec.Struct, frozen=True):
    positions: dict[Coin, Size]


class SandboxControl:
    """What a sandbox tells and does beside what the exchange would; to be entered before use."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
        self._session = aiohttp.ClientSession(timeout=timeout, trust_env=False)
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def clock(self) -> AffineClock:
        """
        Return a clock that shows the sandbox's time.

        Raises:
            VenueUnavailable: No sandbox answers.
            VenueProtocolError: What answers is no sandbox.
        """
        found = await self._ask("GET", "/sandbox/clock", _Clock)
        return AffineClock(found.origin_ms, found.wall_origin_ms, found.speed)

    async def positions(self) -> dict[Address, dict[Coin, Size]]:
        """
        Return what every account holds, in truth.

        Raises:
            VenueUnavailable: No sandbox answers.
            VenueProtocolError: What answers is no sandbox.
        """
        found = await self._ask("GET", "/sandbox/truth", dict[Address, _Account])
        return {user: account.positions for user, account in found.items()}

    async def pause(self) -> None:
        """
        Let market and traders stand still.

        Raises:
            VenueUnavailable: No sandbox answers.
            VenueProtocolError: What answers is no sandbox.
        """
        await self._ask("POST", "/sandbox/pause", object)

    async def deposit(self, user: Address, usd: str) -> None:
        """
        Bring money to an address, which opens its account.

        Raises:
            VenueUnavailable: No sandbox answers.
            VenueProtocolError: What answers is no sandbox, or it refuses.
        """
        await self._ask("POST", "/sandbox/deposit", object, {"user": user, "usd": usd})

    async def approve(self, user: Address, agent: Address, name: str) -> None:
        """
        Let an agent sign for an account.

        Raises:
            VenueUnavailable: No sandbox answers.
            VenueProtocolError: What answers is no sandbox, or it refuses.
        """
        await self._ask("POST", "/sandbox/agents", object, {"user": user, "agent": agent, "name": name})

    async def _ask(self, method: str, path: str, shape: type[T], told: dict[str, str] | None = None) -> T:
        if self._session is None:
            raise RuntimeError("the control of a sandbox is used before it was entered")
        try:
            async with self._session.request(method, self._url + path, json=told) as answer:
                body, status = await answer.read(), answer.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            text = f"no sandbox answers at {self._url}: start one with `fadearena sandbox`"
            raise VenueUnavailable(text) from error
        if status == _REFUSED:
            raise VenueProtocolError(f"the sandbox at {self._url} refuses: {body.decode(errors='replace')}")
        try:
            return msgspec.json.decode(body, type=shape)
        except msgspec.MsgspecError as error:
            text = f"{self._url}{path} answers {status}, and not as a sandbox of this version ({error})"
            raise VenueProtocolError(text) from error
