"""What changed in the settings, by name."""

import msgspec

from fadearena.model.changes import differences, fields_after, fields_of
from fadearena.model.policy import Policy
from fadearena.model.record import BotsChange, SettingsChange
from fadearena.model.units import Usd
from tests.support.shown import bot_policy

POLICY = Policy(bots=(bot_policy("a"), bot_policy("b", 2)))


def test_only_what_differs_is_named() -> None:
    """A field of the settings' own, one of a bot, a bot that came and one that went; nothing else."""
    before, capped = fields_of(POLICY), msgspec.structs.replace(POLICY, max_order_notional=Usd(50))
    louder = msgspec.structs.replace(POLICY.bots[0], enabled=False)
    whole = fields_after(before, SettingsChange(version=2, actor="ann", policy=capped))
    assert differences(before, whole) == {"maxOrderNotional": ("null", "50")}
    after = fields_after(whole, BotsChange(version=3, actor="ann", put=(louder,), dropped=("b",)))
    found = differences(whole, after)
    assert found["bots.a.enabled"] == ("true", "false")
    assert found["bots.b.name"] == ("B", None)
    assert differences(after, whole)["bots.b.name"] == (None, "B")
    assert differences(whole, whole) == {}


def test_settings_that_are_not_known_have_no_fields() -> None:
    """A change under old rules did not record what the settings became."""
    assert fields_after(fields_of(POLICY), SettingsChange(version=2, actor="ann")) == {}
