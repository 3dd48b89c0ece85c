"""What a check found."""

from fadearena.model.finding import Finding, Level, worst


def test_the_worst_of_nothing_is_well() -> None:
    """Of several it is the most severe one, in whatever order they come."""
    found = [Finding(check=level, level=level, text="") for level in Level]
    assert worst([]) is Level.OK
    assert worst(found[:2]) is Level.WARN
    assert worst(list(reversed(found))) is Level.FAIL
