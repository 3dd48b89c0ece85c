"""Reconciliation: a difference counts after two equal readings beyond the threshold."""

from decimal import Decimal as D

import pytest

from fadearena.core.reconcile import Verdict, Watch, compare, is_drift

LOT, ONE_PERCENT = D("0.01"), D("0.01")


def read(watch: Watch, ours: str, theirs: str, time: int) -> Verdict:
    """Take one reading at a threshold of 1 %."""
    is_off = is_drift(D(ours), D(theirs), LOT, ONE_PERCENT)
    return compare(watch, D(ours), D(theirs), time, is_off=is_off)


@pytest.mark.parametrize(
    ("ours", "theirs", "drifts"),
    [
        ("10", "10", False),
        ("10", "9.90", False),
        ("10", "9.89", True),
        ("9.90", "10", False),
        ("9.89", "10", True),
        ("-10", "-9.89", True),
        ("0.50", "0.49", True),
        ("0.500", "0.495", False),
        ("0", "0.01", True),
        ("0", "0.009", False),
        ("1", "-1", True),
    ],
)
def test_a_drift_is_more_than_one_percent_and_at_least_a_lot(ours: str, theirs: str, drifts: bool) -> None:
    """A difference counts beyond 1 % of the larger position, and from one whole lot on."""
    assert is_drift(D(ours), D(theirs), LOT, ONE_PERCENT) is drifts


def test_a_difference_needs_two_equal_readings() -> None:
    """The first reading that is off only asks for another; the second that says the same is a drift."""
    watch = Watch()
    assert read(watch, "1", "2", 100) is Verdict.READ_AGAIN
    assert not watch.is_drifting
    assert read(watch, "1", "2", 200) is Verdict.DRIFTS
    assert (watch.is_drifting, watch.drift, watch.theirs, watch.time) == (True, D(1), D(2), 200)


def test_the_same_reading_twice_is_one_reading() -> None:
    """A reading that is not newer proves nothing."""
    watch = Watch()
    read(watch, "1", "2", 100)
    assert read(watch, "1", "2", 100) is Verdict.READ_AGAIN
    assert read(watch, "1", "2", 101) is Verdict.DRIFTS


def test_unequal_readings_are_no_drift() -> None:
    """Two readings that are off by different amounts ask for a third."""
    watch = Watch()
    read(watch, "1", "2", 100)
    assert read(watch, "1", "3", 200) is Verdict.READ_AGAIN
    assert read(watch, "1", "3", 300) is Verdict.DRIFTS


def test_own_fills_between_readings_do_not_hide_a_drift() -> None:
    """What counts is the difference: a fill that moves both sides leaves it as it was."""
    watch = Watch()
    read(watch, "1", "2", 100)
    assert read(watch, "0.5", "1.5", 200) is Verdict.DRIFTS


def test_a_drift_that_changes_is_read_again_before_anything_is_made_of_it() -> None:
    """A single reading never repairs: another difference stays a drift, but must be shown twice as well."""
    watch = Watch()
    read(watch, "1", "2", 100)
    read(watch, "1", "2", 200)
    assert read(watch, "1", "5", 300) is Verdict.READ_AGAIN
    assert (watch.is_drifting, watch.drift) == (True, D(1))
    assert read(watch, "1", "5", 400) is Verdict.DRIFTS
    assert watch.drift == D(4)


def test_agreement_ends_a_drift_and_what_was_begun_for_it() -> None:
    """One reading that agrees ends a drift, and the next one begins its repair from the start."""
    watch = Watch()
    read(watch, "1", "2", 100)
    read(watch, "1", "2", 200)
    watch.repair_asked = 200
    assert read(watch, "2", "2", 300) is Verdict.AGREES
    assert (watch.is_drifting, watch.differs, watch.drift, watch.repair_asked) == (False, None, D(0), 0)
    assert watch.agreed == 300


def test_only_an_equal_reading_is_an_agreed_point() -> None:
    """A difference below the threshold is no drift, but fills are still to be read from before it."""
    watch = Watch()
    read(watch, "10", "10", 100)
    assert read(watch, "10", "10.05", 200) is Verdict.AGREES
    assert watch.agreed == 100
