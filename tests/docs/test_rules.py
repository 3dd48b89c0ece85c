"""docs/rules.md names the checks and reasons that the code has, and its examples are true."""

import ast
import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from fadearena.core.latches import LatchKind
from fadearena.model.command import PlaceStop
from fadearena.model.event import ActionAnswered
from fadearena.model.order import ActionKind, ActionOutcome, Purpose
from fadearena.model.policy import AccountPolicy, Sizing, StartPolicy
from fadearena.model.record import Decision, Outcome
from fadearena.model.units import Side
from fadearena.model.wallet import ForcedKind
from tests.support.world import AGENT, MAIN, World, bot, settings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "rules.md").read_text()
CORE = sorted((ROOT / "src" / "fadearena" / "core").rglob("*.py"))


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the first table below a heading or a sentence."""
    below = PAGE.partition(heading)[2]
    table = re.search(r"(?:^\|.*\n)+", below, flags=re.MULTILINE)
    assert table, heading
    return [[cell.strip() for cell in line.strip("|\n").split(" | ")] for line in table[0].splitlines()[2:]]


def names(heading: str) -> list[str]:
    """Return the names in the first column of a table."""
    return [row[0].strip("| `") for row in rows(heading)]


def calls(*functions: str) -> Iterator[ast.Call]:
    """Return the calls of functions or methods of these names in the core."""
    for file in CORE:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if called in functions:
                    yield node


def texts(node: ast.AST) -> set[str]:
    """Return the texts that stand directly in an expression: itself, or the branches of a choice."""
    if isinstance(node, ast.IfExp):
        return texts(node.body) | texts(node.orelse)
    if isinstance(node, ast.BoolOp):
        return set().union(*map(texts, node.values))
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value else set()


def said(outcome: Outcome) -> set[str]:
    """Return the reasons that are written out in the core for an outcome."""
    found: set[str] = set()
    for call in calls("say", "_say", "_refuse", "Decision"):
        given = {word.arg: word.value for word in call.keywords}
        spoken = [node for node in (*call.args, *given.values()) if isinstance(node, ast.Attribute)]
        outcomes = {node.attr for node in spoken if isinstance(node.value, ast.Name) and node.value.id == "Outcome"}
        is_refusal = isinstance(call.func, ast.Name) and call.func.id == "_refuse"
        if outcome.name in outcomes or (is_refusal and outcome is Outcome.SKIP):
            found |= set().union(*map(texts, (*call.args, *given.values())))
    return found


def checks() -> list[str]:
    """Return the names of the checks of an increase, in their order."""
    world = World().started().source("ETH", "10", "4000")
    (decision,) = world.all(Decision)
    return [check.name for check in decision.checks]


def test_the_table_of_checks_is_the_codes() -> None:
    """Each check of an increase has its row, in the order in which they are evaluated."""
    assert names("## Risk checks") == checks()


def test_what_stops_reduces_is_said() -> None:
    """Exactly the checks that the table says stop everything stop a reduce."""
    stops_all = {
        texts(call.args[0]).pop()
        for call in calls("add")
        if any(word.arg == "stops_all" for word in call.keywords) and texts(call.args[0])
    }
    listed = {row[0].strip("| `") for row in rows("## Risk checks") if row[1] == "everything"}
    assert listed == stops_all | {"trading_state", "bot_state"}
    clamped = {row[0].strip("| `") for row in rows("## Risk checks") if row[1] == "clamps increases"}
    assert clamped == {"global_exposure_cap", "asset_exposure_cap", "bot_exposure_cap", "max_order_notional"}


def test_every_reason_to_skip_is_listed() -> None:
    """A skip says the name of a check, or one of the reasons of the last table."""
    own = set(names("`skip` has the name"))
    assert own == (said(Outcome.SKIP) - set(checks())) | {"below_minimum"}
    assert said(Outcome.SKIP) <= own | set(checks())


def test_every_reason_to_hold_is_listed() -> None:
    """A hold says the name of a check that waits, or that a price is being fetched."""
    sentence = PAGE.partition("`hold` has the name")[2].partition("\n\n")[0]
    waits = set().union(*(texts(call.args[0]) for call in calls("wait") if call.args))
    assert set(re.findall(r"`(\w+)`", sentence)) == waits | said(Outcome.HOLD)


def test_every_reason_to_execute_is_listed() -> None:
    """An execution says its purpose, or what happened instead of an order."""
    of_sleeves = {Purpose.INCREASE, Purpose.REDUCE, Purpose.PROTECT}
    assert set(names("`execute` has these reasons")) == {str(purpose) for purpose in of_sleeves} | said(Outcome.EXECUTE)


def test_every_latch_start_policy_and_sizing_is_named() -> None:
    """The page names each by the word that the code has for it."""
    listed = set(re.findall(r"`(\w+)`", " ".join(row[3] for row in rows("## States and latches"))))
    assert listed == {str(kind) for kind in LatchKind}
    assert names("## How much") == [f"{Sizing.MULTIPLIER}` (default)", str(Sizing.EQUITY), str(Sizing.NOTIONAL)]
    for policy in StartPolicy:
        assert f"`{policy}`" in PAGE


def test_every_category_of_alerts_is_listed() -> None:
    """What the core tells people stands in the table, and nothing else."""
    told = {text for call in calls("alert", "alert_once") for text in texts(call.args[1])}
    told |= {LatchKind.DAILY_LOSS, LatchKind.DRAWDOWN, LatchKind.BOT_LOSS, ActionKind.LEVERAGE, *ForcedKind}
    assert {name for row in rows("## What people are told") for name in re.findall(r"`(\w+)`", row[0])} == told


def test_the_example_of_a_stop() -> None:
    """Where it rests, when it stays, and where the next one goes."""
    account = AccountPolicy(id="main", address=MAIN, signer=AGENT, max_leverage=20, stop_distance=Decimal("0.05"))
    world = World(settings(accounts=(account,))).started().source("BTC", "1", "100000").fill()
    (stop,) = world.all(PlaceStop)
    assert (stop.side, stop.quantity, stop.trigger) == (Side.BUY, Decimal("0.05"), Decimal(105_000))
    world.send(
        ActionAnswered(
            time=world.now,
            received=world.now,
            account="main",
            kind=ActionKind.STOP,
            subject=stop.cloid,
            outcome=ActionOutcome.ACCEPTED,
        )
    ).wait(60_000)
    assert world.mark("BTC", "97700").all(PlaceStop) == []
    assert [stop.trigger for stop in world.mark("BTC", "97600").all(PlaceStop)] == [Decimal(102_480)]


def test_the_example_of_the_baseline() -> None:
    """The table of the baseline is what the core does."""
    (baseline, followed, held), width = rows("**What was there before"), 6
    header = re.search(r"\| the bot holds \| (.*) \|", PAGE)
    assert header
    path = [Decimal(cell.split()[0]) for cell in header[1].split(" | ")]
    world = World().started(snapshots=False)
    for _ in range(2):
        world.snapshot(BTC=str(path[0])).wait(10_000)
    seen = [(Decimal(10), Decimal(0), Decimal(0))]
    for before, after in pairwise(path):
        world.snapshot().source("BTC", after - before, "100000")
        while world.orders:
            world.fill()
        track = world.state.follows["bot", "BTC"].now
        assert track is not None
        seen.append((track.baseline, track.followed, world.sleeve("BTC")))
        world.wait(10_000)
    told = zip(*([Decimal(cell.strip(" |")) for cell in row[1:]] for row in (baseline, followed, held)), strict=True)
    assert len(seen) == width
    assert seen == list(told)


def test_the_examples_of_sizes_and_skips() -> None:
    """A flip takes two orders, the dead band skips 1 % and trades 3 %, a stub closes the sleeve."""
    world = World().started().source("SOL", "100", "200").fill().wait(5_000).source("SOL", "-140", "200")
    assert (world.order.terms.quantity, world.order.terms.reduce_only) == (Decimal(5), True)
    assert world.fill().order.terms.quantity == Decimal(2)
    world = World().started().source("ETH", "10", "4000").fill().wait(5_000).source("ETH", "0.1", "4000")
    assert (world.reasons, world.target("ETH")) == (["skip:dead_band"], Decimal("-0.505"))
    assert world.wait(5_000).source("ETH", "0.2", "4000").order.terms.quantity == Decimal("0.015")
    world = World().started().source("ETH", "0.06", "4000").fill().wait(5_000).source("ETH", "-0.03", "4000")
    assert world.order.terms.quantity == Decimal("0.003")


def test_the_examples_of_sizings() -> None:
    """A fixed amount stays fixed while the bot grows."""
    world = World(settings(bot(sizing=Sizing.NOTIONAL, notional_usd=Decimal(1_000)))).started()
    world.source("ETH", "10", "4000").fill().wait(5_000).source("ETH", "10", "4000")
    assert world.sleeve("ETH") == world.target("ETH") == Decimal("-0.25")
