"""
Where private keys are kept: a file, the keyring of the system, or a variable of the environment.

1. A key never leaves this room but as `SecretStr`, which shows itself as asterisks. No error repeats one.
2. Nothing is read before somebody asks for a key: who never asks never opens the file.
"""

from collections.abc import Callable
from typing import TypeAlias

from pydantic import SecretStr

from fadearena.model.ids import Address

AddressOf: TypeAlias = Callable[[SecretStr], Address]
"""Tells whose key it is; raises `InvalidInput` where it is none."""
