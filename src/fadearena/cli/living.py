"""`status --alive`: whether a worker lives or stands by, told by the exit code, for whoever watches processes."""

from pathlib import Path

from fadearena.bootstrap.client import Client
from fadearena.cli.errors import fail
from fadearena.cli.exit_codes import ExitCode
from fadearena.cli.output import print_json
from fadearena.cli.session import with_client

_WORKERS = frozenset({"worker", "standby"})


def alive(data_dir: Path | None, *, as_json: bool) -> None:
    """End with `NO_WORKER` where none does."""

    async def look(client: Client) -> bool:
        status = await client.status()
        return any(beat.process in _WORKERS and beat.is_alive(status.now) for beat in status.beats)

    is_alive = with_client(data_dir, look)
    if as_json:
        print_json({"alive": is_alive})
    if not is_alive:
        fail("no worker is running: start one with `fadearena up`", ExitCode.NO_WORKER)
