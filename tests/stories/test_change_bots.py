"""Bots changed in part: judged as new settings are, at the cost of what changes, all of it or nothing."""

import msgspec

from fadearena.core.state import Parts, encode
from fadearena.model.command import ReadRole, ReadSource
from fadearena.model.event import ChangeBots, SetPolicy
from fadearena.model.policy import BotPolicy
from fadearena.model.record import BotsChange, SettingsChange
from tests.support.story import Story, begun
from tests.support.world import OTHER, WALLET, D, bot, settings

THIRD, FOURTH = "0x" + "d4" * 20, "0x" + "e5" * 20


def changed(story: Story, *put: BotPolicy, drop: tuple[str, ...] = (), version: int | None = None) -> Story:
    """Let a person change some bots."""
    return story.order_by(ChangeBots(put=put, drop=drop, expected_version=version))


def test_bots_come_and_go_and_change_in_their_places() -> None:
    """New ones stand at the end and are asked for, others keep their places; only what changed is recorded."""
    story = begun(settings(bot(), bot("two", OTHER)))
    changed(story, bot("new", THIRD), bot("two", OTHER, enabled=False), version=1)
    assert story.refusal() == ""
    assert [(each.id, each.enabled) for each in story.state.policy.bots] == [
        ("bot", True),
        ("two", False),
        ("new", True),
    ]
    assert [c.wallet for c in story.all(ReadSource)] == [c.wallet for c in story.all(ReadRole)] == [THIRD]
    assert story.latches() == ["bot:two disabled"]
    (record,) = story.all(BotsChange)
    assert (record.version, record.actor, record.dropped) == (2, "ann", ())
    assert (record.put, story.all(SettingsChange)) == ((bot("new", THIRD), bot("two", OTHER, enabled=False)), [])
    changed(story, drop=("bot",))
    assert ([each.id for each in story.state.policy.bots], story.state.policy.version) == (["two", "new"], 3)
    assert story.source("BTC", "1", "100000").turn.records == []


def test_a_change_that_cannot_be_carried_out_changes_nothing() -> None:
    """Every reason is told; a change is all or nothing."""
    story = begun(settings(bot(), bot("two", OTHER)))
    for put, drop, reason in (
        ((), (), "it names no bot"),
        ((), ("bot", "three"), "there is no bot three"),
        ((), ("bot", "bot"), "a bot is dropped twice"),
        ((bot(enabled=False),), ("bot",), "bot cannot be put in and dropped at once"),
        ((bot("new", OTHER),), (), f"bots[0].walletAddress {OTHER} belongs to another bot"),
        ((bot("new", THIRD), bot("more", THIRD)), (), f"bots[1].walletAddress {THIRD} belongs to another bot"),
        ((bot("new", THIRD), bot("new", FOURTH)), (), "bots[1].id new is used twice"),
        ((bot("new", THIRD, account="sub"),), (), "bots[0].account sub does not exist"),
        ((bot("new", THIRD, share=D(2)),), (), "bots[0].share must be > 0 and <= 1"),
    ):
        changed(story, *put, drop=drop)
        assert reason in story.refusal()
    changed(story, bot("new", THIRD), version=7)
    assert story.refusal() == "the settings are at version 1, not 7"
    assert ([each.id for each in story.state.policy.bots], story.state.policy.version) == (["bot", "two"], 1)


def test_a_wallet_can_pass_from_one_bot_to_another() -> None:
    """Two bots change their wallets, and a third takes that of one that goes, in one change."""
    story = begun(settings(bot(), bot("two", OTHER), bot("three", THIRD)))
    changed(story, bot("bot", OTHER), bot("two", WALLET), bot("new", THIRD), drop=("three",))
    assert story.refusal() == ""
    assert story.state.wallets == {OTHER: "bot", WALLET: "two", THIRD: "new"}
    assert story.state.bots["two"].role is None


def test_what_is_open_is_neither_moved_nor_dropped() -> None:
    """Another wallet, another account, or none: only while it is flat; other settings change at any time."""
    story = begun().holding()
    for put, drop in (((bot(wallet=OTHER),), ()), ((), ("bot",))):
        changed(story, *put, drop=drop)
        assert "bot holds positions: close them before" in story.refusal()
    changed(story, bot(exposure_cap=D(5_000), max_leverage=2))
    assert story.refusal() == ""
    assert story.state.bots["bot"].gross == D(5_000)
    assert story.source("BTC", "1", "100000").reasons == ["skip:bot_exposure_cap"]
    changed(story, bot())
    assert (story.state.bots["bot"].gross, story.state.leverages) == (D(0), {})


def test_the_state_is_that_of_new_settings() -> None:
    """Whether bots change in part or with all settings: the state is the same, byte for byte; so is what is asked."""
    before = settings(bot(), bot("two", OTHER, loss_limit=D(90)), bot("three", THIRD, max_leverage=3))
    stories = [begun(before).holding().holding("ETH", "10", "2000", wallet=OTHER) for _ in range(2)]
    put = (bot("two", OTHER, exposure_cap=D(70)), bot("new", FOURTH, max_leverage=2), bot(enabled=False))
    stories[0].order_by(SetPolicy(policy=before.with_bots(put, ("three",))))
    changed(stories[1], *put, drop=("three",))
    assert encode(stories[0].state) == encode(stories[1].state)
    one, two = (story.state for story in stories)
    assert (one.wallets, one.enabled, one.leverages) == (two.wallets, two.enabled, two.leverages)
    asked = [[command for command in story.turn.commands if isinstance(command, ReadSource)] for story in stories]
    assert asked[0] == asked[1] != []


def test_people_are_told_again_of_what_changed_only() -> None:
    """A limit that comes near is told anew for the bot whose settings changed, and not for others."""
    story = begun(settings(bot(exposure_cap=D(6_000)), bot("two", OTHER, exposure_cap=D(6_000))))
    story.holding().holding("ETH", "50", "2000", wallet=OTHER)
    assert len(story.alerts_of("limit_near")) == 2
    changed(story, bot(exposure_cap=D(6_100)))
    story.mark("BTC", "100100").mark("ETH", "2001")
    assert len(story.alerts_of("limit_near")) == 3


def test_a_change_touches_nothing_of_other_bots() -> None:
    """However many bots there are: of those that do not change no row is looked at, and the record is small."""
    others = tuple(bot(f"b{n}", f"0x{n:040x}") for n in range(1, 300))
    story = Story(settings(bot(), *others))
    story.started(snapshots=False)
    Parts(story.state, {})
    changed(story, bot("new", THIRD), bot(enabled=False), drop=("b7",))
    touched = story.state.bots.touched | story.state.follows.touched  # type: ignore[attr-defined]
    assert set(touched) == {"new", "bot", "b7"}
    assert len(msgspec.json.encode(story.turn.records)) < 3_000
