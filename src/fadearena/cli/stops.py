"""The commands that stop trading and let it go on: `kill`, `release`, `pause`, `resume`."""

from typing import Annotated

import typer

from fadearena.cli.options import AsJson, Bot, DataDir


def kill(
    flatten: Annotated[bool, typer.Option("--flatten", help="Close all positions, too.")] = False,
    rehearse: Annotated[
        bool, typer.Option("--rehearse", help="With --flatten, in simulation: do it all, measure it, and go on.")
    ] = False,
    bot: Bot = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """
    Stop trading at once; only `release` ends it.

    Without a worker the stop stays queued, and is the first thing that a worker will do. It also works by a file
    named KILL in the data directory (which may say "flatten"), and by the signal SIGUSR1 to the worker or to `up`.
    """
    from fadearena.cli.ordering import rehearse as rehearse_kill
    from fadearena.cli.ordering import stop
    from fadearena.model.event import Kill

    if rehearse:
        if not flatten or bot is not None:
            raise typer.BadParameter("--rehearse goes with --flatten, and is of everything")
        rehearse_kill(data_dir, as_json=as_json)
        return
    stop(Kill(flatten=flatten, bot=bot), data_dir, as_json=as_json)


def release(
    rejoin: Annotated[
        bool, typer.Option("--rejoin", help="Take up the positions that the bots hold now, instead of new ones only.")
    ] = False,
    bot: Bot = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """End a kill: increases are possible again."""
    from fadearena.cli.ordering import release
    from fadearena.model.event import Release

    release(Release(rejoin=rejoin, bot=bot), data_dir, as_json=as_json)


def pause(bot: Bot = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """
    Only reduce from now on; `resume` ends it.

    Without a worker it stays queued, as `kill` does.
    """
    from fadearena.cli.ordering import stop
    from fadearena.model.event import Pause

    stop(Pause(bot=bot), data_dir, as_json=as_json)


def resume(
    bot: Bot = None,
    account: Annotated[str | None, typer.Option(metavar="ID", help="Only this account of ours.")] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """End pauses and breached limits."""
    from fadearena.cli.ordering import order
    from fadearena.model.event import Resume

    order(Resume(bot=bot, account=account), data_dir, as_json=as_json)
