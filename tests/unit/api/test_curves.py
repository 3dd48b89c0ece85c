"""Points of several curves: sums of what was known last, and what was recorded in the step."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from fadearena.api.curves import points_of
from fadearena.kit.decimals import normalise
from fadearena.model.units import EpochMs, Usd
from fadearena.ports.archive import Curve

BOTS, ACCOUNTS = ("bot:a", "bot:b", "bot:c"), ("account:main", "account:other")
usd = st.one_of(st.none(), st.integers(-500, 500).map(lambda cents: normalise(Decimal(cents) / 100)))
curve = st.dictionaries(st.integers(0, 8).map(lambda step: step * 60_000), usd, max_size=6)


def total(curves: dict[str, Curve], before: dict[str, Usd], names: tuple[str, ...], time: EpochMs) -> Usd | None:
    """Return the sum of the last values as the contract words it, looked up one by one."""
    last = []
    for name in names:
        told = [value for at, value in sorted(curves[name].items()) if at <= time]
        if told:
            last.append(told[-1])
        elif name in before:
            last.append(before[name])
    return None if not last or None in last else normalise(sum((one for one in last if one is not None), Decimal(0)))


@given(
    st.fixed_dictionaries(dict.fromkeys((*BOTS, *ACCOUNTS), curve)),
    st.dictionaries(st.sampled_from((*BOTS, *ACCOUNTS)), st.integers(-9, 9).map(Decimal)),
    st.integers(0, 3),
    st.integers(0, 2),
)
def test_sums_are_of_what_was_known_last(
    curves: dict[str, Curve], before: dict[str, Usd], bots: int, accounts: int
) -> None:
    """Whoever was not heard of yet is left out; one that became unknown makes the sum unknown."""
    theirs, ours = BOTS[:bots], ACCOUNTS[:accounts]
    shown = {name: curves[name] for name in (*theirs, *ours)}
    points = list(points_of(shown, before, theirs, ours))
    assert [point["timestamp"] for point in points] == sorted({time for one in shown.values() for time in one})
    for point in points:
        time = point["timestamp"]
        assert point["botsAggregate"] == total(shown, before, theirs, time)
        assert point["fadeArena"] == total(shown, before, ours, time)
        known = {name.removeprefix("bot:"): shown[name].get(time) for name in theirs}
        assert point["bots"] == {bot: value for bot, value in known.items() if value is not None}
