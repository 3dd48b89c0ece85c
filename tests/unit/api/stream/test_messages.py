"""Records as messages: every kind has its type, and its outer form has the contract's names."""

from decimal import Decimal
from pathlib import Path
from typing import get_args

import msgspec

from fadearena.api.answers import Decimals, with_texts
from fadearena.api.records import form_of_record
from fadearena.api.stream.messages import CHANNELS, TYPE_OF, Message, message_of
from fadearena.model.policy import BotPolicy, Policy
from fadearena.model.record import FillKind, Record, SettingsChange
from fadearena.ports.read_store import LoggedRecord
from tests.support.entries import golden
from tests.support.stream import FILL, TRADE

_PAGE = Path(__file__).parents[4] / "docs" / "api.md"


def logged(record: Record) -> LoggedRecord:
    """Return a record with a place."""
    return LoggedRecord(record_seq=7, journal_seq=3, time=1_000, record=record)


def test_every_kind_of_record_has_a_type() -> None:
    """Its own tag, but for what the contract calls otherwise."""
    tags = {str(kind.__struct_config__.tag) for kind in get_args(Record)}
    assert set(TYPE_OF) == tags
    renamed = {tag: kind for tag, kind in TYPE_OF.items() if tag != kind}
    assert renamed == {
        "my-fill": "my-trade",
        "settings-change": "settings-update",
        "bots-change": "settings-update",
    }


def test_trades_are_shown_as_the_contract_says() -> None:
    """Sides are long and short, times are those of the execution and of the record, the notional is exact."""
    theirs = form_of_record(logged(TRADE), simulated=True)
    assert theirs["event"] == {
        "id": "k1",
        "timestamp": 1,
        "asset": "BTC",
        "side": "long",
        "size": 100,
        "price": TRADE.price,
        "notional": 1_050,
        "startPosition": None,
        "feed": "tape",
        "isFollowed": True,
    }
    assert form_of_record(logged(FILL), simulated=False) == {
        "id": "7",
        "timestamp": 1_000,
        "botId": "grok-4",
        "asset": "BTC",
        "side": "short",
        "size": 100,
        "price": FILL.price,
        "notional": 1_050,
        "pnl": None,
        "simulated": False,
        "orderId": None,
        "reason": FillKind.ORDER,
    }
    closing = msgspec.structs.replace(FILL, realised=Decimal("-12.5"))
    assert form_of_record(logged(closing), simulated=True)["pnl"] == Decimal("-12.5")


def test_real_records_have_outer_names_only() -> None:
    """No underscore, and neither `bot`, `coin`, `wallet` nor `quantity`; decimals are exact in both forms."""
    shown = {type(record): record for entry in golden() for record in entry.records}
    for record in shown.values():
        message = message_of(logged(record), {"version": 1}, simulated=True)
        told = msgspec.json.decode(message.text(Decimals.STRING))
        assert list(told) == ["type", "seq", "timestamp", "data"]
        assert told["type"] in CHANNELS
        assert not any("_" in name or name in {"bot", "coin", "wallet", "quantity"} for name in told["data"])


def test_what_is_inside_of_records_has_outer_names_and_exact_texts() -> None:
    """Settings of a change are shown as settings are; a text of a decimal has no exponent."""
    bot = BotPolicy(id="a", name="A", wallet="0x1", leverage_multiplier=Decimal("0.00000001"), account="main")
    change = SettingsChange(version=2, actor="cli", policy=Policy(bots=(bot,), global_exposure_cap=Decimal(10_000)))
    form = with_texts(form_of_record(logged(change), simulated=True))
    assert form["policy"]["globalExposureCap"] == "10000"
    (shown,) = form["policy"]["bots"]
    assert (shown["walletAddress"], shown["leverageMultiplier"], shown["coins"]["deny"]) == ("0x1", "0.00000001", [])
    told = Message("state-update", 1, 1, {"equity": {"total": Decimal("1E-8")}})
    assert '"total":"0.00000001"' in told.text(Decimals.STRING)


def test_the_page_names_every_channel_and_error() -> None:
    """Whoever reads it knows all that may come."""
    text = _PAGE.read_text()
    for name in (*CHANNELS, "malformed", "unknown_channel", "reload", "1001", "1008", "1012", "1013"):
        assert f"`{name}`" in text or f"| {name} |" in text, name
