"""The command `sandbox`: an exchange in a box, until it is told to end."""

import asyncio
import gc
from decimal import Decimal
from pathlib import Path

import msgspec

from fadearena.bootstrap.seed import SEASON_1_5
from fadearena.bootstrap.signals import listening
from fadearena.cli.output import print_json, show, table
from fadearena.config import Network, load, variable
from fadearena.kit import log
from fadearena.kit.collector import short_rounds
from fadearena.kit.parent import end_with_parent
from fadearena.model.error import InvalidInput
from fadearena.sandbox.exchange.crowd import CrowdOptions
from fadearena.sandbox.gateway.gateway import Settings
from fadearena.sandbox.gateway.limits import Limits
from fadearena.sandbox.server import Listening, Options, serve


class SandboxRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The options of the command."""

    host: str
    port: int
    seed: int
    speed: Decimal
    state: Path | None
    is_open: bool
    as_json: bool
    supervised: bool
    traders: int
    trades_per_second: Decimal
    coins: int
    limits_factor: int


def sandbox(request: SandboxRequest) -> None:
    """Run a sandbox."""
    if request.supervised:
        end_with_parent()
    config = load()
    log.configure(config.log_level, config.log_format)
    options = Options(
        host=request.host,
        port=request.port,
        seed=request.seed,
        speed=request.speed,
        state=request.state,
        wallets={bot: wallet for bot, _, wallet in SEASON_1_5},
        is_open=request.is_open,
        coins=request.coins,
        crowd=CrowdOptions(request.traders, request.trades_per_second),
        settings=Settings(limits=Limits().times(request.limits_factor)),
    )
    import uvloop

    with short_rounds():
        uvloop.run(_serve(options, request))


async def _serve(options: Options, request: SandboxRequest) -> None:
    """Serve until SIGTERM or SIGINT."""
    serving = asyncio.create_task(serve(options, ready=lambda where: _tell(where, request)), name="sandbox")

    def end() -> None:
        serving.cancel()

    with listening(end):
        await asyncio.wait({serving})
    try:
        if not serving.cancelled():
            serving.result()
    except OSError as error:
        raise InvalidInput(f"the sandbox cannot run ({error}): give another --port or --state") from error


def _tell(where: Listening, request: SandboxRequest) -> None:
    gc.collect()
    gc.freeze()  # what is there now stays: to look through it again and again would take too long with a crowd
    if request.as_json:
        print_json({"url": where.url, "traders": where.traders, "crowd": where.crowd})
        return
    chosen = f"{variable('network')}={Network.SANDBOX} {variable('sandbox_url')}={where.url}"
    traders = table("wallets that can be followed", "wallet", "name", "temperament")
    for trader in where.traders:
        traders.add_row(trader.wallet, trader.name, trader.temperament)
    show(
        traders,
        *([f"and {where.crowd} more: {where.url}/sandbox/traders"] if where.crowd else []),
        f"an exchange in a box listens at {where.url} (seed {request.seed}, speed {request.speed}); Ctrl-C ends it",
        f"to trade on it: {chosen} fadearena up --data-dir DIR",
    )
