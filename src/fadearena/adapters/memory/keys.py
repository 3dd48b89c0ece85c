"""Keys in memory, for tests and whoever holds them already."""

from collections.abc import Callable, Iterable

from pydantic import SecretStr

from fadearena.model.ids import Address


class MemoryKeys:
    """Keys that are gone with the process."""

    def __init__(self, address_of: Callable[[SecretStr], Address], keys: Iterable[SecretStr] = ()) -> None:
        self._address_of = address_of
        self._keys = {address_of(key): key for key in keys}

    def addresses(self) -> tuple[Address, ...]:
        """Return whose keys are there."""
        return tuple(self._keys)

    def find(self, address: Address) -> SecretStr | None:
        """Return the key of an address."""
        return self._keys.get(address)

    def add(self, key: SecretStr) -> Address:
        """Keep one more key."""
        address = self._address_of(key)
        self._keys[address] = key
        return address

    def remove(self, address: Address) -> bool:
        """Forget the key of an address."""
        return self._keys.pop(address, None) is not None
