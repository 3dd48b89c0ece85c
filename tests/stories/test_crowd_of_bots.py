"""Very many bots: roles asked when needed, rounds as long as they take, what was missed fetched when there is room."""

import pytest

from fadearena.model.command import ReadRole, ReadSource, RepairSource
from fadearena.model.event import RepairStage, RoleRead, SnapshotRound, SourceFills, SourceRepair
from fadearena.model.policy import CoinRules
from fadearena.model.record import BotPerformance, BotTrade, PositionChange
from fadearena.model.units import MINUTE_MS
from fadearena.model.wallet import Feed, WalletRole
from tests.support.story import Story, begun
from tests.support.world import OTHER, T0, WALLET, D, bot, settings


def unknown_role() -> Story:
    """Return a story in which the role of the bot was not read yet."""
    story = begun()
    story.state.bots["bot"].role = None
    return story


def role(story: Story, found: WalletRole = WalletRole.USER) -> Story:
    """Let the role of the bot be read."""
    story.send(RoleRead(time=story.now, received=story.now, wallet=WALLET, role=found))
    return story


def repair(story: Story, stage: RepairStage, since: int | None = None, *, is_answer: bool = False) -> Story:
    """Let a repair of the bot's history go on."""
    now = story.now
    story.send(SourceRepair(time=now, received=now, wallet=WALLET, stage=stage, since=since, is_answer=is_answer))
    return story


def start(story: Story) -> Story:
    """Crash, take over after half a minute, and read our account."""
    return story.wait(30_000).crash().takes_over().read_all()


# --- roles


def test_a_growth_waits_for_a_role_that_is_asked_at_once() -> None:
    """It is held, the question goes before all others, once; the answer lets it go on."""
    story = unknown_role().source("BTC", "1", "100000")
    assert story.reasons == ["hold:source_known"]
    assert story.all(ReadRole) == [ReadRole(wallet=WALLET, is_urgent=True)]
    assert story.wait(5_000).source("BTC", "1", "100000").all(ReadRole) == []
    assert [order.terms.quantity for order in role(story).orders] == [D("0.1")]


def test_a_role_that_never_comes_is_asked_for_again_and_the_growth_ends() -> None:
    """Growths ask again after ten seconds; after a minute none waits any more."""
    story = unknown_role().source("BTC", "1", "100000").wait(10_001)
    assert story.source("BTC", "0.5", "100000").all(ReadRole) == [ReadRole(wallet=WALLET, is_urgent=True)]
    story.wait(2 * MINUTE_MS)
    assert role(story).orders == []


def test_a_wallet_that_may_not_be_followed_is_refused_as_soon_as_that_is_known() -> None:
    """An agent's trades are no growth to wait for."""
    story = unknown_role().source("BTC", "1", "100000")
    assert role(story, WalletRole.AGENT).reasons == ["skip:source_known"]


def test_a_start_asks_for_roles_that_are_not_known_only() -> None:
    """Once read it is never asked again; what was not answered is, behind everything else."""
    story = begun(settings(bot(), bot("two", OTHER)))
    story.state.bots["two"].role = None
    start(story)
    asked = [c for _, turned in story.journal for c in turned.commands if isinstance(c, ReadRole)]
    assert asked[2:] == [ReadRole(wallet=OTHER)]


# --- rounds


def test_a_round_takes_as_long_as_the_feed_says() -> None:
    """A reading counts for as long as a round takes, never for less than the settings say."""
    story = begun().wait(2 * MINUTE_MS)
    assert story.source("BTC", "1", "100000").reasons == ["hold:feed_fresh"]
    story.send(SnapshotRound(time=story.now, received=story.now, length_ms=5 * MINUTE_MS))
    assert [order.terms.coin for order in story.source("BTC", "1", "100000").orders] == ["BTC"]
    story.send(SnapshotRound(time=story.now, received=story.now, length_ms=1))
    assert story.state.snapshot_round_ms == MINUTE_MS


# --- by wallet


def test_a_busy_feed_of_others_makes_no_blind_wallet_look_fresh() -> None:
    """What is heard of one wallet says nothing of another, which another feed would tell of."""
    story = begun(settings(bot(), bot("two", OTHER))).wait(40_000)
    for wallet in (WALLET, OTHER):
        story.snapshot(wallet=wallet)
    told = story.fill_of("BTC", "1", "100000", "0")
    blind = SourceFills(
        time=story.now, received=story.now, heard=story.now - 31_000, wallet=WALLET, feed=Feed.POLL, fills=(told,)
    )
    story.state.bots["bot"].heard = None
    story.source("ETH", "1", "2000", wallet=OTHER).mark("BTC", "100000").send(blind)
    assert story.refused("feed_fresh")


def test_bots_that_brought_us_nothing_are_not_summed_up() -> None:
    """A wallet that was seen trading, and for which nothing was ever held or wanted, has no row each minute."""
    only_sol = CoinRules(allow=("SOL",))
    story = begun(settings(bot(), bot("two", OTHER, coins=only_sol))).holding()
    story.source("ETH", "1", "2000", wallet=OTHER, start="-1").wait(MINUTE_MS)
    records = [record for _, turned in story.journal for record in turned.records]
    assert {record.bot for record in records if isinstance(record, BotPerformance)} == {"bot"}


# --- starts


def test_what_nothing_waits_for_is_fetched_when_there_is_room() -> None:
    """Of a bot with a sleeve missed fills are fetched at once, of others later; of a new one none at all."""
    story = begun(settings(bot(), bot("two", OTHER), bot("off", "0x" + "d4" * 20, enabled=False))).holding()
    story.crash().takes_over()
    assert [(c.wallet, c.is_urgent) for c in story.all(RepairSource)] == [(WALLET, True), (OTHER, False)]
    assert [c.wallet for c in story.all(ReadSource)] == [WALLET, OTHER]


def test_a_snapshot_that_agrees_lets_increases_go_on() -> None:
    """Until one came they wait; with it the wallet is known again, although its missed fills are not here yet."""
    story = start(begun())
    assert story.source("BTC", "1", "100000").reasons == ["hold:source_known"]
    assert [order.terms.quantity for order in story.wait(2_001).snapshot(BTC="1").orders] == [D("0.05")]
    assert story.state.bots["bot"].fetches_late


def test_a_round_trip_during_an_absence_is_listed_later() -> None:
    """Fills that come long after a snapshot agreed are listed once, between those that came before and after them."""
    story = start(begun(settings(bot(), bot("two", OTHER))))
    story.snapshot().snapshot(wallet=OTHER).wait(5_000)
    story.fill(story.source("BTC", "1", "100000").order).wait(5_000).snapshot(BTC="1")
    there = story.fill_of("ETH", "10", "2000", "0", time=story.now - 30_000)
    back = story.fill_of("ETH", "-10", "2000", "10", time=story.now - 20_000)
    trip = SourceFills(time=back.time, received=story.now, wallet=WALLET, feed=Feed.POLL, fills=(there, back))
    story.send(trip)
    assert [record.key for record in story.all(BotTrade)] == [there.key, back.key]
    assert (story.followed("ETH"), story.orders) == (D(0), [])
    repair(story, RepairStage.DONE)
    assert not story.state.bots["bot"].fetches_late
    story.send(trip)
    assert story.all(BotTrade) == []


def test_a_wallet_that_moved_during_an_absence_is_repaired_at_once() -> None:
    """A snapshot that differs asks for the fills, which say how; nothing is believed before they came."""
    story = start(begun())
    missed = story.fill_of("BTC", "2", "100000", "0", time=story.now - 10_000)
    story.snapshot(BTC="2")
    assert story.all(RepairSource) == [RepairSource(wallet=WALLET, since=T0)]
    assert story.wait(5_000).snapshot(BTC="2").all(PositionChange) == []
    story.send(SourceFills(time=missed.time, received=story.now, wallet=WALLET, feed=Feed.POLL, fills=(missed,)))
    repair(story, RepairStage.DONE).snapshot(BTC="2")
    assert (story.followed("BTC"), story.source("BTC", "1", "100000").reasons) == (D(2), ["execute:increase"])


def test_a_snapshot_beside_a_fill_is_read_again_before_fills_are_asked_for() -> None:
    """It may not hold the fill yet: that is no move during the absence."""
    story = start(begun()).source("BTC", "1", "100000", feed=Feed.TAPE).later(100)
    story.snapshot(BTC="0")
    assert story.all(RepairSource) == []
    story.wait(2_001)
    assert story.all(ReadSource) == [ReadSource(wallet=WALLET, dex="")]
    assert [order.terms.coin for order in story.snapshot(BTC="1").orders] == ["BTC"]


def test_trades_that_cannot_be_fetched_are_said_to_be_missing() -> None:
    """Nothing waited for them, so nothing is doubted; the next start asks for them again."""
    story = start(begun())
    repair(story.snapshot(), RepairStage.FAILED)
    assert story.alerts_of("repair") == ["trades that were missed could not be fetched; they are not listed"]
    assert story.source("BTC", "1", "100000").reasons == ["execute:increase"]
    (again,) = story.crash().takes_over().all(RepairSource)
    assert again.since == T0


@pytest.mark.parametrize(("ago", "is_open"), [(5_000, True), (600_000, False)])
def test_a_younger_gap_does_not_count_for_what_a_start_waits_for(ago: int, *, is_open: bool) -> None:
    """Only a repair that reaches back far enough ends the question."""
    story = start(begun())
    repair(story, RepairStage.STARTED)
    repair(story, RepairStage.DONE, since=max(T0, story.now - ago))
    assert (story.state.bots["bot"].fetches_late, bool(story.state.bots["bot"].missed_since)) == (is_open, is_open)


def test_a_bot_that_is_switched_on_again_waits_for_nothing_of_before() -> None:
    """What it did while it was off is not asked for, whatever a start still wanted to know."""
    story = start(begun())
    story.change(settings(bot(enabled=False))).change(settings(bot()))
    memory = story.state.bots["bot"]
    assert (memory.fetches_late, memory.missed_since, memory.is_repairing) == (False, 0, False)
