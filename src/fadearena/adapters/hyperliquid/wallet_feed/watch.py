"""What all parts of the feed of wallets share."""

from dataclasses import dataclass

from fadearena.adapters.hyperliquid.line import Line
from fadearena.adapters.hyperliquid.tape_feed import Tape
from fadearena.adapters.hyperliquid.wallet_feed.options import WalletOptions
from fadearena.adapters.hyperliquid.wallet_feed.positions import Positions
from fadearena.adapters.hyperliquid.wallet_feed.reader import WalletReader
from fadearena.adapters.hyperliquid.wallet_feed.rounds import Rounds
from fadearena.adapters.hyperliquid.wallet_feed.telling import Heard, Telling
from fadearena.adapters.hyperliquid.wallet_feed.wallet import Watched
from fadearena.model.ids import Address


@dataclass(frozen=True)
class Watch:
    """The wallets of the roster by address, the most important first, and what is needed to keep them in sight."""

    line: Line
    options: WalletOptions
    wallets: dict[Address, Watched]
    reader: WalletReader
    heard: Heard
    telling: Telling
    rounds: Rounds
    positions: Positions

    def has(self, watched: Watched) -> bool:
        """Tell whether a wallet is still of the roster: it may have gone while an answer was waited for."""
        return self.wallets.get(watched.wallet) is watched

    def look_where_seen(self, watched: Watched) -> None:
        """Have a wallet read on every dex where it was seen."""
        for dex in tuple(watched.dexs):
            self.rounds.see(watched, dex)

    @property
    def told(self) -> list[Watched]:
        """Those whose doings are told, the most important first."""
        return [watched for watched in self.wallets.values() if watched.rank.is_told]


def watch_of(line: Line, options: WalletOptions) -> Watch:
    """Return what is shared by the parts of one feed, of which nobody is watched yet."""
    wallets: dict[Address, Watched] = {}
    heard = Heard(Tape(line))
    telling = Telling(line, wallets, heard)
    rounds = Rounds(wallets, options)
    return Watch(
        line=line,
        options=options,
        wallets=wallets,
        reader=WalletReader(line.info, line.listing, line.clock, telling.present),
        heard=heard,
        telling=telling,
        rounds=rounds,
        positions=Positions(rounds, telling, line.clock),
    )
