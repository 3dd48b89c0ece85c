"""Our accounts, as the exchange knows them."""

import msgspec

from fadearena.model.ids import Address


class VenueAccount(msgspec.Struct, frozen=True, kw_only=True):
    """
    One account of ours.

    `address` is that of the master or sub-account, never of an agent: reading with an agent's shows an empty account.
    `is_vault` is set for a sub-account or vault, which is named in every action; a master's actions name nobody.
    `signer` is who signs for it; of an account without one it is not asked whether he may.
    """

    address: Address
    is_vault: bool = False
    signer: Address | None = None

    @property
    def vault_address(self) -> Address | None:
        """Whom an action names as the one for whom it acts."""
        return self.address if self.is_vault else None
