"""Hundreds of wallets that trade all the time, watched over real sockets: nothing is missed, even where they drop."""

import pytest

from tests.faults.crowd import problems, prove
from tests.support.crowd_box import CrowdPlan

pytestmark = pytest.mark.slow
PLAN = CrowdPlan(traders=300, wallets=300, trades_per_second=200, coins=40, seconds=15, drops=2)


def test_what_is_known_of_a_crowd_is_what_it_holds() -> None:
    """Every position is the exchange's own, and every fill that it counted was told once."""
    assert list(problems(PLAN, prove(PLAN))) == []
