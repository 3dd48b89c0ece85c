"""
Keys in the keyring of the system: Keychain, Secret Service, KWallet, Windows' vault.

A keyring gives an entry by its name and lists none, so one more entry holds the addresses whose keys are there.
"""

from types import ModuleType

from pydantic import SecretStr

from fadearena.adapters.keys import AddressOf
from fadearena.model.error import InvalidInput
from fadearena.model.ids import Address

_SERVICE = "fadearena"
_INDEX = "addresses"


class RingKeys:
    """Keys in the keyring of whoever runs us."""

    def __init__(self, address_of: AddressOf) -> None:
        self._address_of = address_of

    def __str__(self) -> str:
        return f"the keyring, service {_SERVICE}"

    def addresses(self) -> tuple[Address, ...]:
        """Return whose keys are there."""
        return tuple((self._get(_INDEX) or "").split())

    def find(self, address: Address) -> SecretStr | None:
        """Return the key of an address."""
        text = self._get(address)
        if text is None:
            return None
        key = SecretStr(text)
        if self._address_of(key) != address:
            raise InvalidInput(f"the keyring's entry {address} holds the key of another address: remove it there")
        return key

    def add(self, key: SecretStr) -> Address:
        """Keep one more key: first the key, then its name in the list."""
        address = self._address_of(key)
        self._set(address, key.get_secret_value().strip())
        known = self.addresses()
        if address not in known:
            self._set(_INDEX, " ".join((*known, address)))
        return address

    def remove(self, address: Address) -> bool:
        """Forget the key of an address: first its name in the list, then the key."""
        known = self.addresses()
        if address in known:
            self._set(_INDEX, " ".join(each for each in known if each != address))
        ring, errors = _library()
        try:
            ring.delete_password(_SERVICE, address)
        except errors.PasswordDeleteError:
            return address in known
        except errors.KeyringError as error:
            raise _unusable(error) from None
        return True

    @staticmethod
    def _get(name: str) -> str | None:
        ring, errors = _library()
        try:
            found = ring.get_password(_SERVICE, name)
        except errors.KeyringError as error:
            raise _unusable(error) from None
        return None if found is None else str(found)

    @staticmethod
    def _set(name: str, text: str) -> None:
        ring, errors = _library()
        try:
            ring.set_password(_SERVICE, name, text)
        except errors.KeyringError as error:
            raise _unusable(error) from None


def _library() -> tuple[ModuleType, ModuleType]:
    import keyring  # noqa: PLC0415 - it looks for its backends when it is imported
    import keyring.errors  # noqa: PLC0415 - the same

    return keyring, keyring.errors


def _unusable(error: Exception) -> InvalidInput:
    return InvalidInput(
        f"the keyring cannot be used ({type(error).__name__}): unlock it, or on a machine without one keep keys in a "
        "file, with FADEARENA_KEYS=file"
    )
