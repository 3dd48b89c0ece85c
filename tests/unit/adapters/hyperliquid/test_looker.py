"""A look at a wallet that nobody follows."""

from decimal import Decimal

import pytest

from fadearena.adapters.hyperliquid.looker import WalletLooker
from fadearena.kit.clock import ManualClock
from fadearena.kit.jumping import run_jumping
from fadearena.model.error import VenueError
from fadearena.model.wallet import SourcePosition, WalletRole
from fadearena.ports.inquiries import WalletLook
from tests.support.hyperliquid import ALICE, BROKEN, NOW, Desk, Told, meta, of_dexs, state

USER: dict[str, Told] = {"userRole": {"role": "user"}, "userAbstraction": "default"}
DEXS: dict[str, Told] = {
    "perpDexs": [None, {"name": "xyz"}, {"name": "flx"}],
    "meta": lambda frame: meta(f"{frame['dex']}:A" if frame.get("dex") else "BTC"),
}


def looked(desk: Desk, *, knows_dexs: bool = True, enough_s: float = 5.0) -> WalletLook:
    """Return what a look tells."""
    line = desk.line()

    async def story() -> WalletLook:
        if knows_dexs:
            await line.listing.refresh()
        return await WalletLooker(line, enough_s=enough_s).look(ALICE)

    return run_jumping(story(), desk.clock)


def test_a_wallet_is_read_on_all_dexs() -> None:
    """Its role, its positions by coin, its equity over all of them, and the exchange's time."""
    states = of_dexs(own=lambda: state(NOW - 30, "1000", BTC="-0.5"), xyz=lambda: state(NOW, "5", xyz__NVDA="2"))
    look = looked(Desk(ManualClock(NOW), **USER, **DEXS, clearinghouseState=states))
    entry = Decimal(100)
    assert look == WalletLook(
        wallet=ALICE,
        time=NOW - 30,
        role=WalletRole.USER,
        equity=Decimal(2005),
        positions=(
            SourcePosition(coin="BTC", size=Decimal("-0.5"), entry=entry),
            SourcePosition(coin="xyz:NVDA", size=Decimal(2), entry=entry),
        ),
    )


def test_a_pooled_account_is_worth_what_its_spot_balance_says() -> None:
    """As the exchange counts it in unified mode."""
    spot = {"balances": [{"coin": "USDC", "token": 0, "total": "12.5", "hold": "0.0", "entryNtl": "0.0"}]}
    desk = Desk(
        ManualClock(NOW), userRole={"role": "vault"}, userAbstraction="unifiedAccount", spotClearinghouseState=spot
    )
    look = looked(desk)
    assert (look.role, look.equity) == (WalletRole.VAULT, Decimal("12.5"))


@pytest.mark.parametrize(("enough_s", "left_out"), [(5.0, ("xyz", "flx")), (0.0, ("xyz", "flx"))])
def test_what_cannot_be_read_in_time_is_left_out(enough_s: float, left_out: tuple[str, ...]) -> None:
    """It is named, and the equity is not known."""
    states = of_dexs(own=lambda: state(NOW, BTC="1"), xyz=lambda: BROKEN)
    look = looked(Desk(ManualClock(NOW), **USER, **DEXS, clearinghouseState=states), enough_s=enough_s)
    assert ([held.coin for held in look.positions], look.dexs_left_out, look.equity) == (["BTC"], left_out, None)


def test_before_the_dexs_are_known_nothing_is_told() -> None:
    """A wallet may hold all that it has on one of them."""
    with pytest.raises(VenueError):
        looked(Desk(ManualClock(NOW), **USER, clearinghouseState=state(NOW, BTC="1")), knows_dexs=False)


@pytest.mark.parametrize("kind", ["userRole", "clearinghouseState", "userAbstraction"])
def test_what_fails_is_an_error(kind: str) -> None:
    """Nothing is made up in its place."""
    with pytest.raises(VenueError):
        looked(Desk(ManualClock(NOW), **{**USER, "clearinghouseState": state(NOW), kind: BROKEN}))
