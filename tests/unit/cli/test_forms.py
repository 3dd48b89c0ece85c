"""Settings as people write them."""

import re
from decimal import Decimal

import msgspec
import pytest

from fadearena.bootstrap.seed import default_policy
from fadearena.cli.forms import changed
from fadearena.model.error import InvalidInput
from fadearena.model.policy import BotPolicy, CoinRules, OnBreach, Policy, Sizing
from fadearena.model.policy.form import camel, form_of, rows_of
from fadearena.model.units import Direction

POLICY = default_policy()


@pytest.mark.parametrize(
    ("assignment", "field", "value"),
    [
        ("globalExposureCap=5000", "global_exposure_cap", Decimal(5_000)),
        ("globalExposureCap=null", "global_exposure_cap", None),
        ("maxDrawdown=0.10", "max_drawdown", Decimal("0.1")),
        ("onBreach=flatten", "on_breach", OnBreach.FLATTEN),
        ("maxSignalAgeMs=30000", "max_signal_age_ms", 30_000),
        ("assetExposureCaps.xyz:TSLA=100", "asset_exposure_caps", {"xyz:TSLA": Decimal(100)}),
    ],
)
def test_a_field_is_replaced(assignment: str, field: str, value: object) -> None:
    """Only this field changes, and its value has the field's type."""
    after = changed(POLICY, [assignment])
    assert after == msgspec.structs.replace(POLICY, **{field: value})


def test_nested_fields_and_items() -> None:
    """A dot leads into a part; an item that becomes null is gone."""
    after = changed(POLICY, ["slippage.entryBps=60", "tuning.deadBand=0", "assetExposureCaps.BTC=5"])
    assert (after.slippage.entry_bps, after.tuning.dead_band) == (Decimal(60), Decimal(0))
    assert changed(after, ["assetExposureCaps.BTC=null"]).asset_exposure_caps == {}


def test_fields_of_a_bot() -> None:
    """Choices, switches and lists are read, too."""
    bot = changed(
        BotPolicy(id="a", name="a", wallet=""),
        [
            "direction=copy",
            "sizing=notional",
            "notionalUsd=100",
            "enabled=false",
            "coins.deny=DOGE, XRP",
            "coins.allow=",
        ],
    )
    assert (bot.direction, bot.sizing, bot.notional_usd, bot.enabled) == (
        Direction.COPY,
        Sizing.NOTIONAL,
        Decimal(100),
        False,
    )
    assert bot.coins == CoinRules(allow=None, deny=("DOGE", "XRP"))


@pytest.mark.parametrize(
    ("assignment", "sentence"),
    [
        ("maxDrawdown", "'maxDrawdown' is no KEY=VALUE"),
        ("maxDrawdwn=1", "maxDrawdwn cannot be set: the nearest field is maxDrawdown"),
        ("mode=live", "mode cannot be set"),
        ("bots=x", "bots cannot be set"),
        ("slippage=1", "slippage has fields of its own: slippage.entryBps"),
        ("slippage.entry=1", "slippage.entry cannot be set: the nearest field is"),
        ("repair.x=1", "repair has no fields of its own"),
        ("assetExposureCaps=1", "assetExposureCaps needs a name after a dot"),
        ("maxDrawdown=much", "maxDrawdown: 'much' is not a decimal number"),
        ("maxDrawdown=NaN", "maxDrawdown: 'NaN' is not a finite number"),
        ("onBreach=run", "onBreach: "),
        ("maxSignalAgeMs=1.5", "maxSignalAgeMs: "),
        ("maxSignalAgeMs=null", "maxSignalAgeMs: "),
    ],
)
def test_what_does_not_fit_is_told(assignment: str, sentence: str) -> None:
    """The sentence names the field as it was written."""
    with pytest.raises(InvalidInput, match=re.escape(sentence)):
        changed(POLICY, [assignment])


def test_rows_can_be_set_again() -> None:
    """What is shown as rows is what `changed` takes: setting every row changes nothing."""
    form = form_of(POLICY, without=frozenset({"version", "mode", "bots", "accounts"}))
    assert changed(POLICY, (f"{name}={value}" for name, value in rows_of(form))) == POLICY
    bot = POLICY.bots[0]
    rows = rows_of(form_of(bot, without=frozenset({"id"})))
    assert changed(bot, (f"{name}={value}" for name, value in rows)) == bot


def test_every_field_of_the_settings_can_be_written() -> None:
    """Nothing in the settings is left out of the form."""
    assert set(form_of(Policy())) == {camel(name) for name in Policy.__struct_fields__}
