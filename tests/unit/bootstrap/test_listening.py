"""Where an API process listens."""

from contextlib import closing

import pytest

from fadearena.bootstrap.listening import bound, url_of
from fadearena.model.error import InvalidInput


def test_any_free_port_is_found_and_said() -> None:
    """Port 0 is any; the address that is said is the one where it is reached."""
    with closing(bound("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert url_of(listener) == f"http://127.0.0.1:{port}"


def test_a_port_that_is_taken_is_refused_with_what_to_do() -> None:
    """The sentence names the options and the settings."""
    with (
        closing(bound("127.0.0.1", 0)) as listener,
        pytest.raises(InvalidInput, match="--port or FADEARENA_PORT"),
    ):
        bound("127.0.0.1", listener.getsockname()[1])


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host"])
def test_an_address_that_is_not_ours_is_refused(host: str) -> None:
    """So is a name that means nothing."""
    with pytest.raises(InvalidInput, match="nobody can listen at"):
        bound(host, 0)
