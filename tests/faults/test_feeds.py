"""Faulty feeds: what is believed becomes the truth again, nothing is lost, and nothing is flat that is not."""

import pytest

from tests.faults.feeds import tell

QUICK = range(2)
SLOW = range(2, 20)


@pytest.mark.parametrize("seed", QUICK)
def test_feeds_recover_from_faults(seed: int) -> None:
    """A worker that follows some traders and watches others knows the truth soon after the last fault."""
    assert tell(seed).problems == ()


@pytest.mark.slow
@pytest.mark.parametrize("seed", SLOW)
def test_feeds_recover_from_faults_often(seed: int) -> None:
    """The same with more seeds."""
    assert tell(seed).problems == ()
