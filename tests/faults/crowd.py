"""
The proof of the crowd: thousands of wallets trade on a sandbox, and all of them are watched over real sockets.

    python -m tests.faults.crowd --wallets 5000 --minutes 10 --factor 20
    python -m tests.faults.crowd --wallets 1000 --minutes 10 --factor 1     with the exchange's own limits
    python -m tests.faults.crowd --minutes 2 --drops 2                      all connections are dropped twice meanwhile

Once every wallet is known, time is taken. In the end nobody trades any more: every position that is tracked has to be
the exchange's own, and every fill that it counted has to be told, once; 1 where that is not so, where memory grows, or
where the event loop was blocked or late.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence

import msgspec

from tests.faults.__main__ import say
from tests.support.crowd_box import CrowdPlan, crowd_box
from tests.support.crowd_watch import Seen, watch

BLOCKED_MS = 50.0
P99_MS = 100.0
GROWTH = 0.05
"""By which part memory may grow from the first third of the time to the last."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What was planned, and what came of it, for programs."""

    plan: CrowdPlan
    seen: Seen
    problems: tuple[str, ...]


def problems(plan: CrowdPlan, seen: Seen) -> Iterator[str]:
    """Say what is not as it should be."""
    if seen.wrong:
        yield f"{seen.wrong} positions are not the exchange's"
    if seen.told != seen.traded and not seen.counts["tape"].get("gaps"):
        yield f"{seen.traded} fills, {seen.told} told"
    least = plan.trades_per_second * seen.watched_s * plan.wallets / plan.traders / 2
    if seen.traded < least:
        yield f"only {seen.traded} fills in {seen.watched_s} s: the sandbox does not come up to its pace here"
    if not seen.samples:
        yield "no time was taken"
    if seen.refusals:
        yield f"{seen.refusals} requests were refused (429)"


def costs(seen: Seen) -> Iterator[str]:
    """Say what took too long, or too much; it depends on the machine."""
    if seen.p99_ms > P99_MS:
        yield f"from a message to the position: p99 {seen.p99_ms} ms"
    if seen.health.blocked_ms > BLOCKED_MS:
        yield f"the event loop was blocked for {seen.health.blocked_ms} ms"
    if seen.health.growth > GROWTH:
        yield f"memory grew by {seen.health.growth:.0%}"


def show(seen: Seen) -> None:
    """Show the table."""
    health = seen.health
    for name, value in (
        ("all known after", f"{seen.seeded_s:,.0f} s"),
        ("watched for", f"{seen.watched_s:,.0f} s"),
        ("fills: counted, told", f"{seen.traded:,}, {seen.told:,}"),
        ("positions: held, wrong", f"{seen.positions:,}, {seen.wrong:,}"),
        ("message to position", f"p50 {seen.p50_ms}, p99 {seen.p99_ms}, most {seen.most_ms} ms ({seen.samples:,})"),
        ("event loop", f"blocked {health.blocked_ms}, late {health.late_ms} ms at most, busy {health.busy:.0%}"),
        ("memory", f"{health.memory_first_mb} MB, then {health.memory_last_mb} MB ({health.growth:+.1%})"),
        ("429", f"{seen.refusals}"),
    ):
        say(f"{name:24} {value}")
    for example in seen.examples:
        say(f"    {example}")


def parsed(arguments: Sequence[str] | None = None) -> CrowdPlan:
    """Return what was asked for."""
    usual = CrowdPlan()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wallets", type=int, default=usual.wallets, help="how many are watched")
    parser.add_argument("--traders", type=int, default=usual.traders, help="how many trade")
    parser.add_argument("--rate", type=int, default=usual.trades_per_second, help="trades a second")
    parser.add_argument("--coins", type=int, default=usual.coins, help="in how many coins")
    parser.add_argument("--minutes", type=float, default=usual.seconds / 60, help="for how long, once all are known")
    parser.add_argument("--factor", type=int, default=usual.factor, help="how many times the limits of an address")
    parser.add_argument("--drops", type=int, default=usual.drops, help="how often all connections are dropped")
    parser.add_argument("--seed", type=int, default=usual.seed)
    asked = parser.parse_args(arguments)
    return CrowdPlan(
        traders=max(asked.traders, asked.wallets),
        trades_per_second=asked.rate,
        coins=asked.coins,
        wallets=asked.wallets,
        seconds=asked.minutes * 60,
        factor=asked.factor,
        drops=asked.drops,
        seed=asked.seed,
    )


def prove(plan: CrowdPlan) -> Seen:
    """Let a crowd trade, and watch it."""
    with crowd_box(plan) as box:
        return watch(plan, box)


def main() -> int:
    """Watch, compare, tell."""
    plan = parsed()
    seen = prove(plan)
    show(seen)
    found = (*problems(plan, seen), *costs(seen))
    for problem in found:
        say(problem)
    say(msgspec.json.encode(Report(plan=plan, seen=seen, problems=found)).decode())
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
