"""
The command `fadearena`: its commands and their options.

Nothing heavy is imported here: what a command needs is imported when it runs, so that `--help` is quick.
"""

import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from fadearena.cli import (
    accounts,
    alerts,
    beginning,
    bots,
    db,
    direct,
    exports,
    journal,
    keys,
    letters,
    looks,
    mode,
    options,
    parity,
    processes,
    settings,
    stops,
    token,
)
from fadearena.cli.errors import fail, on_uncaught
from fadearena.cli.exit_codes import ExitCode
from fadearena.cli.options import AsJson
from fadearena.model.error import (
    FadeArenaError,
    InvalidInput,
    JournalCorrupt,
    LeaseLost,
    OutcomeUnknown,
    StorageOutdated,
    StorageUnavailable,
    VenueProtocolError,
    VenueRefused,
    VenueUnavailable,
)
from fadearena.model.units import Direction

_CODES: dict[type[FadeArenaError], ExitCode] = {
    InvalidInput: ExitCode.UNUSABLE_INPUT,
    StorageUnavailable: ExitCode.STORAGE_UNAVAILABLE,
    StorageOutdated: ExitCode.STORAGE_OUTDATED,
    LeaseLost: ExitCode.LEASE_LOST,
    JournalCorrupt: ExitCode.JOURNAL_CORRUPT,
    VenueUnavailable: ExitCode.VENUE_UNAVAILABLE,
    OutcomeUnknown: ExitCode.VENUE_UNAVAILABLE,
    VenueRefused: ExitCode.VENUE_UNAVAILABLE,
    VenueProtocolError: ExitCode.VENUE_UNAVAILABLE,
}

app = typer.Typer(
    name="fadearena",
    help="Follow trading bots by their public wallets, and fade or copy what they do.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # rich's help costs 0.1 s at every start
    pretty_exceptions_enable=False,
)

for command in (
    beginning.init,
    mode.mode,
    processes.up,
    processes.worker,
    processes.api,
    processes.openapi,
    processes.sandbox,
    looks.status,
    looks.doctor,
    looks.bundle,
    parity.parity,
    exports.export,
    stops.kill,
    direct.flatten,
    stops.release,
    stops.pause,
    stops.resume,
):
    app.command()(command)
for group in (bots.app, accounts.app, keys.app, settings.app, alerts.app, letters.app, journal.app, db.app, token.app):
    app.add_typer(group)


@app.command()
def demo(  # noqa: PLR0913, PLR0917 - one for each option
    seconds: Annotated[
        int | None,
        typer.Option(min=1, max=86_400, help="How long it runs; else until Ctrl-C, unseen or as JSON for 60 s."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another story.")] = 1,
    speed: Annotated[
        Decimal, typer.Option(parser=options.speed, metavar="X", help="Seconds of the sandbox in one second of ours.")
    ] = Decimal(20),
    headless: Annotated[bool, typer.Option("--headless", help="Show no live view.")] = False,
    data_dir: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep it there, and go on from there; else it is temporary.")
    ] = None,
    host: Annotated[str, typer.Option(metavar="HOST", help="Where the API listens.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, metavar="P", help="Its port; 0 is any free one.")] = 0,
    hours: Annotated[int, typer.Option(min=0, max=48, metavar="N", help="How much of a past it begins with.")] = 6,
    as_json: AsJson = False,
) -> None:
    """
    Fade six made-up bots on a sandbox: no key, no network.

    Nothing has to be configured. Without --data-dir everything is gone at the end; what is configured is left alone.
    """
    from fadearena.cli.demo import DemoRequest, demo

    demo(
        DemoRequest(
            seconds=seconds,
            seed=seed,
            speed=speed,
            headless=headless,
            as_json=as_json,
            data_dir=data_dir,
            host=host,
            port=port,
            hours=hours,
        )
    )


@app.command()
def replay(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="Fills as userFills lists them, JSON Lines; gzip too."),
    ],
    direction: Annotated[Direction, typer.Option(help="Hold the opposite of the bots, or the same.")] = (
        Direction.FADE
    ),
    multiplier: Annotated[
        Decimal, typer.Option(parser=options.multiplier, metavar="X", help="Our size per unit of theirs.")
    ] = Decimal("0.05"),
    equity: Annotated[
        Decimal, typer.Option(parser=options.usd, metavar="USD", help="What our account starts with.")
    ] = Decimal(10_000),
    half_spread_bps: Annotated[
        Decimal, typer.Option(parser=options.bps, metavar="BPS", help="From the fill's price to our touch.")
    ] = Decimal(1),
    meta: Annotated[Path | None, typer.Option(metavar="FILE", help="A meta answer with the markets' lots.")] = None,
    as_json: AsJson = False,
) -> None:
    """Replay recorded fills: what would we hold and earn?"""
    from fadearena.cli.replay import ReplayRequest, replay

    replay(
        ReplayRequest(
            files=tuple(files),
            direction=direction,
            multiplier=multiplier,
            equity=equity,
            half_spread_bps=half_spread_bps,
            meta=meta,
            as_json=as_json,
        )
    )


@app.command()
def version(as_json: AsJson = False) -> None:
    """Print the version."""
    from fadearena.cli.version import version

    version(as_json=as_json)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line (that of the process by default); every error ends in a sentence and an exit code."""
    sys.excepthook = on_uncaught
    try:
        command = typer.main.get_command(app)
        command(arguments)  # calling `app` itself would put typer's own excepthook in our place
    except tuple(_CODES) as error:
        fail(str(error), _CODES[type(error)])
    except FadeArenaError as error:
        fail(f"{error}; please report it with the command line that you used", ExitCode.BROKEN)
    except KeyboardInterrupt:
        fail("interrupted", ExitCode.INTERRUPTED)
