"""What a worker sees at present, in memory."""

from collections.abc import Collection

from fadearena.model.ids import Address
from fadearena.ports.sightings import Sight, Sighting


class MemorySightings:
    """Keeps what was shown last."""

    def __init__(self) -> None:
        self._sight: Sight | None = None
        self._wallets: dict[Address, Sighting] = {}

    async def show(self, sight: Sight, changed: Collection[Sighting]) -> None:
        """Replace the whole, and the wallets that changed."""
        self._sight = sight
        self._wallets |= {one.wallet: one for one in changed}

    async def forget(self, kept: Collection[Address]) -> None:
        """Drop all wallets but these."""
        for wallet in self._wallets.keys() - set(kept):
            del self._wallets[wallet]

    async def sight(self) -> Sight | None:
        """Return the whole as it was shown last; None before the first time."""
        return self._sight

    async def wallets(self, wallets: Collection[Address] | None = None) -> tuple[Sighting, ...]:
        """Return what was shown of these wallets, or of all, by address; one that was never shown is absent."""
        asked = self._wallets.keys() if wallets is None else self._wallets.keys() & set(wallets)
        return tuple(self._wallets[wallet] for wallet in sorted(asked))
