"""The door to private keys: only a process that signs goes through it."""

from typing import Protocol

from pydantic import SecretStr

from fadearena.model.ids import Address


class Keys(Protocol):
    """
    Keeps private keys, each known by its address.

    Every method may raise `InvalidInput`: what keeps them cannot be used, or is not safe; the sentence says what to do,
    and never repeats a key.
    """

    def addresses(self) -> tuple[Address, ...]:
        """Return whose keys are there, in the order in which they were added."""
        ...

    def find(self, address: Address) -> SecretStr | None:
        """Return the key of an address in hex; None where it is not there."""
        ...

    def add(self, key: SecretStr) -> Address:
        """Keep one more key, durably, and return its address; one that is there already stays."""
        ...

    def remove(self, address: Address) -> bool:
        """Forget the key of an address; tell whether it was there."""
        ...
