"""The commands `up`, `worker` and `api`: they run until they are told to end."""

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


def up(data_dir: Path | None, host: str | None, port: int | None) -> None:
    """Run worker and API."""
    from fadearena.bootstrap.up import run_up

    config, places = _begin(data_dir, host, port)
    patience = Patience(limit=config.restart_limit, final=frozenset(map(int, FINAL)), again=frozenset(map(int, AGAIN)))
    code = asyncio.run(run_up(config, places, patience))
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


def api(data_dir: Path | None, host: str | None, port: int | None, *, supervised: bool) -> None:
    """Run an API process."""
    import uvloop

    from fadearena.bootstrap.api import run_api

    config, places = _begin(data_dir, host, port, is_supervised=supervised)
    if uvloop.run(run_api(config, places)):
        raise SystemExit(int(ExitCode.MODE_CHANGED))


def _begin(
    data_dir: Path | None, host: str | None = None, port: int | None = None, *, is_supervised: bool = False
) -> tuple[Config, Places]:
    if is_supervised:
        end_with_parent()
    config = load(data_dir=data_dir, host=host, port=port)
    log.configure(config.log_level, config.log_format)
    return config, places_of(config)
