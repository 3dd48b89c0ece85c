"""Replays of recorded fills of real wallets, looked at after every single event."""

import json
from decimal import Decimal as D
from pathlib import Path

import pytest

from fadearena.bootstrap.replay import RecordedBot, ReplayPlan, Run, made_up_wallet, replay_run
from fadearena.core.invariants import violations
from fadearena.core.state import State
from fadearena.model.record import Decision, Outcome
from fadearena.model.units import Direction, sign
from fadearena.ports.journal import JournalEntry
from tests.support.recorded import fill_files, lines, needs_recorded

LEADERS = [file for file in fill_files() if file.stem.endswith("_leader")]


def _run(file: Path, direction: Direction, equity: D = D(1_000_000)) -> Run:
    bot = RecordedBot(id="leader", wallet=made_up_wallet(file.stem), file=file)
    return replay_run(ReplayPlan(bots=(bot,), direction=direction, multiplier=D("0.05"), equity=equity))


def _chain(file: Path) -> dict[str, D]:
    """Return where each coin's chain of `startPosition` ends, by the file alone."""
    rows = [json.loads(line) for line in lines(file)]
    ends: dict[str, D] = {}
    for coin in {row["coin"] for row in rows}:
        of_coin = [row for row in rows if row["coin"] == coin]
        last = max(row["time"] for row in of_coin)
        group = [row for row in of_coin if row["time"] == last]
        starts = {D(row["startPosition"]) for row in group}
        changes = [(D(r["startPosition"]), D(r["sz"]) if r["side"] == "B" else -D(r["sz"])) for r in group]
        (ends[coin],) = {start + change for start, change in changes} - starts
    return ends


class _Witness:
    """Looks at every sleeve after every event: it is on its target, or what explains the difference was recorded."""

    def __init__(self, state: State, direction: Direction) -> None:
        self.state = state
        self.direction = direction
        self.said: dict[str, Decision] = {}
        self.unexplained: list[str] = []
        self.wrong_sign: list[str] = []
        self.broken: list[str] = []
        self.steps = 0

    def __call__(self, entry: JournalEntry) -> None:
        """Look once."""
        self.steps += 1
        self.broken += violations(self.state)
        for record in entry.records:
            if isinstance(record, Decision):
                self.said[record.coin] = record
        for (bot, coin), sleeve in self.state.sleeves.items():
            memory = self.state.books[sleeve.account, coin]
            size = memory.book.size_of(bot)
            followed = self.state.follows[bot, coin].followed
            if size and followed and sign(size) != self.direction.sign * sign(followed) and not memory.open:
                self.wrong_sign.append(f"{entry.seq} {coin}: {size} for {followed}")
            said = self.said.get(coin)
            explained = memory.open or (said is not None and said.outcome is not Outcome.EXECUTE)
            clamped = said is not None and said.quantity is not None and said.quantity < abs(said.delta)
            if size != sleeve.target and not explained and not clamped:
                self.unexplained.append(f"{entry.seq} {coin}: {size}, target {sleeve.target}")


@needs_recorded
@pytest.mark.parametrize("direction", [Direction.FADE, pytest.param(Direction.COPY, marks=pytest.mark.slow)])
@pytest.mark.parametrize("file", LEADERS, ids=lambda file: file.stem)
def test_every_event_of_a_leader_leaves_sleeves_on_target_or_explained(file: Path, direction: Direction) -> None:
    """Positions follow the file's chain, all invariants hold, sleeves are on target or a skip says why."""
    run = _run(file, direction)
    witness = _Witness(run.backtest.state, direction)
    run.watchers.append(witness)
    run.finish()
    state = run.backtest.state
    positions = {coin: follow.now.position for (_, coin), follow in state.follows.items() if follow.now}
    assert positions == _chain(file)
    assert witness.steps > len(list(lines(file))) / 16
    assert witness.broken == []
    assert witness.wrong_sign == []
    assert witness.unexplained == []
    assert run.drift() == {}


@needs_recorded
def test_a_replay_gives_the_same_journal_every_time() -> None:
    """Two replays of the same file end in the same hash over all events, commands and records."""
    (file,) = [file for file in LEADERS if "acc10" in file.stem]
    hashes = set[str]()
    for _ in range(2):
        run = _run(file, Direction.FADE)
        run.finish()
        hashes.add(run.journal.journal_hash)
    assert len(hashes) == 1


@needs_recorded
def test_wallets_that_trade_on_other_dexs_are_followed_there() -> None:
    """A wallet that trades only on a builder-deployed dex is faded there."""
    (file,) = [file for file in LEADERS if "acc7" in file.stem]
    run = _run(file, Direction.FADE)
    tally = run.finish()
    assert sum(tally.orders.values()) > 0
    assert {coin for _, coin in run.backtest.state.follows} == {"xyz:SKHX", "xyz:SMSN"}
