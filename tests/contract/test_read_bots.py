"""What every read store makes of bots that change in part: what new settings as a whole would have made of them."""

import msgspec

from fadearena.model.event import SnapshotRound
from fadearena.model.policy import BotPolicy
from fadearena.model.record import BotsChange, Record, SettingsChange
from tests.support.entries import Writer
from tests.support.read_stores import Doors, Opener, opener, tell
from tests.support.shown import bot_policy, follow, performance, settings, sleeve

__all__ = ["opener"]
T = 1_760_000_400_000
FIRST = settings(*(bot_policy(name, n) for n, name in enumerate("abcd", 1)), accounts=("main", "alt"))
THINGS = [
    record for name in "abcd" for record in (follow(name, position="1"), sleeve(name, target="1"), performance(name))
]
PUT: tuple[BotPolicy, ...] = (
    bot_policy("new", 7),
    bot_policy("b", 9),
    msgspec.structs.replace(bot_policy("a", 1), name="other", enabled=False),
    bot_policy("c", 3, "alt"),
    bot_policy("more", 8),
)


async def picture(doors: Doors) -> list[object]:
    """Return everything that is shown of settings and bots."""
    records = doors.records
    shown = [await records.settings(), await records.bots(), await records.accounts(), await records.sleeves()]
    return [*shown, await records.sources(), (await records.system()).settings_version]


def whole(change: BotsChange, before: SettingsChange) -> SettingsChange:
    """Return the settings that a change makes."""
    assert before.policy is not None
    policy = msgspec.structs.replace(before.policy.with_bots(change.put, change.dropped), version=change.version)
    return SettingsChange(version=change.version, actor=change.actor, policy=policy)


def test_bots_that_change_in_part_are_shown_as_with_new_settings(opener: Opener) -> None:
    """In the same order, with the same things forgotten, whether entries come one by one or at once, or again."""
    changes = (
        BotsChange(version=2, actor="bob", put=PUT, dropped=("d",)),
        BotsChange(version=3, actor="eve", put=(bot_policy("d", 4),), dropped=("new", "b")),
    )
    wholes = [whole(changes[0], FIRST)]
    wholes.append(whole(changes[1], wholes[0]))

    async def play(doors: Doors, seconds: tuple[Record, ...], *, at_once: bool) -> list[list[object]]:
        await doors.records.clear()
        writer, pictures = Writer(), list[list[object]]()
        groups = [(FIRST, *THINGS), (seconds[0], follow("b", "ETH", "2")), (seconds[1], sleeve("d", target="2"))]
        entries = [writer.entry(*records, at=T + n) for n, records in enumerate(groups)]
        for part in [entries] if at_once else [[entry] for entry in entries]:
            await doors.records.project(part)
            pictures.append(await picture(doors))
        return pictures

    async def story(doors: Doors) -> None:
        expected = await play(doors, tuple(wholes), at_once=False)
        assert await play(doors, changes, at_once=False) == expected
        assert await play(doors, changes, at_once=True) == expected[-1:]
        view = await doors.records.settings()
        assert view is not None
        assert (view.policy.version, view.actor, view.changed) == (3, "eve", T + 2)
        assert [bot.id for bot in view.policy.bots] == ["a", "c", "more", "d"]

    tell(opener, story)


def test_a_change_of_settings_that_nobody_knows_changes_the_version_only(opener: Opener) -> None:
    """A journal that goes back to rules that did not record settings does not tell what the other bots are."""

    async def story(doors: Doors) -> None:
        await doors.records.project([Writer().entry(BotsChange(version=4, actor="ann", put=(bot_policy("a"),)))])
        assert (await doors.records.settings(), await doors.records.bots()) == (None, ())
        assert (await doors.records.system()).settings_version == 4

    tell(opener, story)


def test_the_length_of_a_round_is_shown(opener: Opener) -> None:
    """The newest that the feed told."""

    async def story(doors: Doors) -> None:
        writer = Writer()
        assert (await doors.records.system()).snapshot_round_ms is None
        for length in (61_000, 90_000):
            told = SnapshotRound(time=T, received=T, length_ms=length)
            await doors.records.project([writer.entry(at=T, event=told)])
        assert (await doors.records.system()).snapshot_round_ms == 90_000

    tell(opener, story)
