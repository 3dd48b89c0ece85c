"""The command `demo`: sandbox, worker and API for some time, in a live view or without one, and what came of it."""

import asyncio
import math
import signal
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import msgspec
from rich.console import Console
from rich.live import Live

from fadearena.bootstrap.demo import Demo, Holdings, Running, demo_on, operator_password, running, settled
from fadearena.bootstrap.past import make_past
from fadearena.bootstrap.report import Reckoning, reckon
from fadearena.cli.errors import say
from fadearena.cli.exit_codes import ExitCode
from fadearena.cli.output import Advance, print_json, show
from fadearena.cli.view import Scene, Where, frame
from fadearena.kit import log
from fadearena.kit.clock import Clock, SystemClock
from fadearena.kit.decimals import plain
from fadearena.kit.tasks import either
from fadearena.model.record import Outcome
from fadearena.model.units import SECOND_MS, EpochMs, Usd
from fadearena.ports.read_store import LogQuery, ReadStore

_FRAME_MS = 125
_UNSEEN_S = 60
_PAGE = 1_000


class DemoRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The options of the command; without `seconds` it runs until Ctrl-C where somebody looks on, else for a minute."""

    seconds: int | None
    seed: int
    speed: Decimal
    headless: bool
    as_json: bool
    data_dir: Path | None = None
    host: str = "127.0.0.1"
    port: int = 0
    hours: int = 0


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Decisions by outcome."""

    execute: int
    skip: int
    hold: int


class DemoReport(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """
    What `demo --json` prints. Decimals are texts.

    Events, decisions, orders and fills are those of this run; `history` counts the events of the past that was made up
    before it. `stepped` of the `entries` in the journal were stepped again, the newest ones, and the invariants checked
    after `checked` of them: that is what `replay_identical` and `invariants` are about. `resumed` tells whether another
    run came before it in `data_dir`, which is null where it was a temporary one. `bots_equity` is that of all bots
    together, as read last; null where one was not read yet.
    `tracking_error` is the sum of |sleeve - target| at mark, as a ratio of our equity. `drift` counts the coins in
    which the venue's position is not ours. `journal_hash` is over the whole journal. `tracked_equals_truth` tells
    whether the wallets held, at the end, exactly what we believed.
    """

    events: int
    decisions: Counts
    orders: int
    fills: int
    equity: str
    bots_equity: str | None
    tracking_error: str
    drift: int
    invariants: str
    replay_identical: bool
    entries: int
    stepped: int
    checked: int
    journal_hash: str
    tracked_equals_truth: bool
    seed: int
    data_dir: str | None
    resumed: bool
    history: int


@dataclass(frozen=True)
class Stage:
    """Where the live view is shown, and the clock that it keeps to."""

    console: Console = field(default_factory=lambda: Console(stderr=True))
    clock: Clock = field(default_factory=SystemClock)


def demo(request: DemoRequest, stage: Stage | None = None) -> None:
    """Run the command; without a terminal it runs as with `--headless`."""
    stage = stage or Stage()
    log.configure("error")
    with demo_on(request.data_dir, request.seed, request.speed, host=request.host, port=request.port) as begun:
        made = _with_past(request, begun)
        password = asyncio.run(operator_password(made)) or ""
        truth = asyncio.run(_run(request, made, stage, password))
        with Advance("adding up") as bar:
            report = report_of(asyncio.run(reckon(made, bar.see)), truth, made)
    if request.as_json:
        print_json(report)
    else:
        show(*summary_of(report))
    if report.drift or not (report.replay_identical and report.tracked_equals_truth):
        raise SystemExit(int(ExitCode.BROKEN))


def report_of(found: Reckoning, truth: Holdings, made: Demo) -> DemoReport:
    """Return what a run came to, as it is printed."""
    outcomes = found.tally.outcomes()
    return DemoReport(
        events=found.tally.events,
        decisions=Counts(**{outcome.value: outcomes.get(outcome, 0) for outcome in Outcome}),
        orders=found.tally.orders.total(),
        fills=found.tally.fills.total(),
        equity=plain(found.equity),
        bots_equity=None if found.bots_equity is None else plain(found.bots_equity),
        tracking_error=plain(found.tracking_error),
        drift=len(found.drift),
        invariants="ok",
        replay_identical=not found.differences,
        entries=found.entries,
        stepped=found.stepped,
        checked=found.checked,
        journal_hash=found.journal_hash,
        tracked_equals_truth=all(held == truth.get(wallet, {}) for wallet, held in found.tracked.items()),
        seed=made.seed,
        data_dir=None if made.is_temporary else str(made.places.data_dir),
        resumed=made.before > 0,
        history=made.past,
    )


def _with_past(request: DemoRequest, made: Demo) -> Demo:
    """Give a demo that begins anew its past."""
    if not request.hours or made.before:
        return made
    say(f"{request.hours} h before now are made up, from the same seed")
    with Advance("the past") as bar:
        return make_past(made, request.hours, bar.see)


async def _run(request: DemoRequest, made: Demo, stage: Stage, password: str) -> Holdings:
    """Run it for its time, or until Ctrl-C; return what its wallets held in truth at the end."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()

    def on_interrupt() -> None:
        loop.remove_signal_handler(signal.SIGINT)  # the second one ends everything at once
        stop.set()

    loop.add_signal_handler(signal.SIGINT, on_interrupt)
    try:
        async with running(made) as processes:
            url = await _address(processes, stage, stop)
            if url and password:
                say(f"to change something there, log in as operator; the password, shown this once: {password}")
            lasts_ms = lasts(request, stage)
            if is_seen(request, stage):
                await _draw(lasts_ms, made, stage, processes, stop, Where(url, password))
            else:
                with Advance("demo") as bar:
                    await _pass(lasts_ms, stage, processes, stop, bar)
            return {} if processes.is_over else await settled(made, processes)
    finally:
        loop.remove_signal_handler(signal.SIGINT)


def is_seen(request: DemoRequest, stage: Stage) -> bool:
    """Tell whether there is a live view."""
    return not request.headless and stage.console.is_terminal


def lasts(request: DemoRequest, stage: Stage) -> float:
    """Return for how many milliseconds a demo runs; without an end where somebody looks on and ends it."""
    if request.seconds is None and is_seen(request, stage) and not request.as_json:
        return math.inf
    return (request.seconds or _UNSEEN_S) * SECOND_MS


async def _address(processes: Running, stage: Stage, stop: asyncio.Event) -> str:
    """Wait until the API listens, say where, and return it; empty where it never does."""
    while not (stop.is_set() or processes.is_over):
        url = await processes.url()
        if url is not None:
            say(f"the page is at {url}/, the API beside it")
            return url
        await either(stage.clock.sleep_until(stage.clock.now_ms() + _FRAME_MS), stop.wait())
    return ""


async def _pass(lasts_ms: float, stage: Stage, processes: Running, stop: asyncio.Event, bar: Advance) -> None:
    """Wait until so long after the first news, or until Ctrl-C."""
    clock, records = stage.clock, processes.records
    began: EpochMs | None = None
    before = (await records.position()).record_seq
    while not (stop.is_set() or processes.is_over):
        now = clock.now_ms()
        if began is None and (await records.position()).record_seq > before:
            began = now
        passed = 0 if began is None else now - began
        if passed >= lasts_ms:
            return
        bar.see(passed, lasts_ms)
        await either(clock.sleep_until(now + _FRAME_MS), stop.wait())


async def _draw(
    lasts_ms: float, made: Demo, stage: Stage, processes: Running, stop: asyncio.Event, where: Where
) -> None:
    """Draw until so long after the first news, or until Ctrl-C."""
    clock, records = stage.clock, processes.records
    seen = (await records.position()).record_seq
    ends: float | None = None
    scene: Scene | None = None
    with Live(
        "sandbox, worker and API are starting ...", console=stage.console, auto_refresh=False, screen=True
    ) as live:
        while not (stop.is_set() or processes.is_over or (ends is not None and clock.now_ms() >= ends)):
            scene = scene or await new_scene(made, records, where)
            before = seen
            if scene is not None:
                seen = await take_in(scene, records, before)
            if scene is not None and seen > before:
                ends = ends or clock.now_ms() + lasts_ms
                live.update(frame(scene, made.config.paper_equity_usd, *stage.console.size), refresh=True)
            await clock.sleep_until(clock.now_ms() + _FRAME_MS)


async def new_scene(made: Demo, records: ReadStore, where: Where | None = None) -> Scene | None:
    """Return an empty scene, or how an earlier run left it; None before there are settings."""
    settings = await records.settings()
    if settings is None:
        return None
    bots = [bot for bot in settings.policy.bots if bot.enabled]
    scene = Scene(bots, made.speed, made.begins, where)
    if made.begins:
        scene.stand(await records.sources(), await records.sleeves(), await records.bots())
    return scene


async def take_in(scene: Scene, records: ReadStore, after: int, until: EpochMs | None = None) -> int:
    """Show a scene what is new in the log, if need be only up to a time; return up to where."""
    following: int | None = after
    while following is not None:
        page = await records.log(LogQuery(after=following, limit=_PAGE))
        for logged in page.records:
            if until is None or logged.time <= until:
                scene.add(logged)
        after = page.records[-1].record_seq if page.records else after
        following = page.next_after
    return after


def summary_of(report: DemoReport) -> list[str]:
    """Return what people are told of a run, line by line."""
    counts = report.decisions
    same = "is identical" if report.replay_identical else "DIFFERS"
    stepped = "the journal" if report.stepped == report.entries else f"its last {report.stepped} events"
    believed = "is the truth" if report.tracked_equals_truth else "IS NOT THE TRUTH"
    lines = [
        (
            f"{report.events} events, {counts.execute} executes, {counts.skip} skips, {report.orders} orders, "
            f"{report.fills} fills"
        ),
        f"equity {_cents(report.equity)}, the bots' {_cents(report.bots_equity)}",
        (
            f"tracking error {report.tracking_error}, books in drift {report.drift}, "
            f"invariants {report.invariants}, replay of {stepped} {same}"
        ),
        f"what we believe of the bots' positions {believed}",
    ]
    if report.data_dir is not None:
        lines.append(f"kept in {report.data_dir}: the same command goes on from there")
    return lines


def _cents(number: str | None) -> str:
    return "not read yet" if number is None else f"{Usd(number):.2f} USD"
