"""Private keys in a file, in the environment, in the keyring and in memory: kept, found, forgotten, and never shown."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail
from keyring.errors import PasswordDeleteError
from pydantic import SecretStr

from fadearena.adapters.hyperliquid.signing import Signer
from fadearena.adapters.keys.environment import EnvironmentKeys
from fadearena.adapters.keys.file import FileKeys
from fadearena.adapters.keys.ring import RingKeys
from fadearena.adapters.memory.keys import MemoryKeys
from fadearena.bootstrap.keys import Signers, address_of
from fadearena.model.error import InvalidInput
from fadearena.ports.keys import Keys

FIRST, SECOND = "0x" + "11" * 32, "22" * 32
FIRST_ADDRESS, SECOND_ADDRESS = Signer(FIRST).address, Signer(SECOND).address
VARIABLE = "FADEARENA_TEST_KEYS"


class Ring(KeyringBackend):
    """A keyring that forgets everything with the process."""

    priority = 1

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        """Return an entry."""
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        """Replace an entry."""
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        """Delete an entry."""
        if self.entries.pop((service, username), None) is None:
            raise PasswordDeleteError(username)


@pytest.fixture
def ring() -> Iterator[Ring]:
    """Put a keyring of ours in the place of the machine's."""
    before, made = keyring.get_keyring(), Ring()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


def test_a_key_that_was_added_is_found_until_it_is_removed(tmp_path: Path, ring: Ring) -> None:
    """It is so wherever keys are kept; one that is added twice is there once."""
    memory = MemoryKeys(address_of)
    makes: list[Callable[[], Keys]] = [
        lambda: FileKeys(tmp_path / "d" / "keys", address_of),
        lambda: RingKeys(address_of),
        lambda: memory,
    ]
    for make in makes:
        assert make().addresses() == ()
        assert make().find(FIRST_ADDRESS) is None
        assert make().add(SecretStr(FIRST)) == make().add(SecretStr(FIRST)) == FIRST_ADDRESS
        make().add(SecretStr(SECOND))
        assert make().addresses() == (FIRST_ADDRESS, SECOND_ADDRESS)
        found = make().find(SECOND_ADDRESS)
        assert found is not None
        assert found.get_secret_value() == SECOND
        assert (make().remove(FIRST_ADDRESS), make().remove(FIRST_ADDRESS)) == (True, False)
        assert make().addresses() == (SECOND_ADDRESS,)
    assert set(ring.entries) == {("fadearena", SECOND_ADDRESS), ("fadearena", "addresses")}


def test_the_file_is_ours_alone_and_keeps_its_comments(tmp_path: Path) -> None:
    """It is made with mode 600; a removed key leaves every other line as it was."""
    path = tmp_path / "keys"
    path.write_text(f"# mine\n{FIRST}  # the first\n\n{SECOND}")
    path.chmod(0o600)
    keys = FileKeys(path, address_of)
    keys.add(SecretStr("33" * 32))
    keys.remove(SECOND_ADDRESS)
    assert path.read_text() == f"# mine\n{FIRST}  # the first\n\n{'33' * 32}\n"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_others_can_use_is_refused(tmp_path: Path) -> None:
    """The sentence says which command to run; a key in it may be somebody else's already."""
    path = tmp_path / "keys"
    path.write_text(FIRST)
    for mode in (0o640, 0o604, 0o620):
        path.chmod(mode)
        with pytest.raises(InvalidInput, match=f"chmod 600 {path}"):
            FileKeys(path, address_of).find(FIRST_ADDRESS)


def test_what_is_no_file_of_keys_is_refused(tmp_path: Path) -> None:
    """A link, a directory, a pipe, something that is no text, and a line that is no key, which is not repeated."""
    (tmp_path / "there").write_text(FIRST)
    (tmp_path / "link").symlink_to(tmp_path / "there")
    (tmp_path / "directory").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    (tmp_path / "wrong").write_text("# mine\n0x1234beef\n")
    for name, sentence in {
        "link": "no link",
        "directory": "is no file",
        "pipe": "is no file",
        "bytes": "is no text",
        "wrong": r"wrong, line 2: not a private key",
    }.items():
        if name in {"bytes", "wrong"}:
            (tmp_path / name).chmod(0o600)
        with pytest.raises(InvalidInput, match=sentence) as raised:
            FileKeys(tmp_path / name, address_of).addresses()
        assert "beef" not in str(raised.value)


def test_the_variable_is_taken_out_of_the_environment() -> None:
    """The keys are there, the variable is not, and nothing is written back into it."""
    os.environ[VARIABLE] = f"{FIRST}, {SECOND},"
    keys = EnvironmentKeys(VARIABLE, address_of)
    assert VARIABLE not in os.environ
    assert keys.addresses() == (FIRST_ADDRESS, SECOND_ADDRESS)
    assert EnvironmentKeys(VARIABLE, address_of).addresses() == ()
    for change in (lambda: keys.add(SecretStr(FIRST)), lambda: keys.remove(FIRST_ADDRESS)):
        with pytest.raises(InvalidInput, match="set it where this process is started"):
            change()
    os.environ[VARIABLE] = "0xbeef"
    with pytest.raises(InvalidInput, match=f"{VARIABLE}: not a private key") as raised:
        EnvironmentKeys(VARIABLE, address_of)
    assert "beef" not in str(raised.value)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_others_do_not_see_the_variable_any_more() -> None:
    """What the system shows of the environment with which the process began holds no key."""
    code = (
        "from fadearena.adapters.keys.environment import EnvironmentKeys\n"
        "from fadearena.bootstrap.keys import address_of\n"
        f"before = open('/proc/self/environ').read()\nkeys = EnvironmentKeys('{VARIABLE}', address_of)\n"
        "print('11' * 32 in before, '11' * 32 in open('/proc/self/environ').read(), *keys.addresses())"
    )
    environment = {VARIABLE: FIRST, "PATH": os.environ["PATH"]}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False", FIRST_ADDRESS]


def test_a_keyring_that_does_not_work_is_told_with_a_way_out(ring: Ring) -> None:
    """A machine without one, and an entry that holds another key than it says."""
    ring.set_password("fadearena", FIRST_ADDRESS, SECOND)
    with pytest.raises(InvalidInput, match="holds the key of another address"):
        RingKeys(address_of).find(FIRST_ADDRESS)
    keyring.set_keyring(fail.Keyring())  # type: ignore[no-untyped-call]
    keys = RingKeys(address_of)
    for use in (keys.addresses, lambda: keys.add(SecretStr(FIRST)), lambda: keys.remove(FIRST_ADDRESS)):
        with pytest.raises(InvalidInput, match="FADEARENA_KEYS=file"):
            use()


def test_signers_load_what_is_asked_for_and_keep_it() -> None:
    """A key that comes later is loaded then; one that is forgotten by its keeper still settles what it has sent."""
    keys = MemoryKeys(address_of, [SecretStr(FIRST)])
    signers = Signers(keys)
    assert signers.load([FIRST_ADDRESS, SECOND_ADDRESS]) == (SECOND_ADDRESS,)
    keys.add(SecretStr(SECOND))
    keys.remove(FIRST_ADDRESS)
    assert signers.load([FIRST_ADDRESS, SECOND_ADDRESS]) == ()
    loaded = [signers.get(address) for address in (FIRST_ADDRESS, SECOND_ADDRESS)]
    assert [signer.address for signer in loaded if signer] == [FIRST_ADDRESS, SECOND_ADDRESS]
    assert "11" * 32 not in repr(signers) + repr(keys.find(SECOND_ADDRESS)) + repr(vars(signers))


def test_a_key_that_was_missing_is_found_when_it_is_needed() -> None:
    """Who is told that an action cannot be signed adds the key, and needs no new start."""
    keys = MemoryKeys(address_of)
    signers = Signers(keys)
    assert signers.load([FIRST_ADDRESS]) == (FIRST_ADDRESS,)
    assert signers.get(FIRST_ADDRESS) is None
    keys.add(SecretStr(FIRST))
    found = signers.get(FIRST_ADDRESS)
    assert found is not None
    assert found.address == FIRST_ADDRESS
    assert repr(signers) == f"Signers({FIRST_ADDRESS})"
