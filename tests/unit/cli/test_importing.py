"""Many bots at once: what a list comes to beside the roster, and how the worker is told."""

import asyncio
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from fadearena.bootstrap.seed import default_policy
from fadearena.cli.importing import PART, Plan, Terms, order, plan_of
from fadearena.cli.lists import BotList, Listed
from fadearena.kit.tasks import cancelled
from fadearena.model.error import InvalidInput
from fadearena.model.event import ChangeBots
from fadearena.model.policy import BotPolicy, Mode, Policy
from fadearena.model.record import SettingsChange
from fadearena.model.units import Direction
from fadearena.ports.control import ControlEntry, ControlState
from tests.support.installation import Installation
from tests.support.leaderboards import wallet

POLICY = default_policy()
KNOWN = POLICY.bots[0]


def listing(*listed: Listed) -> BotList:
    """Return a list of these bots."""
    return BotList(file="bots.txt", listed=list(listed))


def planned(*listed: Listed, policy: Policy = POLICY, **terms: object) -> tuple[Plan, dict[int, str]]:
    """Return what a list comes to, and what is bad of it, by line."""
    found = listing(*listed)
    plan = plan_of(policy, found, msgspec.convert(terms, Terms))
    return plan, {bad.line: bad.reason for bad in found.bad}


def named(n: int, name: str | None = None, **fields: object) -> Listed:
    """Return a bot of a list, in the line of its number."""
    return msgspec.convert({"line": n, "wallet": wallet(n), "name": name, **fields}, Listed)


def test_new_bots_are_watched_only() -> None:
    """Also where the list calls them enabled; `--enable` follows them, but for those that the list calls disabled."""
    listed = (named(1), named(2, is_enabled=True), named(3, is_enabled=False))
    plan, bad = planned(*listed)
    assert ([bot.enabled for bot in plan.put], plan.added, bad) == ([False] * 3, 3, {})
    plan, _ = planned(*listed, enable=True)
    assert [bot.enabled for bot in plan.put] == [True, True, False]


def test_ids_are_made_from_names_or_addresses() -> None:
    """Each is another one, also beside those of the roster; one that the list gives is kept."""
    names = ["Whale", "whale", "Whale 🐋 No. 1", KNOWN.id, "🐋", None]
    plan, _ = planned(*(named(n, name) for n, name in enumerate(names, 1)), named(9, "Whale", id="mine"))
    assert [bot.id for bot in plan.put] == [
        "whale",
        "whale-2",
        "whale-no.-1",
        f"{KNOWN.id}-2",
        "0x000000-0005",
        "0x000000-0006",
        "mine",
    ]
    assert plan.put[4].name == "🐋"
    assert plan.put[5].name == plan.put[5].id


def test_fields_are_those_of_the_line_and_before_them_of_the_command_line() -> None:
    """What holds for all goes before what a line says; accounts have to be there."""
    rows = (named(1, fields=("direction=copy", "leverageMultiplier=0.2")), named(2, fields=("account=other",)))
    plan, bad = planned(*rows, sets=("leverageMultiplier=0.1",))
    assert [(bot.direction, bot.leverage_multiplier) for bot in plan.put] == [(Direction.COPY, Decimal("0.1"))]
    assert bad == {2: "account other does not exist"}


def test_what_does_not_fit_is_left_out_by_its_line() -> None:
    """A wallet that came before, one of ours, an id that is taken, a value out of its range."""
    ours = POLICY.accounts[0].address
    listed = (
        named(1),
        msgspec.structs.replace(named(1), line=2),
        named(3, wallet=ours),
        named(4, id=KNOWN.id),
        named(5, id="Not an id"),
        named(6, fields=("leverageMultiplier=11",)),
        named(7, fields=("share=much",)),
    )
    plan, bad = planned(*listed)
    assert [bot.wallet for bot in plan.put] == [wallet(1)]
    sentences = ("stands in line 1 already", "of our own", "with another wallet", "is not an id", "<= 10", "share: ")
    assert list(bad) == [2, 3, 4, 5, 6, 7]
    assert all(sentence in reason for sentence, reason in zip(sentences, bad.values(), strict=True))


def test_wallets_of_the_roster_stay_as_they_are_unless_somebody_says_so() -> None:
    """With `--update` they change, but not their ids; nobody is switched on by a list, and some may be switched off."""
    row = named(1, "New name", wallet=KNOWN.wallet, id="other", is_enabled=True, fields=("exposureCap=100",))
    plan, bad = planned(row)
    assert (plan.put, plan.left, bad) == ([], 1, {})
    plan, _ = planned(row, update=True)
    changed = msgspec.structs.replace(KNOWN, name="New name", exposure_cap=Decimal(100))
    assert (plan.put, plan.updated, plan.added) == ([changed], 1, 0)
    plan, _ = planned(named(1, wallet=KNOWN.wallet), update=True)
    assert (plan.put, plan.left) == ([], 1)
    off = POLICY.bots[-1]
    plan, _ = planned(named(1, wallet=off.wallet, is_enabled=True, fields=("share=0.5",)), update=True)
    assert [bot.enabled for bot in plan.put] == [False]
    plan, _ = planned(named(1, wallet=KNOWN.wallet, is_enabled=False), update=True, enable=True)
    assert [bot.enabled for bot in plan.put] == [False]


@pytest.mark.parametrize(
    ("sets", "sentence"),
    [(("levrage=1",), "levrage cannot be set"), (("enabled=true",), "cannot be set"), (("share=x",), "share: ")],
)
def test_what_holds_for_all_has_to_be_right(sets: tuple[str, ...], sentence: str) -> None:
    """It is told once, and nothing is done; `--enable` is the way to switch them on."""
    with pytest.raises(InvalidInput, match=sentence):
        planned(named(1), sets=sets)


def test_with_real_money_no_bot_comes_without_a_cap() -> None:
    """The sentence says how all of them get one."""
    capped = tuple(msgspec.structs.replace(bot, exposure_cap=Decimal(1)) for bot in POLICY.bots)
    limits = {"global_exposure_cap": Decimal(10), "daily_loss_limit": Decimal(1)}
    live = msgspec.structs.replace(POLICY, mode=Mode.LIVE, bots=capped, **limits)
    with pytest.raises(InvalidInput, match="give --set exposureCap=USD"):
        planned(named(1), policy=live)
    assert planned(named(1), policy=live, sets=("exposureCap=5",))[0].added == 1


def told(tmp_path: Path, count: int, *, accepted: bool = True) -> tuple[list[ControlEntry], int]:
    """Have a list of so many taken in by a worker that only pretends; return its parts, and how many there were."""
    place = Installation(tmp_path)

    async def main() -> list[ControlEntry]:
        await place.show(SettingsChange(version=7, actor="me", policy=msgspec.structs.replace(POLICY, version=7)))
        worker = asyncio.create_task(place.work(accepted=accepted, reasons=() if accepted else ("no",)))
        try:
            return list((await order(place.client, listing(*map(named, range(1, count + 1))), Terms()))[1])
        finally:
            await cancelled(worker)

    entries = place.play(main())
    return entries, sum(len(e.action.put) for e in entries if isinstance(e.action, ChangeBots))


def test_the_worker_is_told_in_parts_on_top_of_each_other(tmp_path: Path) -> None:
    """Each part expects the settings that the one before it made."""
    entries, count = told(tmp_path, 2 * PART + 1)
    assert count == 2 * PART + 1
    assert [entry.state for entry in entries] == [ControlState.ACCEPTED] * 3
    actions = [entry.action for entry in entries if isinstance(entry.action, ChangeBots)]
    assert [action.expected_version for action in actions] == [7, 8, 9]
    assert [len(action.put) for action in actions] == [PART, PART, 1]


def test_after_a_part_that_was_refused_none_follows(tmp_path: Path) -> None:
    """What was done before it is known, and what was not."""
    entries, count = told(tmp_path, 2 * PART, accepted=False)
    assert ([entry.reasons for entry in entries], count) == ([("no",)], PART)


def test_a_rehearsal_tells_nobody(tmp_path: Path) -> None:
    """With `--dry-run` nothing is ordered."""
    place = Installation(tmp_path)

    async def main() -> tuple[Plan, int]:
        await place.show(SettingsChange(version=1, actor="me", policy=POLICY))
        plan, entries = await order(place.client, listing(named(1)), Terms(dry_run=True))
        return plan, len(entries) + len(await place.control.take())

    plan, count = place.play(main())
    assert (plan.added, count) == (1, 0)


def test_thousands_of_bots_are_planned_soon() -> None:
    """What one bot costs does not grow with how many there are, also where all have the same name."""
    full = BotPolicy(id="x", name="x", wallet="")
    fields = (f"leverageMultiplier={full.leverage_multiplier}", "exposureCap=100", "direction=copy")
    plan, bad = planned(*(named(n, "same", fields=fields) for n in range(1, 2_001)))
    assert (plan.added, bad) == (2_000, {})
    assert len({bot.id for bot in plan.put}) == 2_000
