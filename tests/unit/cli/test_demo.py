"""`fadearena demo`: a synthetic arena, headless and in a live view."""

import io
import signal
from decimal import Decimal

import pytest
from rich.console import Console

from fadearena.cli.demo import DemoRequest, Pace, Stage, demo
from fadearena.cli.exit_codes import ExitCode
from tests.support.command import fadearena


class Watchmaker:
    """A clock that moves only when somebody sleeps."""

    def __init__(self, interrupt_after: int | None = None) -> None:
        self.now = 0.0
        self.slept = 0
        self._interrupt_after = interrupt_after

    def monotonic(self) -> float:
        """Return the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass, and somebody press Ctrl-C if that is due."""
        self.now += seconds
        self.slept += 1
        if self.slept == self._interrupt_after:
            signal.raise_signal(signal.SIGINT)


def request(seconds: int, *, speed: int = 60) -> DemoRequest:
    """Return a live demo."""
    return DemoRequest(seconds=seconds, seed=3, speed=Decimal(speed), headless=False, as_json=True)


def stage(clock: Watchmaker, width: int) -> tuple[Stage, io.StringIO]:
    """Return a stage with a terminal of a width, and what is drawn there."""
    drawn = io.StringIO()
    console = Console(file=drawn, force_terminal=True, width=width, height=30, color_system=None)
    return Stage(console, clock.monotonic, clock.sleep), drawn


def test_headless_demo_decides_and_adds_up() -> None:
    """It executes and skips, has no drift, breaks no invariant, and its journal replays identically."""
    ended = fadearena("demo", "--seconds", "6", "--headless", "--json")
    assert ended.code == ExitCode.OK, ended.err
    report = ended.report
    assert report["decisions"]["execute"] > 20
    assert report["decisions"]["skip"] > 0
    assert report["orders"] > 20
    assert report["fills"] > 20
    assert report["drift"] == 0
    assert report["invariants"] == "ok"
    assert report["replayIdentical"] is True
    assert Decimal(report["trackingError"]) < Decimal("0.05")
    assert 9_000 < Decimal(report["equity"]) < 11_000
    assert 55_000 < Decimal(report["botsEquity"]) < 65_000


def test_seed_and_length_make_the_story() -> None:
    """One seed gives one fingerprint, another seed or length another one."""
    hashes = [
        fadearena("demo", "--headless", "--json", "--seconds", s, "--speed", x, "--seed", n).report["journalHash"]
        for s, x, n in (("2", "30", "5"), ("1", "60", "5"), ("2", "30", "6"), ("2", "45", "5"))
    ]
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 3


def test_without_a_terminal_it_is_headless_and_plain() -> None:
    """Where stderr is no terminal there is no live view and no colour, only the result."""
    ended = fadearena("demo", "--seconds", "1")
    assert ended.code == ExitCode.OK
    assert "replay of the journal is identical" in ended.out
    assert "\x1b[" not in ended.out + ended.err


@pytest.mark.parametrize("width", [80, 120])
def test_live_view_fits_its_terminal(width: int) -> None:
    """Bots and us, decisions, equities and ages are drawn, and no line is wider than the terminal."""
    picture, drawn = stage(Watchmaker(), width)
    demo(request(3), picture)
    text = drawn.getvalue()
    for part in ("grok-4", "kimi-k2", "fade", "our PnL", "last decisions", "equity: ours", "age of data"):
        assert part in text
    lines = [line.split("\x1b[")[0].rstrip() for line in text.splitlines()]
    assert max(map(len, lines)) <= width


def test_live_demo_keeps_the_pace() -> None:
    """Simulated seconds take 1 / speed seconds each, while pictures go on."""
    clock = Watchmaker()
    picture, _ = stage(clock, 80)
    demo(request(4, speed=30), picture)
    assert 3.9 < clock.now < 4.1
    assert clock.slept >= 4 / 0.125 / 2


def test_ctrl_c_ends_in_good_order(capsys: pytest.CaptureFixture[str]) -> None:
    """The first Ctrl-C ends the arena; the report is printed, with everything added up, and the handler is gone."""
    clock = Watchmaker(interrupt_after=5)
    picture, _ = stage(clock, 80)
    before = signal.getsignal(signal.SIGINT)
    demo(request(60), picture)
    assert clock.now < 2
    assert '"replayIdentical":true' in capsys.readouterr().out
    assert signal.getsignal(signal.SIGINT) is before


def test_pace_does_not_wait_for_what_is_late() -> None:
    """An event that is due already is let through at once."""
    clock = Watchmaker()
    picture, _ = stage(clock, 80)
    pace = Pace(Decimal(10), lambda: None, picture)
    pace.wait(1_000)
    clock.now = 100
    pace.wait(2_000)
    assert clock.slept == 0
