"""What is wrong between us and the exchange: is it there, what time has it, what does it list, who is who."""

import asyncio
from collections.abc import Sequence
from random import Random

from fadearena.adapters.hyperliquid import codec
from fadearena.adapters.hyperliquid.errors import SlowDown
from fadearena.adapters.hyperliquid.http import HttpTransport
from fadearena.adapters.hyperliquid.limits import Lane, RateBudget
from fadearena.adapters.hyperliquid.listing import Listing
from fadearena.adapters.hyperliquid.rest import InfoClient
from fadearena.adapters.hyperliquid.transport import Transport
from fadearena.bootstrap.sandbox import SandboxControl
from fadearena.bootstrap.way import base_url
from fadearena.config import Config, Network, variable
from fadearena.kit.clock import Clock, SystemClock
from fadearena.model.error import VenueError
from fadearena.model.finding import Finding, Level
from fadearena.model.policy import Policy
from fadearena.model.units import SECOND_MS
from fadearena.model.wallet import WalletRole

_PONG_S = 10.0
_LEFT_OUT = Finding(
    check="markets, wallets", level=Level.OK, text="left to the worker that runs: it shares the rate limit with us"
)
_MOST_OFFSET_MS = 30 * SECOND_MS
_MOST_SPREAD_MS = SECOND_MS
_ASKED_MAX = 6


async def examine_exchange(config: Config, network: Network, policy: Policy | None) -> Sequence[Finding]:
    """
    Make all checks for which something has to be asked; none in the arena, which is inside of the worker.

    Without settings only what costs nearly nothing: a worker that runs shares the rate limit with us.
    """
    if network is Network.ARENA:
        return ()
    clock: Clock = SystemClock()
    try:
        if network is Network.SANDBOX:
            async with SandboxControl(config.sandbox_url) as control:
                clock = await control.clock()
    except VenueError as error:
        return (_failed("exchange", error, network),)
    async with HttpTransport(base_url(config, network)) as transport:
        return await ExchangeDoctor(transport, clock, config.weight_per_minute, network).examine(policy)


class ExchangeDoctor:
    """Asks an exchange what has to be known before anything runs; each question a few times at most."""

    def __init__(self, transport: Transport, clock: Clock, per_minute: int, network: Network) -> None:
        self._transport = transport
        self._network = network
        self._budget = RateBudget(clock, per_minute=per_minute)
        self._info = InfoClient(transport, self._budget, clock, rng=Random(), attempts=2)  # noqa: S311 - jitter
        self._listing = Listing(self._info, clock)

    async def examine(self, policy: Policy | None) -> Sequence[Finding]:
        """Make all checks, or the cheap ones; where the exchange cannot be reached, the first one says so."""
        reached = await self._reach()
        if reached.level is Level.FAIL:
            return (reached,)
        if policy is None:
            return (reached, await self._socket(), _LEFT_OUT)
        return (
            reached,
            await self._socket(),
            await self._markets(policy),
            *await self._wallets(policy),
            rate_of(self._budget),
        )

    async def _reach(self) -> Finding:
        """Ask for the time there."""
        try:
            offset, spread = await self._listing.clock_offset()
        except VenueError as error:
            return _failed("exchange", error, self._network)
        ahead = "ahead of" if offset >= 0 else "behind"
        text = f"{self._network} answers; our clock is {abs(offset)} ms {ahead} it, to within {spread} ms"
        if spread > _MOST_SPREAD_MS:
            advice = "it answers so slowly that nothing will be opened: look for a better connection"
            return Finding(check="exchange", level=Level.WARN, text=text, advice=advice)
        if abs(offset) > _MOST_OFFSET_MS:
            return Finding(check="exchange", level=Level.WARN, text=text, advice="run a time service on this machine")
        return Finding(check="exchange", level=Level.OK, text=text)

    async def _socket(self) -> Finding:
        """Open a WebSocket and have a ping answered."""
        try:
            socket = await self._transport.connect()
            try:
                await socket.send('{"method":"ping"}')
                async with asyncio.timeout(_PONG_S):
                    while (text := await socket.receive()) is not None and b"pong" not in _bytes(text):
                        pass
            finally:
                await socket.close()
        except VenueError as error:
            return _failed("stream", error, self._network)
        except TimeoutError:
            text = None
        if text is None:
            advice = "something between here and there lets no WebSocket through: look at proxy and firewall"
            return Finding(check="stream", level=Level.FAIL, text="a WebSocket opens, and is silent", advice=advice)
        return Finding(check="stream", level=Level.OK, text="a WebSocket opens and answers")

    async def _markets(self, policy: Policy) -> Finding:
        """Read what is listed, and look for coins of the settings there."""
        try:
            await self._listing.refresh()
        except VenueError as error:
            return _failed("markets", error, self._network)
        listed = {instrument.coin for instrument in self._listing.instruments}
        text = f"{len(listed)} markets on {len(self._listing.dexs)} dexs"
        named = {coin for bot in policy.bots for coin in (*(bot.coins.allow or ()), *bot.coins.deny)}
        named |= set(policy.asset_exposure_caps)
        if strangers := sorted(named - listed):
            text += f"; not listed: {', '.join(strangers)}"
            advice = "names are exact, with the dex in front, as in `xyz:NVDA`: mend the settings"
            return Finding(check="markets", level=Level.WARN, text=text, advice=advice)
        return Finding(check="markets", level=Level.OK, text=text)

    async def _wallets(self, policy: Policy) -> Sequence[Finding]:
        """Ask what the first of the followed addresses are to the exchange: it is a heavy question."""
        found = []
        followed = [bot for bot in policy.bots if bot.enabled]
        for bot in followed[:_ASKED_MAX]:
            check = f"wallet of {bot.id}"
            try:
                role = codec.wallet_role(await self._info.role(bot.wallet, lane=Lane.REST))
            except VenueError as error:
                found.append(_failed(check, error, self._network))
            else:
                found.append(_of_role(check, bot.id, role))
        if len(followed) > _ASKED_MAX:
            text = f"{len(followed) - _ASKED_MAX} more were not asked: a worker does, one after the other"
            found.append(Finding(check="other wallets", level=Level.OK, text=text))
        return found


def rate_of(budget: RateBudget) -> Finding:
    """Tell how much of the minute is used, and whether others use it, too."""
    use = budget.use()
    text = f"these checks used {use.used} of {use.per_minute} a minute"
    if use.refusals:
        text += f", and {use.refusals} were refused as too many"
        advice = (
            "a worker that runs asks from this address, too: wait a minute; "
            f"where other programs do, set {variable('weight_per_minute')} to what is left for us"
        )
        return Finding(check="rate limit", level=Level.WARN, text=text, advice=advice)
    return Finding(check="rate limit", level=Level.OK, text=text)


def _of_role(check: str, bot: str, role: WalletRole) -> Finding:
    if role.may_be_followed:
        return Finding(check=check, level=Level.OK, text=f"it is a {role}")
    if role is WalletRole.AGENT:
        text, advice = "it only signs for another address", f"`fadearena bots set {bot} walletAddress=` that address"
        return Finding(check=check, level=Level.FAIL, text=text, advice=advice)
    advice = f"look at the address, or `fadearena bots disable {bot}`"
    return Finding(check=check, level=Level.WARN, text="the exchange does not know it", advice=advice)


def _failed(check: str, error: VenueError, network: Network) -> Finding:
    advice = "look at the network connection; https://app.hyperliquid.xyz says whether the exchange works"
    if isinstance(error, SlowDown):
        advice = "wait a minute, and ask again: all programs at this address share one rate limit"
    elif network is Network.SANDBOX:
        advice = f"start it with `fadearena sandbox`, or mend {variable('sandbox_url')}"
    return Finding(check=check, level=Level.FAIL, text=str(error), advice=advice)


def _bytes(text: bytes | str) -> bytes:
    return text.encode() if isinstance(text, str) else text
