"""Where the API may listen: beyond this machine only for people who have to show something."""

import asyncio
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from fadearena.adapters.memory.access import MemoryAccess
from fadearena.api.access.options import is_loopback
from fadearena.api.access.tokens import new_token
from fadearena.bootstrap.api import run_api
from fadearena.bootstrap.binding import access_options, check_binding
from fadearena.bootstrap.places import places_of
from fadearena.config import AGENT_KEYS, Config, load
from fadearena.model.error import InvalidInput
from fadearena.ports.access import Password, Role
from tests.support.command import nowhere

NOW = 1_760_000_000_000
OPEN = {"FADEARENA_HOST": "0.0.0.0"}  # noqa: S104 - it is what the tests are about
TLS = {"FADEARENA_PUBLIC_URL": "https://fade.example"}


def config_of(**settings: str) -> Config:
    """Return the configuration that these variables make."""
    with nowhere(settings):
        return load(Path("nowhere.env"))


def check(access: MemoryAccess, **settings: str) -> None:
    """Look whether the API may listen."""
    asyncio.run(check_binding(config_of(**settings), access, NOW))


def with_token(expires: int | None = None) -> MemoryAccess:
    """Return a store with one token."""
    access = MemoryAccess()
    asyncio.run(access.put_token(new_token("ann", Role.VIEWER, NOW - 9, expires)[0]))
    return access


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_on_this_machine_nothing_is_needed(host: str) -> None:
    """Whatever name it has."""
    check(MemoryAccess(), FADEARENA_HOST=host)
    assert is_loopback(host)


def test_others_reach_it_only_once_somebody_has_access() -> None:
    """Under whatever address but one of this machine. A token that has expired or was revoked is none."""
    for host in ("0.0.0.0", "::", "192.0.2.7", "fade.example"):  # noqa: S104 - it is what the test is about
        with pytest.raises(InvalidInput, match="`fadearena token create NAME --role operator`"):
            check(MemoryAccess(), FADEARENA_HOST=host)
    revoked = with_token()
    asyncio.run(revoked.revoke("ann", NOW))
    for access in (revoked, with_token(expires=NOW)):
        with pytest.raises(InvalidInput, match="nobody has a token or a password"):
            check(access, **OPEN)
    check(with_token(expires=NOW + 1), **OPEN)
    only = MemoryAccess()
    asyncio.run(only.set_password(Password(role=Role.OPERATOR, hash="x", changed=NOW)))
    check(only, **OPEN)


def test_behind_a_proxy_it_is_the_same() -> None:
    """A public URL says that others reach us, wherever we listen; one of this machine says nothing."""
    with pytest.raises(InvalidInput, match="with FADEARENA_PUBLIC_URL others reach the API"):
        check(MemoryAccess(), **TLS)
    check(with_token(), **TLS)
    check(MemoryAccess(), FADEARENA_PUBLIC_URL="http://localhost:8080")


@pytest.mark.parametrize("password", ["change-me", "CHANGE-ME", "postgres", "fadearena", "pass%77ord"])
def test_a_secret_that_everybody_knows_is_refused(password: str) -> None:
    """The database's is looked at where others reach us; it is not repeated."""
    url = {"FADEARENA_DATABASE_URL": f"postgresql://fade:{password}@db/fade"}
    with pytest.raises(InvalidInput, match="FADEARENA_DATABASE_URL") as raised:
        check(with_token(), **OPEN, **url)
    assert password not in str(raised.value)
    check(MemoryAccess(), **url)
    check(with_token(), **OPEN, FADEARENA_DATABASE_URL="postgresql://fade:kx9-Zt3-qqL@db/fade")


def test_what_is_unwise_is_said() -> None:
    """Without TLS tokens can be read on the way; with it nothing is said."""
    for settings, said in (
        (OPEN, ["listening_without_tls"]),
        ({**OPEN, "FADEARENA_PUBLIC_URL": "http://fade.example"}, ["public_url_without_tls"]),
        ({**OPEN, **TLS}, []),
    ):
        with capture_logs() as lines:
            check(with_token(), **settings)
        assert [line["event"] for line in lines] == said


def test_the_access_layer_is_told_what_the_process_knows() -> None:
    """Where it listens, its public URL, and whose pages are welcome."""
    options = access_options(config_of(**OPEN, **TLS, FADEARENA_ORIGINS="https://a.example, http://b.example:8080/"))
    assert (options.host, options.public_url) == (OPEN["FADEARENA_HOST"], "https://fade.example")
    assert options.origins == ("https://a.example", "http://b.example:8080")


def test_private_keys_never_enter_the_api(tmp_path: Path) -> None:
    """It refuses to start where its environment has them, before anything is made."""
    home = tmp_path / "data"
    with nowhere({AGENT_KEYS: "0x" + "1" * 64}):
        config = load(Path("nowhere.env"), data_dir=home)
        with pytest.raises(InvalidInput, match="give it to the worker alone"):
            asyncio.run(run_api(config, places_of(config)))
    assert not home.exists()
