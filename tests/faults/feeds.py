"""Stories of faulty feeds, several at a time: what every seed survived, and how soon the truth was known again."""

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor

import msgspec

from tests.support.feed_judge import Verdict, judged
from tests.support.feed_play import FeedPlay
from tests.support.feed_script import KINDS
from tests.support.quiet import quiet

Say = Callable[[str], None]
_AHEAD = 8


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One story by its seed, and how it was judged; None where it broke off, by the `error`."""

    seed: int
    verdict: Verdict | None = None
    error: str = ""

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with it."""
        return (self.error,) if self.verdict is None else self.verdict.problems


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What all stories came to, for programs."""

    stories: int
    survived: int
    faults: int
    fills: int
    late: int
    converged_ms_median: int
    converged_ms_most: int
    seconds: float
    failed: tuple[int, ...]


def tell(seed: int) -> Told:
    """Tell one story."""
    play = FeedPlay(seed)
    try:
        play.play()
        return Told(seed=seed, verdict=judged(play))
    except Exception as error:  # noqa: BLE001 - a story that breaks is one that failed
        return Told(seed=seed, error=f"it broke off: {type(error).__name__}: {error}")


def run(seeds: Sequence[int], jobs: int, most_s: float | None = None) -> Iterator[Told]:
    """Tell stories, each by one of some processes; none begins later than `most_s` after the first."""
    ends = math.inf if most_s is None else time.monotonic() + most_s
    with ProcessPoolExecutor(jobs, initializer=quiet) as pool:
        for first in range(0, len(seeds), jobs * _AHEAD):
            if time.monotonic() >= ends:
                return
            yield from pool.map(tell, seeds[first : first + jobs * _AHEAD])


def show(stories: Sequence[Told], began: float, say: Say) -> bool:
    """Show how often each fault was survived, the count, and a line for programs; tell whether all was survived."""
    hit, survived = Counter[str](), Counter[str]()
    for told in stories:
        names = set() if told.verdict is None else set(told.verdict.faults)
        hit.update(names)
        survived.update(() if told.problems else names)
    say(f"{'fault':24} {'stories':>8} {'survived':>9}")
    for name in KINDS:
        say(f"{name:24} {hit[name]:8} {survived[name]:9}")
    report = reported(stories, began)
    say(
        f"feeds: survived {report.survived} of {report.stories}; all was known again after "
        f"{report.converged_ms_median / 1_000:.1f} s (median), {report.converged_ms_most / 1_000:.1f} s (most)"
    )
    say(msgspec.json.encode(report).decode())
    return report.stories > 0 and not report.failed


def reported(stories: Sequence[Told], began: float) -> Report:
    """Count."""
    failed = tuple(told.seed for told in stories if told.problems)
    verdicts = [told.verdict for told in stories if told.verdict is not None]
    took = sorted(verdict.converged_ms for verdict in verdicts) or [0]
    return Report(
        stories=len(stories),
        survived=len(stories) - len(failed),
        faults=sum(len(verdict.faults) for verdict in verdicts),
        fills=sum(verdict.fills for verdict in verdicts),
        late=sum(verdict.late for verdict in verdicts),
        converged_ms_median=took[len(took) // 2],
        converged_ms_most=took[-1],
        seconds=round(time.monotonic() - began, 1),
        failed=failed,
    )
