"""What is listed: what always is, and what is added."""

from collections import Counter as Count
from decimal import Decimal as D

import pytest

from fadearena.model.error import InvalidInput
from fadearena.model.units import SECOND_MS
from fadearena.sandbox.exchange.exchange import Exchange
from fadearena.sandbox.listing import ASSETS, DEXS, Listed
from fadearena.sandbox.nouns import Filled
from tests.support.box import ANN, BUY, Box
from tests.support.counter import Counter


def test_it_is_filled_up_with_made_up_coins() -> None:
    """On several dexs, each with its place, prices that can be quoted, and properties that follow from its name."""
    listed, again = Listed(), Listed()
    listed.fill_up(200)
    again.fill_up(200)
    assert len(listed.traded()) == 200
    assert [dex.name for dex in listed.dexs] == ["", "xyz", "flx", "vntl"]
    assert listed.dexs == again.dexs
    places = Count(asset.dex for asset in listed.assets.values() if asset.coin not in ASSETS)
    assert min(places.values()) > 25
    for place, dex in enumerate(listed.dexs):
        first = 100_000 + 10_000 * place if place else 0
        assert [asset.asset_id for asset in dex.assets] == list(range(first, first + len(dex.assets)))
    assert {asset.restriction for asset in listed.assets.values()} > {None}
    assert Listed().dexs == DEXS


def test_the_same_is_listed_from_what_was_added() -> None:
    """In the same order, as a sandbox that goes on does it."""
    listed = Listed()
    listed.fill_up(30)
    listed.add("abcd:ONE")
    assert Listed(listed.more).dexs == listed.dexs


@pytest.mark.parametrize("coin", ["BTC", "xyz:TSLA", "", ":A", "xyz:", "X Y", "UPPER:A", "A:B:C"], ids=str)
def test_what_cannot_be_listed(coin: str) -> None:
    """Names that are taken, and what is no name."""
    with pytest.raises(InvalidInput, match="listed"):
        Listed().add(coin)


def test_a_new_coin_can_be_traded_and_is_kept() -> None:
    """It has prices and a book, orders fill, and it is there again when a sandbox goes on."""
    box = Box()
    box.exchange.list_coin("flx:NEW")
    box.exchange.deposit(ANN, D(1_000), "flx")
    asset = box.exchange.view.asset("flx:NEW")
    rules = box.exchange._floor.market.instruments["flx:NEW"]
    size = rules.floor(50 / box.mark("flx:NEW"))
    assert isinstance(box.exchange.trade(ANN, "flx:NEW", BUY, size), Filled)
    box.check()
    again = Exchange.load(box.clock, box.exchange.dump())
    assert again.view.asset("flx:NEW") == asset
    assert again.truth() == box.exchange.truth()
    box.clock.move_by(5 * SECOND_MS)
    again.advance()
    box.exchange.advance()
    assert again.view.mark("flx:NEW") == box.exchange.view.mark("flx:NEW")


def test_a_new_coin_is_in_every_answer() -> None:
    """Meta, prices and subscriptions know it from the moment on in which it is listed."""
    counter = Counter()
    peer = counter.connect()
    refused = {"method": "subscribe", "subscription": {"type": "trades", "coin": "NEW"}}
    assert counter.say(peer, refused)[0]["channel"] == "error"
    counter.exchange.list_coin("NEW")
    meta, contexts = counter.ask("metaAndAssetCtxs")
    assert meta["universe"][-1]["name"] == "NEW"
    assert len(contexts) == len(meta["universe"])
    assert D(counter.ask("allMids")["NEW"]) > 0
    assert counter.subscribe(peer, "bbo", coin="NEW")[0]["data"]["bbo"][0]
    assert counter.subscribe(peer, "trades", coin="NEW") == [{"channel": "trades", "data": []}]
