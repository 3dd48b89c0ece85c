"""New settings: versions, bots and accounts that come, go, move, are switched off and on."""

import msgspec

from fadearena.model.command import ReadAccount, ReadRole, ReadSource
from fadearena.model.event import ChangeBots, SetPolicy
from fadearena.model.order import RejectCode
from fadearena.model.policy import AccountPolicy, BotPolicy, CoinRules, Mode, Policy
from fadearena.model.record import SettingsChange
from tests.support.story import begun
from tests.support.world import OTHER, WALLET, D, bot, settings

SUB = AccountPolicy(id="sub", address="0x" + "5e" * 20, signer="0x" + "0d" * 20, max_leverage=20)


def with_sub(*bots: BotPolicy) -> Policy:
    """Settings with a second account."""
    return settings(*bots, accounts=(*settings().accounts, SUB))


def test_settings_have_versions() -> None:
    """Each accepted change raises the version by one; a change that expects another version is refused."""
    story = begun()
    assert story.state.policy.version == 1
    story.change(settings(daily_loss_limit=D(5)))
    assert [(row.version, row.actor) for row in story.all(SettingsChange)] == [(2, "ann")]
    story.order_by(SetPolicy(policy=settings(), expected_version=1))
    assert story.refusal() == "the settings are at version 2, not 1"
    story.order_by(SetPolicy(policy=settings(), expected_version=2))
    assert (story.refusal(), story.state.policy.version) == ("", 3)


def test_settings_that_contradict_themselves_are_refused() -> None:
    """Settings with problems are refused with every reason, and nothing changes."""
    story = begun()
    story.order_by(SetPolicy(policy=settings(bot(), bot("two", WALLET))))
    assert "belongs to another bot" in story.refusal()
    assert len(story.state.policy.bots) == 1


def test_bot_that_is_added_is_followed() -> None:
    """A new bot's role and positions are asked for, and it is followed from there on."""
    story = begun()
    story.change(settings(bot(), bot("two", OTHER)))
    assert [c.wallet for c in story.all(ReadRole)] == [OTHER]


def test_bot_with_a_position_is_not_removed_or_moved() -> None:
    """Wallet and account change, and a bot goes, only when it is flat with no order in flight."""
    story = begun(with_sub(bot())).holding()
    base = story.policy
    for other in (bot("two", OTHER), bot(wallet=OTHER), bot(account="sub")):
        story.order_by(SetPolicy(policy=msgspec.structs.replace(base, bots=(other,))))
        assert "bot holds positions" in story.refusal()
    story = begun()
    story.opened("BTC", "1", "100000")
    story.order_by(SetPolicy(policy=settings(bot("two", OTHER))))
    assert "bot holds positions" in story.refusal()


def test_flat_bot_can_be_given_another_wallet() -> None:
    """A flat bot that gets another wallet forgets what the old one did."""
    story = begun(settings(bot(), bot("two", "0x" + "d4" * 20))).holding()
    story.fill(story.source("BTC", "-1", "100000").order)
    story.change(settings(bot(wallet=OTHER), bot("two", "0x" + "d4" * 20)))
    assert (story.refusal(), [c.wallet for c in story.all(ReadRole)]) == ("", [OTHER])
    assert ("bot", "BTC") not in story.state.follows
    assert story.source("BTC", "5", "100000").turn.records == []


def test_bot_that_waits_for_its_growth_can_be_removed() -> None:
    """A bot that is removed while it still wants something leaves nothing behind."""
    story = begun(settings(bot(), bot("two", OTHER)))
    order = story.opened("BTC", "1", "100000")
    story.source("BTC", "1", "100000", wallet=OTHER)
    assert story.state.books["main", "BTC"].wanting == ["bot", "two"]
    story.remove("two")
    assert (story.refusal(), story.state.books["main", "BTC"].wanting) == ("", ["bot"])
    assert story.fill(order).orders == []


def test_what_a_removed_bot_earned_stays_in_the_books() -> None:
    """A bot that is removed leaves its PnL to external; added again it starts with a clean loss limit."""
    lossy = settings(bot(loss_limit=D(100)), bot("two", OTHER))
    story = begun(lossy).holding()
    story.filled(story.source("BTC", "-1", "100000").order, "0.05", "101800").remove("bot")
    assert story.refusal() == ""
    story.change(lossy)
    assert story.latches() == []
    assert story.state.books["main", "BTC"].book.external.realised == D(-90)


def test_bot_that_is_switched_off_only_reduces() -> None:
    """A bot that is switched off is reducing: it is followed out, and not in."""
    story = begun().holding()
    story.change(settings(bot(enabled=False)))
    assert story.latches() == ["bot:bot disabled"]
    assert story.source("BTC", "1", "100000").reasons == ["skip:bot_state"]
    assert story.source("BTC", "-2", "100000").order.terms.reduce_only


def test_bot_that_is_switched_on_again_starts_anew_for_what_it_does_not_hold() -> None:
    """Enabled again, the sleeve goes on with what it holds; what the bot opened meanwhile is its baseline."""
    story = begun().holding()
    story.change(settings(bot(enabled=False)))
    story.source("BTC", "2", "100000").source("ETH", "10", "2000").wait(5_000)
    story.change(settings(bot()))
    assert story.latches() == []
    assert [c.wallet for c in story.all(ReadSource)] == [WALLET]
    for _ in range(2):
        story.snapshot().wait(2_500)
    story.snapshot()
    assert (story.followed("BTC"), story.followed("ETH")) == (D(1), D(0))
    assert (story.target("BTC"), story.sleeve("BTC"), story.orders) == (D("-0.05"), D("-0.05"), [])
    story.mark("BTC", "100000")
    assert story.source("BTC", "1", "100000").order.terms.quantity == D("0.05")


def test_bot_that_stays_on_is_left_alone() -> None:
    """A change of settings that keeps a bot on is no new start for it."""
    story = begun().holding()
    story.change(settings(bot(loss_limit=D(5000))))
    assert (story.all(ReadRole), story.followed("BTC")) == ([], D(1))


def test_account_that_is_added_is_read() -> None:
    """A new account is read before anything is decided for it."""
    story = begun()
    story.change(with_sub())
    assert [c.account for c in story.all(ReadAccount)] == ["sub"]


def test_account_that_holds_something_is_not_removed_or_moved() -> None:
    """An account goes, or gets another address, only when it is flat."""
    story = begun(with_sub())
    story.mark("BTC", "100000").fills(story.own_fill("BTC", "1", "100000", account="sub"), account="sub")
    story.order_by(SetPolicy(policy=settings()))
    assert story.refusal() == "account sub holds positions or stops: close them before it is removed or moved"
    moved = msgspec.structs.replace(SUB, address="0x" + "6f" * 20)
    story.order_by(SetPolicy(policy=settings(accounts=(*settings().accounts, moved))))
    assert "account sub holds positions" in story.refusal()


def test_account_with_another_address_is_another_account() -> None:
    """A flat account that gets another address is read anew, and its bots start anew on it."""
    two = bot("two", OTHER, account="sub")
    story = begun(with_sub(bot(), two))
    story.fill(story.opened("BTC", "1", "100000", wallet=OTHER))
    story.fill(story.source("BTC", "-1", "100000", wallet=OTHER).order)
    moved = msgspec.structs.replace(SUB, address="0x" + "6f" * 20)
    story.change(settings(bot(), two, accounts=(*settings().accounts, moved)))
    assert (story.refusal(), [c.account for c in story.all(ReadAccount)]) == ("", ["sub"])
    assert not story.state.accounts["sub"].is_read
    assert ("sub", "BTC") not in story.state.books


def test_late_news_of_an_account_that_is_gone_are_told() -> None:
    """An answer for an order of an account that was removed is told and changes nothing."""
    two = bot("two", OTHER, account="sub")
    story = begun(with_sub(bot(), two))
    order = story.opened("BTC", "1", "100000", wallet=OTHER)
    story.reject(order, RejectCode.MARGIN)
    story.change(settings())
    assert story.refusal() == ""
    assert story.filled(order, "0.05", "100000").alerts == ["order"]
    assert story.fills(story.fill_for(order, "0.05", "100000", account="sub"), account="sub").turn.records == []


def test_the_mode_is_no_setting() -> None:
    """Settings of the other mode are refused, however they came here; the very first tell which it is."""
    story = begun()
    story.order_by(SetPolicy(policy=msgspec.structs.replace(settings(), mode=Mode.LIVE)))
    assert story.refusal().startswith("these are the settings of simulation")
    assert story.state.policy.mode is Mode.SIMULATION


def test_a_coin_that_is_not_listed_is_refused_where_it_is_new() -> None:
    """A cap or a rule on it would bind nothing; on a dex of which no market is known, and where it was named before."""
    story = begun()
    mistyped = bot(coins=CoinRules(allow=("BTC", "DOEG"), deny=("Btc",)))
    story.order_by(SetPolicy(policy=settings(mistyped, asset_exposure_caps={"btc": D(1), "BTC": D(1)})))
    for reason in (
        "assetExposureCaps.btc must be listed by the exchange: there is no btc, but BTC",
        "coins.allow of bot must be listed by the exchange: there is no DOEG",
        "coins.deny of bot must be listed by the exchange: there is no Btc, but BTC",
    ):
        assert reason in story.refusal()
    story.order_by(ChangeBots(put=(mistyped,)))
    assert "there is no DOEG" in story.refusal()
    elsewhere = settings(bot(coins=CoinRules(deny=("other:GOLD",))), asset_exposure_caps={"other:GOLD": D(1)})
    story.order_by(SetPolicy(policy=elsewhere))
    assert story.refusal() == ""


def test_a_coin_that_was_named_before_its_market_was_known_stays() -> None:
    """Settings come before the markets at a first start; later changes of something else are not refused for it."""
    before = settings(bot(coins=CoinRules(deny=("DOEG",))), asset_exposure_caps={"btc": D(1)})
    story = begun(before)
    story.order_by(SetPolicy(policy=msgspec.structs.replace(before, daily_loss_limit=D(5))))
    assert story.refusal() == ""
    story.order_by(ChangeBots(put=(msgspec.structs.replace(before.bots[0], name="Other"),)))
    assert story.refusal() == ""
