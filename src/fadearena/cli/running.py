"""The commands `up`, `worker` and `server`: they run until they are told to end."""

import asyncio
import sys
from pathlib import Path

from fadearena.bootstrap.places import Places, places_of
from fadearena.bootstrap.signals import hold_kill_signal
from fadearena.cli.exit_codes import AGAIN, FINAL, ExitCode
from fadearena.config import Config, load
from fadearena.kit import log
from fadearena.kit.parent import end_with_parent
from fadearena.runtime.supervisor import Patience

_SWITCH_S = 0.0005  # the thread that writes the journal waits at most so long for a busy event loop


def up(data_dir: Path | None) -> None:
    """Run worker and server."""
    from fadearena.bootstrap.up import run_up

    config, places = _begin(data_dir, is_supervised=False)
    patience = Patience(limit=config.restart_limit, final=frozenset(map(int, FINAL)), again=frozenset(map(int, AGAIN)))
    code = asyncio.run(run_up(places, patience))
    if code:
        raise SystemExit(code)


def worker(data_dir: Path | None, *, supervised: bool) -> None:
    """Run a worker."""
    hold_kill_signal()
    import uvloop

    from fadearena.bootstrap.worker import run_worker

    config, places = _begin(data_dir, is_supervised=supervised)
    sys.setswitchinterval(_SWITCH_S)
    if uvloop.run(run_worker(config, places)):
        raise SystemExit(int(ExitCode.MODE_CHANGED))


def server(data_dir: Path | None, *, supervised: bool) -> None:
    """Run a server."""
    import uvloop

    from fadearena.bootstrap.server import run_server

    config, places = _begin(data_dir, is_supervised=supervised)
    if uvloop.run(run_server(config, places)):
        raise SystemExit(int(ExitCode.MODE_CHANGED))


def _begin(data_dir: Path | None, *, is_supervised: bool) -> tuple[Config, Places]:
    if is_supervised:
        end_with_parent()
    config = load(data_dir=data_dir)
    log.configure(config.log_level, config.log_format)
    return config, places_of(config)
