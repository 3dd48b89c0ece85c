"""
Keys in a variable of the environment: for a process that is started by something that keeps secrets itself.

The variable is taken out of the environment once it was read, so that no child inherits it, and its text is overwritten
where the system shows it to others (`/proc/PID/environ`). The second is best effort: a system without `getenv` in its C
library, or a program in between that copied its environment, keeps what it has.
"""

import ctypes
import os

from pydantic import SecretStr

from fadearena.adapters.keys import AddressOf
from fadearena.model.error import InvalidInput
from fadearena.model.ids import Address


class EnvironmentKeys:
    """Keys that were in a variable when this was made."""

    def __init__(self, variable: str, address_of: AddressOf) -> None:
        """
        Take the keys out of the environment.

        Raises:
            InvalidInput: The variable holds something that is no key; it is not repeated.
        """
        self._variable = variable
        keys = [SecretStr(text.strip()) for text in _take(variable).split(",") if text.strip()]
        try:
            self._keys = {address_of(key): key for key in keys}
        except InvalidInput as error:
            raise InvalidInput(f"{variable}: {error}") from None

    def __str__(self) -> str:
        return f"the variable {self._variable}"

    def addresses(self) -> tuple[Address, ...]:
        """Return whose keys are there."""
        return tuple(self._keys)

    def find(self, address: Address) -> SecretStr | None:
        """Return the key of an address."""
        return self._keys.get(address)

    def add(self, _key: SecretStr) -> Address:
        """Refuse: what is in the environment is somebody else's."""
        raise InvalidInput(f"{self._variable} is not ours to change: set it where this process is started")

    def remove(self, _address: Address) -> bool:
        """Refuse: what is in the environment is somebody else's."""
        raise InvalidInput(f"{self._variable} is not ours to change: set it where this process is started")


def _take(variable: str) -> str:
    text = os.environ.get(variable, "")
    _overwrite(variable)
    os.environ.pop(variable, None)
    return text


def _overwrite(variable: str) -> None:
    """Overwrite a variable's text where the C library has it, which is what others can look at."""
    try:
        library = ctypes.CDLL(None)
        library.getenv.restype = ctypes.c_void_p
        library.getenv.argtypes = [ctypes.c_char_p]
        place = library.getenv(variable.encode())
    except (OSError, AttributeError):
        return
    if place:
        ctypes.memset(place, ord("*"), len(ctypes.string_at(place)))
