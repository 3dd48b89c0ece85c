"""The commands of `bots`: who is followed, how, and whom there is to follow."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from fadearena.cli import options
from fadearena.cli.options import AsJson, DataDir
from fadearena.model.leaderboard import Measure, Window

app = typer.Typer(name="bots", help="Who is followed, and how.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(metavar="ID")]
Ids = Annotated[list[str], typer.Argument(metavar="ID...")]
Fields = Annotated[
    list[str] | None,
    typer.Argument(metavar="KEY=VALUE...", help="Fields as `bots list --json` names them; null for none."),
]


@app.command("list")
def list_(
    enabled: Annotated[bool, typer.Option("--enabled", help="Only those that are followed.")] = False,
    held: Annotated[bool, typer.Option("--held", help="Only those because of which we hold something.")] = False,
    idle: Annotated[bool, typer.Option("--idle", help="Only those that did not trade for a week.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, metavar="N", help="So many at once: 50, in JSON all.")] = None,
    page: Annotated[int, typer.Option(min=1, metavar="N", help="Which of the pages.")] = 1,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """
    List the bots, those that are followed first.

    With their states, their last trades, and what they brought us.
    """
    from fadearena.cli.rosters import ListRequest, bots

    bots(ListRequest(enabled=enabled, held=held, idle=idle, limit=limit, page=page, as_json=as_json), data_dir)


@app.command()
def show(bot: Id, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """
    Show a bot by its id or its wallet.

    Its settings, what is in sight of it and how old that is, its positions, and ours beside them.
    """
    from fadearena.cli.rosters import bot as show_bot

    show_bot(bot, data_dir, as_json=as_json)


@app.command()
def add(
    bot: Id,
    wallet: Annotated[str, typer.Option(metavar="ADDRESS", help="Its public wallet: 0x and 40 hex digits.")],
    fields: Fields = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Follow one more bot."""
    from fadearena.cli.changing import add_bot

    add_bot(bot, [f"walletAddress={wallet}", *(fields or [])], data_dir, as_json=as_json)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Addresses, CSV, or what `bots list --json` prints.")],
    sets: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A field for all of them; repeatable.")
    ] = None,
    enable: Annotated[
        bool, typer.Option("--enable", help="Follow them at once, instead of only watching them.")
    ] = False,
    update: Annotated[bool, typer.Option("--update", help="Change bots of these wallets, too.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """
    Take in a list of many bots.

    They are watched only, unless --enable is said. What cannot be used is left out and named by file and line.
    """
    from fadearena.cli.importing import Terms, import_bots

    terms = Terms(sets=tuple(sets or ()), enable=enable, update=update, dry_run=dry_run)
    import_bots(file, terms, data_dir, as_json=as_json)


@app.command()
def discover(  # noqa: PLR0913, PLR0917 - one option for each question
    window: Annotated[Window, typer.Option(help="What PnL, ROI and turnover are counted over.")] = Window.WEEK,
    by: Annotated[Measure, typer.Option(help="What they are ranked by.")] = Measure.PNL,
    min_value: Annotated[
        Decimal, typer.Option(parser=options.usd_or_zero, metavar="USD", help="Least account value.")
    ] = Decimal(5_000),
    min_turnover: Annotated[
        Decimal, typer.Option(parser=options.usd_or_zero, metavar="USD", help="Least turnover in the window.")
    ] = Decimal(10_000),
    with_idle: Annotated[bool, typer.Option("--with-idle", help="Also who did not trade for a week.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, metavar="N", help="So many are shown, or written.")] = 20,
    add: Annotated[
        int | None, typer.Option("--add", min=1, max=10_000, metavar="N", help="Take in the first N that are new.")
    ] = None,
    sets: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="With --add: a field for all; repeatable.")
    ] = None,
    enable: Annotated[bool, typer.Option("--enable", help="With --add: follow them at once.")] = False,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a list for `bots import`.")] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Rank the exchange's leaderboard: whom is there to follow?"""
    if add is None and (sets or enable):
        raise typer.BadParameter("--set and --enable are for those that --add takes in")
    from fadearena.cli.discovering import DiscoverRequest, discover

    discover(
        DiscoverRequest(
            window=window,
            by=by,
            min_value=min_value,
            min_turnover=min_turnover,
            with_idle=with_idle,
            limit=limit,
            add=add,
            sets=tuple(sets or ()),
            enable=enable,
            out=out,
            as_json=as_json,
        ),
        data_dir,
    )


@app.command("set")
def set_(bot: Id, fields: Fields = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Change how a bot is followed."""
    from fadearena.cli.changing import set_bots

    set_bots([bot], fields or [], data_dir, as_json=as_json)


@app.command()
def remove(bots: Ids, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Forget bots; refused while we hold something because of one."""
    from fadearena.cli.changing import remove_bots

    remove_bots(bots, data_dir, as_json=as_json)


@app.command()
def enable(bots: Ids, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Follow bots (again)."""
    from fadearena.cli.changing import set_bots

    set_bots(bots, ["enabled=true"], data_dir, as_json=as_json)


@app.command()
def disable(bots: Ids, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Only reduce what is held because of bots, and watch them."""
    from fadearena.cli.changing import set_bots

    set_bots(bots, ["enabled=false"], data_dir, as_json=as_json)
