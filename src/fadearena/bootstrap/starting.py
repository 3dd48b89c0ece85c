"""
What has to be so before a worker may start, in either mode.

1. Simulation: no live position and no live order is open. No key is looked for, and no live venue is made.
2. Live: the settings say live, the process is armed, there is a key for each account, and the preflight finds nothing
   that stops. It fails closed.
3. Where live positions are open, a start is a rescue: what only the exchange can tell does not hold it up, since nobody
   would look after them. Nor does an exchange that is away, after a first start: the worker waits for it.
"""

from collections.abc import Sequence

import structlog

from fadearena.adapters.sql.database import SqliteFile
from fadearena.adapters.sql.journal.store import open_journal_reader
from fadearena.adapters.sql.migrations import current
from fadearena.bootstrap.keys import Signers, without_key
from fadearena.bootstrap.places import Places, places_of
from fadearena.bootstrap.policies import limits_of
from fadearena.bootstrap.preflight import Preflight
from fadearena.bootstrap.seed import is_unset
from fadearena.bootstrap.way import Way
from fadearena.config import Config, Network, variable
from fadearena.core.state import State
from fadearena.kit.decimals import plain
from fadearena.model.error import InvalidInput, OutcomeUnknown, VenueUnavailable
from fadearena.model.finding import Finding, Level
from fadearena.model.policy import Mode
from fadearena.runtime.engine import Engine
from fadearena.runtime.recovery import recover

log = structlog.get_logger(__name__)


async def check_mode(config: Config, places: Places) -> None:
    """
    Refuse a start that would leave live positions alone, or that nobody armed.

    Raises:
        InvalidInput: Why not; the positions that are open are named.
        StorageError: The live journal cannot be read, so nobody knows what is open.
    """
    if places.mode is Mode.LIVE:
        if places.network is Network.ARENA:
            raise InvalidInput("the arena is made up, and there is no live trading in it: `fadearena mode simulation`")
        if not config.live:
            held = await what_is_open(places)
            raise InvalidInput(
                f"the mode is live, and this process is not armed: start it with {variable('live')}=1, or go back with "
                f"`fadearena mode simulation`. {_shown(held)}"
            )
        return
    live = places_of(config, Mode.LIVE)
    held = await what_is_open(live)
    if held:
        raise InvalidInput(
            f"a simulation does not start while live positions or orders are open, since nobody would look after them. "
            f"{_shown(held)}: go on with `fadearena mode live`, or close them with `fadearena flatten --direct`"
        )


async def what_is_open(places: Places) -> tuple[str, ...]:
    """
    Return what the journal of a mode knows to be open, a line each; nothing where there is no journal.

    Raises:
        StorageError: It cannot be read.
    """
    location = places.journal
    if isinstance(location, SqliteFile) and not location.path.exists():
        return ()
    if current(location, "journal") is None:
        return ()
    async with open_journal_reader(location) as store:
        recovered = await recover(store.journal, store.snapshots, Engine())
    return open_books(recovered.state)


def no_settings(places: Places) -> InvalidInput:
    """Return why nothing can be done with a journal that has no settings, and how it gets some."""
    if places.mode is not Mode.LIVE:
        return InvalidInput("there are no settings yet: `fadearena init` or `fadearena db seed` sets the first ones")
    return InvalidInput(
        "there are no settings for live trading here: `fadearena db restore FILE` brings a backup back. Where there "
        "is none, close everything with `fadearena flatten --direct`, write simulation instead of live in "
        f"{places.mode_file}, and begin anew with `fadearena mode live`"
    )


def open_books(state: State) -> tuple[str, ...]:
    """Return every position, ours or the exchange's word, and every order that is not settled."""
    found = []
    for (account, coin), memory in sorted(state.books.items()):
        size = memory.watch.theirs or memory.book.position
        if size or memory.book.position or memory.book.gross or memory.open or memory.held_fills:
            unsettled = f", {len(memory.open)} orders not settled" if memory.open else ""
            found.append(f"{account} {coin} {plain(size)}{unsettled}")
    return tuple(found)


class StartGuard:
    """Looks, once, whether a live worker may start."""

    def __init__(self, config: Config, signers: Signers) -> None:
        self._config = config
        self._signers = signers

    async def __call__(self, way: Way, state: State) -> Sequence[Finding]:
        """
        Return what people should know of.

        Raises:
            InvalidInput: It may not start.
            VenueUnavailable: It never started, and the exchange cannot be asked.
        """
        policy = state.policy
        if is_unset(state) or policy.mode is not Mode.LIVE:
            raise no_settings(places_of(self._config, Mode.LIVE))
        if missing := self._signers.load([account.signer for account in policy.accounts]):
            raise without_key(self._config, missing)
        held = open_books(state)
        if held:
            log.warning("starting_with_open_books", books=list(held))
            return checked([limits_of(policy, Level.WARN)])
        found = [limits_of(policy, Level.FAIL)]
        try:
            found += await Preflight(way, policy).examine()
        except (VenueUnavailable, OutcomeUnknown) as error:
            if not state.started:
                raise VenueUnavailable(f"the exchange cannot be asked before a first live start: {error}") from error
            log.warning("preflight_impossible", error=str(error))
        return checked(found)


def checked(findings: Sequence[Finding]) -> Sequence[Finding]:
    """
    Return findings that stop nothing.

    Raises:
        InvalidInput: Some do.
    """
    failed = [found for found in findings if found.level is Level.FAIL]
    if failed:
        raise InvalidInput(
            "live trading does not start: " + "; ".join(f"{f.check}: {f.text} ({f.advice})" for f in failed)
        )
    return [found for found in findings if found.level is not Level.OK]


def _shown(held: Sequence[str]) -> str:
    return f"Open at the exchange: {'; '.join(held)}" if held else "Nothing is open"
