"""
Keys by the configuration, and the signers that a process that trades live holds.

Only `bootstrap.live` and the commands that are about keys call this: no other process ever looks for one.
"""

from collections.abc import Iterable
from typing import Final

import structlog
from pydantic import SecretStr

from fadearena.adapters.hyperliquid.signing import Signer
from fadearena.adapters.keys.environment import EnvironmentKeys
from fadearena.adapters.keys.file import FileKeys
from fadearena.adapters.keys.ring import RingKeys
from fadearena.config import AGENT_KEYS, Config, KeySource, variable
from fadearena.model.error import InvalidInput
from fadearena.model.ids import Address
from fadearena.ports.keys import Keys

log = structlog.get_logger(__name__)
_ADVICE: Final = "`fadearena keys add` keeps it"


def open_keys(config: Config) -> Keys:
    """
    Return where the keys are; nothing is read yet, but for the environment, which is cleared of them.

    Raises:
        InvalidInput: The environment holds something that is no key.
    """
    match config.keys:
        case KeySource.FILE:
            return FileKeys(config.key_path, address_of)
        case KeySource.KEYRING:
            return RingKeys(address_of)
        case KeySource.ENVIRONMENT:
            return EnvironmentKeys(AGENT_KEYS, address_of)


def address_of(key: SecretStr) -> Address:
    """
    Return whose key it is.

    Raises:
        InvalidInput: It is none; it is not repeated.
    """
    return Signer(key.get_secret_value()).address


class Signers:
    """
    The signers of this process, by address.

    One that was loaded stays: what it sent before the settings named another one is still to be settled. One that was
    missing is looked for whenever it is needed: a key that is added later needs no new start.
    """

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._signers: dict[Address, Signer] = {}

    def __repr__(self) -> str:
        return f"Signers({', '.join(self._signers)})"

    def get(self, address: Address) -> Signer | None:
        """
        Return a signer.

        Raises:
            InvalidInput: What keeps the keys cannot be used, or is not safe.
        """
        if address not in self._signers:
            self.load([address])
        return self._signers.get(address)

    def load(self, addresses: Iterable[Address]) -> tuple[Address, ...]:
        """
        Load the keys of these addresses; return those that have none.

        Raises:
            InvalidInput: What keeps them cannot be used, or is not safe.
        """
        wanted = [address for address in dict.fromkeys(addresses) if address not in self._signers]
        for address in wanted:
            key = self._keys.find(address)
            if key is not None:
                self._signers[address] = Signer(key.get_secret_value())
                log.info("signer_loaded", address=address)
        return tuple(address for address in wanted if address not in self._signers)


def without_key(config: Config, addresses: Iterable[Address]) -> InvalidInput:
    """Return the error that names addresses for which there is no key."""
    where = {
        KeySource.FILE: str(config.key_path),
        KeySource.KEYRING: "the keyring",
        KeySource.ENVIRONMENT: AGENT_KEYS,
    }[config.keys]
    return InvalidInput(
        f"there is no key of {', '.join(addresses)} in {where}: {_ADVICE}, or name another place with "
        f"{variable('keys')}"
    )
