"""
Keys in a file: one a line in hex, lines after `#` are comments.

The file belongs to whoever runs us and nobody else can read it; where that is not so it is refused, since the key is
somebody else's already.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from pydantic import SecretStr

from fadearena.adapters.keys import AddressOf
from fadearena.model.error import InvalidInput
from fadearena.model.ids import Address

_OTHERS = 0o077
_SIZE_MAX = 100_000
_HEAD = "# Private keys that sign for us, one a line. Whoever reads this file can trade in our name.\n"


class FileKeys:
    """Keys in a file that is made when the first one is added."""

    def __init__(self, path: Path, address_of: AddressOf) -> None:
        self._path = path
        self._address_of = address_of

    def __str__(self) -> str:
        return f"the file {self._path}"

    def addresses(self) -> tuple[Address, ...]:
        """Return whose keys are there."""
        return tuple(dict.fromkeys(address for _, address, _ in self._keys()))

    def find(self, address: Address) -> SecretStr | None:
        """Return the key of an address."""
        return next((key for _, known, key in self._keys() if known == address), None)

    def add(self, key: SecretStr) -> Address:
        """Keep one more key."""
        address = self._address_of(key)
        text = self._read()
        if self.find(address) is None:
            begin = text or _HEAD
            self._write(begin + ("" if begin.endswith("\n") else "\n") + key.get_secret_value().strip() + "\n")
        return address

    def remove(self, address: Address) -> bool:
        """Forget the key of an address, and leave every other line as it is."""
        gone = {number for number, known, _ in self._keys() if known == address}
        if gone:
            lines = self._read().splitlines(keepends=True)
            self._write("".join(line for number, line in enumerate(lines) if number not in gone))
        return bool(gone)

    def _keys(self) -> Iterator[tuple[int, Address, SecretStr]]:
        for number, line in enumerate(self._read().splitlines()):
            text = line.partition("#")[0].strip()
            if text:
                key = SecretStr(text)
                try:
                    yield number, self._address_of(key), key
                except InvalidInput as error:
                    raise InvalidInput(f"{self._path}, line {number + 1}: {error}") from None

    def _read(self) -> str:
        """Return the text of the file, empty where it is not there."""
        try:
            opened = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise InvalidInput(
                f"{self._path} cannot be read ({error.strerror}): it has to be a file of yours, and no link"
            ) from None
        try:
            self._check(os.fstat(opened))
            content = os.read(opened, _SIZE_MAX)
        finally:
            os.close(opened)
        try:
            return content.decode()
        except UnicodeDecodeError:
            raise InvalidInput(f"{self._path} is no text: it should hold one key in hex on each line") from None

    def _check(self, found: os.stat_result) -> None:
        if not stat.S_ISREG(found.st_mode):
            raise InvalidInput(f"{self._path} is no file: keys are kept in one")
        if found.st_uid != os.geteuid():
            raise InvalidInput(f"{self._path} belongs to another user: `chown` it to the one who runs fadearena")
        if found.st_mode & _OTHERS:
            raise InvalidInput(
                f"others on this machine can use {self._path}: `chmod 600 {self._path}`, and take new keys if "
                "anybody may have read it"
            )

    def _write(self, text: str) -> None:
        """Replace the file at once, durably."""
        beside = self._path.with_name(self._path.name + ".new")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            beside.unlink(missing_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
            with os.fdopen(os.open(beside, flags, 0o600), "w") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self._path)
        except OSError as error:
            raise InvalidInput(
                f"{self._path} cannot be written ({error.strerror}): mend its rights, or name another key file"
            ) from None
