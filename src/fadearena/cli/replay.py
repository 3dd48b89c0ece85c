"""The command `replay`: what we would have held, traded and earned on recorded fills."""

from decimal import Decimal
from pathlib import Path

import msgspec

from fadearena.bootstrap.replay import ReplayPlan, Run, replay_run
from fadearena.cli.errors import say
from fadearena.cli.exit_codes import ExitCode
from fadearena.cli.naming import recorded_bots
from fadearena.cli.output import Advance, print_json, show, table
from fadearena.kit.decimals import plain
from fadearena.model.event import SourceFills
from fadearena.model.ids import Coin
from fadearena.model.units import ZERO, Direction
from fadearena.ports.journal import JournalEntry
from fadearena.runtime.summary import BotSummary, CoinSummary, Totals, by_bot, totals

_SAID_LINES = 20


class ReplayRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The options of the command."""

    files: tuple[Path, ...]
    direction: Direction
    multiplier: Decimal
    equity: Decimal
    half_spread_bps: Decimal
    meta: Path | None
    as_json: bool


class BadLineReport(msgspec.Struct, frozen=True, kw_only=True):
    """A line that was left out."""

    file: str
    line: int
    reason: str


class ReplayReport(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What `replay --json` prints. Decimals are texts."""

    bots: tuple[BotSummary, ...]
    totals: Totals
    start_equity: str
    equity: str
    drift: dict[str, str]
    journal_hash: str
    bad_lines: tuple[BadLineReport, ...]


def replay(request: ReplayRequest) -> None:
    """Run the command; ends with `PARTLY_BAD_INPUT` where lines had to be left out."""
    run = _run(request)
    report = report_of(run, request.equity)
    if request.as_json:
        print_json(report)
    else:
        _show(report)
    _say_guessed_lots(run, request)
    _say_bad_lines(report)
    if report.bad_lines:
        raise SystemExit(int(ExitCode.PARTLY_BAD_INPUT))


def report_of(run: Run, start_equity: Decimal) -> ReplayReport:
    """Return what a finished run came to."""
    state, tally = run.backtest.state, run.backtest.tally
    return ReplayReport(
        bots=by_bot(state, tally),
        totals=totals(state, tally),
        start_equity=plain(start_equity),
        equity=plain(run.equity()),
        drift={coin: plain(size) for coin, size in run.drift().items()},
        journal_hash=run.journal.journal_hash,
        bad_lines=tuple(BadLineReport(file=b.file, line=b.line, reason=b.reason) for b in run.bad_lines),
    )


def _run(request: ReplayRequest) -> Run:
    plan = ReplayPlan(
        bots=recorded_bots(request.files),
        direction=request.direction,
        multiplier=request.multiplier,
        equity=request.equity,
        half_spread_bps=request.half_spread_bps,
        meta=request.meta,
    )
    with Advance("replay") as bar:
        done = 0

        def count(entry: JournalEntry) -> None:
            nonlocal done
            if isinstance(entry.event, SourceFills):
                done += 1
                bar.see(done)

        run = replay_run(plan)
        run.watchers.append(count)
        bar.see(0, run.messages)
        run.finish()
    return run


def _say_guessed_lots(run: Run, request: ReplayRequest) -> None:
    """Name on stderr the coins in which nothing is to be held only because a guessed lot is too large for it."""
    state, coarse = run.backtest.state, set[Coin]()
    for (bot, coin), sleeve in state.sleeves.items():
        wanted = abs(state.follows[bot, coin].followed) * request.multiplier
        if wanted and not sleeve.target and wanted < run.guessed_lots.get(coin, ZERO):
            coarse.add(coin)
    advice = "give --meta" if request.meta is None else f"{request.meta} does not list the coin"
    for coin in sorted(coarse):
        lot = plain(run.guessed_lots[coin])
        say(f"{coin}: lots of {lot} were guessed from the file, targets below that are 0; {advice}")


def _say_bad_lines(report: ReplayReport) -> None:
    """Name bad lines on stderr: the first ones one by one, the rest by their number."""
    bad = report.bad_lines
    for line in bad[:_SAID_LINES]:
        say(f"{line.file}:{line.line}: {line.reason}")
    if len(bad) > _SAID_LINES:
        say(f"and {len(bad) - _SAID_LINES} more bad lines; --json lists them all")
    if bad:
        noun = "line was" if len(bad) == 1 else "lines were"
        say(f"{len(bad)} bad {noun} left out of the replay: mend or remove them and replay again")


def _show(report: ReplayReport) -> None:
    for bot in report.bots:
        rows = table(bot.bot, "coin", "theirs", "followed", "ours", "off", "realised", "fees", "orders")
        for coin, line in bot.coins.items():
            rows.add_row(
                coin,
                line.source_position,
                line.followed,
                line.sleeve,
                plain(Decimal(line.target) - Decimal(line.sleeve)),
                _cents(line.realised_pnl),
                _cents(line.fees),
                str(line.orders),
            )
        show(rows, *(f"  {coin} skipped: {_skips(line)}" for coin, line in bot.coins.items() if line.skips))
    sums = report.totals
    show(
        f"{sums.events} events, {sums.executes} executes, {sums.skips} skips, {sums.orders} orders, {sums.fills} fills",
        f"realised {_cents(sums.realised_pnl)}, unrealised {_cents(sums.unrealised_pnl)}, "
        f"fees {_cents(sums.fees)}, funding {_cents(sums.funding)}, net {_cents(sums.net_pnl)} USD",
        f"equity {_cents(report.start_equity)} -> {_cents(report.equity)} USD",
        f"journal {report.journal_hash}",
    )


def _skips(line: CoinSummary) -> str:
    return ", ".join(f"{reason} {times}x" for reason, times in line.skips.items())


def _cents(number: str) -> str:
    return f"{Decimal(number):.2f}"
