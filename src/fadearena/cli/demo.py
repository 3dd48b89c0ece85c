"""The command `demo`: a synthetic arena, in a live view or as fast as it can."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from types import FrameType

import msgspec
from rich.console import Console
from rich.live import Live

from fadearena.bootstrap import DemoPlan, Run, demo_run
from fadearena.cli.exit_codes import ExitCode
from fadearena.cli.output import Advance, print_json, show
from fadearena.cli.view import Scene, frame
from fadearena.kit.decimals import exact_arithmetic, plain
from fadearena.model.record import Outcome
from fadearena.model.units import SECOND_MS, ZERO, EpochMs, Usd
from fadearena.ports.journal import JournalEntry

_FRAME_S = 0.125
_BAR_EVENTS = 100


class DemoRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The options of the command."""

    seconds: int
    seed: int
    speed: Decimal
    headless: bool
    as_json: bool

    @property
    def plan(self) -> DemoPlan:
        """The arena that is asked for; it lasts at least one simulated second."""
        return DemoPlan(seconds=max(1, int(self.seconds * self.speed)), seed=self.seed)


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Decisions by outcome."""

    execute: int
    skip: int
    hold: int


class DemoReport(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """
    What `demo --json` prints. Decimals are texts.

    `bots_equity` is that of all bots together, as read last. `tracking_error` is the sum of |sleeve - target|
    at mark, as a ratio of our equity. `drift` counts the books in which the exchange's position is not ours.
    """

    events: int
    decisions: Counts
    orders: int
    fills: int
    equity: str
    bots_equity: str
    tracking_error: str
    drift: int
    invariants: str
    replay_identical: bool
    journal_hash: str
    seed: int


class Stage:
    """Where the live view is shown, and the clock that it keeps to."""

    def __init__(
        self,
        console: Console | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.console = console or Console(stderr=True)
        self.monotonic = monotonic
        self.sleep = sleep


class Pace:
    """Keeps simulated time at `speed` seconds a second, and calls `tick` while it waits."""

    def __init__(self, speed: Decimal, tick: Callable[[], None], stage: Stage) -> None:
        self._speed = float(speed)
        self._tick = tick
        self._monotonic = stage.monotonic
        self._sleep = stage.sleep
        self._begin: tuple[float, EpochMs] | None = None
        self._ticked = 0.0

    def wait(self, at: EpochMs) -> None:
        """Wait until the simulated time `at` is due."""
        now = self._monotonic()
        if self._begin is None:
            self._begin = now, at
        due = self._begin[0] + (at - self._begin[1]) / SECOND_MS / self._speed
        while True:
            if now - self._ticked >= _FRAME_S:
                self._tick()
                self._ticked = now
            if now >= due:
                return
            self._sleep(min(due - now, _FRAME_S))
            now = self._monotonic()


def demo(request: DemoRequest, stage: Stage | None = None) -> None:
    """Run the command; without a terminal it runs as with `--headless`."""
    stage = stage or Stage()
    is_live = not request.headless and stage.console.is_terminal
    run = _live(request, stage) if is_live else _headless(request)
    report = report_of(run, request)
    if request.as_json:
        print_json(report)
    else:
        _show(report)
    if report.drift or not report.replay_identical:
        raise SystemExit(int(ExitCode.BROKEN))


def report_of(run: Run, request: DemoRequest) -> DemoReport:
    """Return what a finished run came to; the journal is replayed for it."""
    tally = run.backtest.tally
    outcomes = tally.outcomes()
    with exact_arithmetic():
        bots = sum((usd or ZERO for name, usd in tally.equity.items() if name.startswith("bot:")), start=ZERO)
    return DemoReport(
        events=tally.events,
        decisions=Counts(**{outcome.value: outcomes.get(outcome, 0) for outcome in Outcome}),
        orders=tally.orders.total(),
        fills=tally.fills.total(),
        equity=plain(run.equity()),
        bots_equity=plain(bots),
        tracking_error=plain(run.tracking_error()),
        drift=len(run.drift()),
        invariants="ok",
        replay_identical=run.replayed_identically(),
        journal_hash=run.journal.journal_hash,
        seed=request.seed,
    )


def _headless(request: DemoRequest) -> Run:
    plan = request.plan
    with Advance("demo") as bar:
        first: list[EpochMs] = []

        def watch(entry: JournalEntry) -> None:
            if not first:
                first.append(entry.event.received)
            if entry.seq % _BAR_EVENTS == 0:
                bar.see((entry.event.received - first[0]) // SECOND_MS, plan.seconds)

        run = demo_run(plan)
        run.watchers.append(watch)
        with _interruptible(run.paced.stop):
            run.finish()
    return run


def _live(request: DemoRequest, stage: Stage) -> Run:
    run, console = demo_run(request.plan), stage.console
    scene = Scene(run.policy, run.coins, request.speed)
    run.watchers.append(scene.add)
    with Live(console=console, auto_refresh=False, screen=True) as live:

        def draw() -> None:
            width, height = console.size
            live.update(frame(scene, run.equity(), request.plan.equity, width, height), refresh=True)

        run.paced.pace_by(Pace(request.speed, draw, stage).wait)
        with _interruptible(run.paced.stop):
            run.finish()
    return run


@contextmanager
def _interruptible(stop: Callable[[], None]) -> Iterator[None]:
    """Let the first Ctrl-C end the run in good order, the second at once."""

    def on_interrupt(_signal: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, before)
        stop()

    before = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _show(report: DemoReport) -> None:
    counts = report.decisions
    same = "is identical" if report.replay_identical else "DIFFERS"
    show(
        f"{report.events} events, {counts.execute} executes, {counts.skip} skips, {report.orders} orders, "
        f"{report.fills} fills",
        f"equity {_cents(report.equity)} USD, the bots' {_cents(report.bots_equity)} USD",
        f"tracking error {report.tracking_error}, books in drift {report.drift}, "
        f"invariants {report.invariants}, replay of the journal {same}",
    )


def _cents(number: str) -> str:
    return f"{Usd(number):.2f}"
