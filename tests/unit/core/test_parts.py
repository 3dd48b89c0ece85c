"""Parts of the state: keys, what counts as changed, what breaks a cut, and what is refused."""

import re

import msgspec
import pytest

from fadearena.core.state import Cut, Letter, Parts, State, assemble, encode
from fadearena.core.state.parts import SLICE_BYTES
from fadearena.core.state.table import SWEEP_MAX, Table
from fadearena.model.error import InvalidInput
from fadearena.model.event import Kill, Release, SetPolicy
from fadearena.model.market import Quote
from fadearena.model.policy import AccountPolicy
from tests.support.story import Story, begun
from tests.support.world import OTHER, bot, settings


def rows(cut: Cut, most: int = 50) -> dict[str, bytes | None]:
    """Take a cut to its end."""
    found: dict[str, bytes | None] = {}
    while slice_ := cut.take(most):
        found |= dict(slice_)
    return found


def whole(parts: Parts) -> dict[str, bytes]:
    """Take and save a full cut."""
    cut = parts.begin(full=True)
    found = rows(cut)
    parts.saved(cut)
    return {key: text for key, text in found.items() if text is not None}


def changed(parts: Parts) -> dict[str, bytes | None]:
    """Take and save a cut of what changed."""
    cut = parts.begin(full=False)
    found = rows(cut)
    parts.saved(cut)
    return found


def kinds(found: dict[str, bytes | None]) -> set[str]:
    """Return the beginnings of keys."""
    return {key.partition("/")[0] for key in found}


def test_parts_have_the_names_of_what_they_hold() -> None:
    """Bots, sleeves, books, orders and accounts are parts of their own; small things stand together."""
    story = begun().holding()
    names = set(whole(Parts(story.state)))
    assert {"meta", "policy", "retired", "bots/bot", "bot-policies/bot", "accounts/main", "quotes/BTC"} <= names
    assert {"follows/bot/BTC", "sleeves/bot/BTC", "books/main/BTC", "instruments/xyz:NVDA"} <= names
    assert {f"orders/{cloid}" for cloid in story.state.orders} <= names


def test_any_text_may_be_a_name() -> None:
    """Slashes and percent signs do not mix two names up."""
    state = State()
    names = ("a/b", "a%2Fb", "a%b", "a", "/", "", "a//b")
    state.letters = {name: Letter(kind="input", subject=name, error="x") for name in names}
    state.off_target = {(one, two): 1 for one in names for two in names}
    state.quotes = {name: Quote(coin=name) for name in names}
    assert encode(assemble(whole(Parts(state)).items())) == encode(state)


def test_only_what_changed_is_given_out() -> None:
    """After a full cut nothing but the present part is left; a price is one part more; looking changes nothing."""
    story = begun().holding()
    parts = Parts(story.state)
    saved = whole(parts)
    assert story.state.bots["bot"].coins == ["BTC"]
    assert changed(parts).items() <= saved.items()
    story.mark("ETH", "2000")
    assert set(changed(parts)) == {"meta", "quotes/ETH"}


def test_a_slice_without_a_change_is_not_the_end() -> None:
    """A cut whose first rows did not change goes on to those that did."""
    story = begun().holding()
    parts = Parts(story.state)
    saved = whole(parts)
    assert story.state.books["main", "BTC"].bots
    story.state.wakes["decide:x:y"] = 7
    found = rows(parts.begin(full=False), most=1)
    assert found["wakes/decide:x:y"] == b"7"
    assert all(saved[key] == text for key, text in found.items() if key not in {"meta", "wakes/decide:x:y"})


def test_what_is_gone_is_said_to_be() -> None:
    """A removed bot and account, a forgotten wake and an ended latch are given out as gone."""
    policy = settings(bot(), bot("two", OTHER, account="sub"))
    sub = AccountPolicy(id="sub", address="0x" + "5e" * 20, signer="0x" + "0d" * 20)
    story = begun(settings(*policy.bots, accounts=(*policy.accounts, sub)))
    story.mark("ETH", "2000").source("ETH", "1", "2000", wallet=OTHER)
    story.order_by(Kill(bot="bot"))
    parts = Parts(story.state)
    saved = whole(parts)
    for order in list(story.state.orders):
        story.drop(story.placed(order))
    story.order_by(Release(bot="bot")).order_by(SetPolicy(policy=settings(bot(), accounts=policy.accounts)))
    assert story.refusal() == ""
    gone = {key for key, text in changed(parts).items() if text is None}
    assert {"bots/two", "bot-policies/two", "accounts/sub", "sleeves/two/ETH", "follows/two/ETH"} <= gone
    assert {"books/sub/ETH", "latches/bot:bot"} <= gone
    assert gone <= saved.keys()
    story.remove("bot")
    assert "bots/bot" not in whole(parts)
    assert None not in changed(parts).values()


def test_what_an_account_has_seen_are_parts_of_their_own() -> None:
    """Executions and payments that are known are not written again with each new one."""
    story = begun().holding().cash("5", key="a")
    parts = Parts(story.state)
    saved = whole(parts)
    story.holding("ETH", "10", "2000").cash("7", key="b")
    more = changed(parts)
    seen = [key for key in more if key.startswith(("fills/", "payments/")) and key not in saved]
    assert seen == [f"fills/main/own:{story.tid - 1}", "payments/main/cash:b"]
    newest = {**saved, **{key: text for key, text in more.items() if text is not None}}
    assert encode(assemble(newest.items())) == encode(story.state)


def test_a_dropped_cut_counts_as_changed_still() -> None:
    """What a cut gave out before it was dropped, and what it did not, is given out by the next one."""
    story = begun().holding()
    parts = Parts(story.state)
    whole(parts)
    story.mark("BTC", "99000").holding("ETH", "10", "2000")
    cut = parts.begin(full=False)
    first = dict(cut.take(2))
    parts.dropped(cut)
    again = changed(parts)
    assert first.items() <= again.items()
    assert {"books/main/ETH", "sleeves/bot/ETH", "quotes/BTC"} <= again.keys()


@pytest.mark.parametrize("most", [None, 1, 1_000], ids=["nothing", "a-part", "everything"])
def test_what_was_gone_before_a_dropped_cut_of_everything_is_said_later(most: int | None) -> None:
    """A full cut does not show removed rows; where it is dropped, the next cut of what changed does."""
    story = many(3)
    parts = Parts(story.state)
    whole(parts)
    del story.state.letters["1"]
    cut = parts.begin(full=True)
    if most is not None:
        assert "letters/1" not in dict(cut.take(most))
    parts.dropped(cut)
    assert changed(parts)["letters/1"] is None


def test_what_is_gone_is_said_although_all_rows_were_looked_at() -> None:
    """Whoever asks for all rows sees those that are left; the removed one is given out as gone all the same."""
    story = many(3)
    parts = Parts(story.state)
    whole(parts)
    del story.state.letters["1"]
    assert len(story.state.letters.values()) == len(["0", "2"])
    assert changed(parts)["letters/1"] is None


def test_one_cut_at_a_time() -> None:
    """A second cut waits for the first, which ends once, and is saved only after it was taken."""
    parts = Parts(State())
    cut = parts.begin(full=True)
    with pytest.raises(InvalidInput, match="tell what became of it"):
        parts.begin(full=False)
    with pytest.raises(InvalidInput, match="taken to its end"):
        parts.saved(cut)
    parts.dropped(cut)
    with pytest.raises(InvalidInput, match="saved or dropped already"):
        parts.dropped(cut)


def many(count: int) -> Story:
    """Return a story with so many dead letters."""
    story = begun()
    story.state.letters = {f"{n}": Letter(kind="input", subject="x", error="x" * n) for n in range(count)}
    return story


def test_looking_at_all_rows_of_a_large_table_breaks_a_cut() -> None:
    """A cut that is broken ends without being done; nothing is lost once it was dropped."""
    story = many(SWEEP_MAX + 1)
    parts = Parts(story.state)
    cut = parts.begin(full=True)
    assert len(list(story.state.letters.values())) == SWEEP_MAX + 1
    assert cut.is_broken
    rows(cut)
    assert not cut.is_done
    parts.dropped(cut)
    assert encode(assemble(whole(parts).items())) == encode(story.state)


def test_looking_at_all_rows_of_a_small_table_does_no_harm() -> None:
    """Few rows are written at once before they are handed out; they show what they were."""
    story = many(SWEEP_MAX)
    parts = Parts(story.state)
    then, cut = encode(story.state), parts.begin(full=True)
    for letter in story.state.letters.values():
        letter.state = "discarded"
    assert not cut.is_broken
    found = {key: text for key, text in rows(cut).items() if text is not None}
    assert encode(assemble(found.items())) == then
    parts.saved(cut)
    assert len([key for key in changed(parts) if key.startswith("letters/")]) == SWEEP_MAX


def test_a_slice_is_limited_in_bytes() -> None:
    """Large parts make a slice short."""
    story = begun()
    story.state.letters = {f"{n}": Letter(kind="input", subject="x", error="x" * SLICE_BYTES) for n in range(3)}
    cut = Parts(story.state).begin(full=True)
    sizes = [sum(len(text or b"") for _, text in slice_) for slice_ in iter(lambda: cut.take(1_000), [])]
    assert max(sizes) < 2 * SLICE_BYTES


def test_a_table_is_a_dict() -> None:
    """Whatever is asked of a table, it answers as a dict does."""
    table = Table({"a": 1}, msgspec.json.encode)
    assert [table["a"], table.get("a"), table.get("b"), table.get("b", 7)] == [1, 1, None, 7]
    assert [table.setdefault("b", 2), table.setdefault("b", 3)] == [2, 2]
    assert [table.pop("b"), table.pop("b", None)] == [2, None]
    assert (list(table.items()), list(table.values())) == ([("a", 1)], [1])
    with pytest.raises(KeyError):
        table["c"]
    del table["a"]
    assert not table


@pytest.mark.parametrize(
    ("key", "text", "told"),
    [
        ("ghosts/bot", b"{}", "part 'ghosts/bot' of a snapshot: these rules know no such part"),
        ("bots/bot", b"[]", "part 'bots/bot' of a snapshot: Expected `object`, got `array`"),
    ],
)
def test_a_part_that_cannot_be_read_is_refused(key: str, text: bytes, told: str) -> None:
    """The message names the part."""
    with pytest.raises(InvalidInput, match=re.escape(told)):
        assemble([(key, text)])


def test_a_snapshot_without_its_small_things_is_refused() -> None:
    """Settings and the small part are in every snapshot."""
    saved = whole(Parts(begun().state))
    del saved["policy"]
    with pytest.raises(InvalidInput, match="part 'policy' of a snapshot: it is missing"):
        assemble(saved.items())
