"""`up`: worker and API as two processes under a supervisor."""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import BinaryIO

from fadearena.bootstrap.places import Places
from fadearena.bootstrap.signals import KILL_SIGNAL, hold_kill_signal, listening, release_kill_signal
from fadearena.bootstrap.tables import make_tables
from fadearena.config import AGENT_KEYS, Config
from fadearena.kit.clock import SystemClock
from fadearena.model.error import InvalidInput
from fadearena.model.policy import Mode
from fadearena.runtime.supervisor import Patience, Program, Supervisor

WORKER, API = "worker", "api"


async def run_up(config: Config, places: Places, patience: Patience) -> int:
    """
    Run both until SIGTERM or SIGINT; return 0, or the exit code of the one that was given up.

    Raises:
        InvalidInput: Live trading with keys in the environment: they would be in this process and in the API's, too.
        StorageError: The tables cannot be made, or are of another version.
    """
    if places.mode is Mode.LIVE and AGENT_KEYS in os.environ:
        raise InvalidInput(
            f"{AGENT_KEYS} would be in the environment of more processes than the one that signs: keep the key with "
            "`fadearena keys add`, or run `fadearena worker` and `fadearena api` by themselves, and give it to the "
            "worker alone"
        )
    await asyncio.to_thread(make_tables, places)
    home = ("--data-dir", str(places.data_dir))
    where = ("--host", config.host, "--port", str(config.port))
    programs = (
        Program(name=WORKER, launch=partial(launch, (WORKER, *home))),
        Program(name=API, launch=partial(launch, (API, *home, *where))),
    )
    supervisor = Supervisor(programs, SystemClock(), patience)
    with listening(supervisor.stop, partial(supervisor.send, WORKER, KILL_SIGNAL)):
        return await supervisor.run()


async def launch(
    arguments: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    directory: Path | None = None,
    out: int | None = None,
    log: BinaryIO | int | None = None,
) -> asyncio.subprocess.Process:
    """
    Start a command of ours that ends when this process does.

    It does not hear the terminal's signals, and SIGUSR1 waits in it until it can act on it. Private keys in our
    environment are not passed on.

    Args:
        arguments: The command and its options.
        environment: All its variables; by default it has ours.
        directory: Where it works; by default where we do.
        out: Where its results go, `PIPE` perhaps; by default to our standard output.
        log: Where its log goes; by default to our standard error.
    """
    inherited = os.environ if environment is None else environment
    hold_kill_signal()
    try:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "fadearena",
            *arguments,
            "--supervised",
            stdin=asyncio.subprocess.PIPE,
            stdout=out,
            stderr=log,
            env={name: text for name, text in inherited.items() if name != AGENT_KEYS},
            cwd=directory,
            start_new_session=True,
        )
    finally:
        release_kill_signal()
