"""What live trading needs beyond what a simulation does: arms, keys, limits, and accounts as they should be."""

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from random import Random

from fadearena.bootstrap.places import Places
from fadearena.bootstrap.policies import limits_of
from fadearena.bootstrap.preflight import Preflight
from fadearena.bootstrap.way import Way, way_out
from fadearena.config import AGENT_KEYS, Config, KeySource, Network, variable
from fadearena.model.error import VenueError
from fadearena.model.finding import Finding, Level
from fadearena.model.policy import Mode, Policy

_OTHERS = 0o077


async def examine_live(config: Config, places: Places, policy: Policy) -> Sequence[Finding]:
    """Make all checks for live trading by some settings; no key is read."""
    is_live = places.mode is Mode.LIVE
    found = [armed(config), key_place(config), limits_of(policy, Level.FAIL if is_live else Level.WARN)]
    if places.network is Network.ARENA:
        advice = "choose another network, and another data directory"
        return [*found, Finding(check="accounts", level=Level.FAIL, text="the arena has none", advice=advice)]
    try:
        async with open_way(config, places.network) as way:
            found += await Preflight(way, policy).examine()
    except VenueError as error:
        found.append(unreachable(error))
    return found


@asynccontextmanager
async def open_way(config: Config, network: Network) -> AsyncIterator[Way]:
    """
    Open a way to an exchange for some questions, with the time there measured.

    Raises:
        VenueError: There is no sandbox where one should be.
    """
    async with way_out(config, network) as (plan, transport, clock):
        way = Way(plan, transport, clock, Random())  # noqa: S311 - jitter
        await way.timing.measure()
        yield way


def unreachable(error: VenueError) -> Finding:
    """Say that nobody knows how the accounts are."""
    advice = "look at the network connection, then try again"
    return Finding(check="accounts", level=Level.FAIL, text=f"they cannot be looked at: {error}", advice=advice)


def armed(config: Config) -> Finding:
    """Look whether processes that are started here may trade live."""
    if config.live:
        return Finding(check="armed", level=Level.OK, text=f"{variable('live')} is set")
    advice = f"set {variable('live')}=1 in .env or in the environment of `up`, and start that again first"
    return Finding(check="armed", level=Level.FAIL, text="no process may trade live", advice=advice)


def key_place(config: Config) -> Finding:
    """Look at the place of the keys from outside."""
    if config.keys is KeySource.KEYRING:
        return Finding(check="keys", level=Level.OK, text="they are in the keyring, where only the worker looks")
    if config.keys is KeySource.ENVIRONMENT:
        return Finding(check="keys", level=Level.OK, text=f"they are in {AGENT_KEYS} of the worker, nowhere else")
    path = config.key_path
    try:
        seen = path.lstat()
    except OSError:
        advice = "`fadearena keys new` makes one"
        return Finding(check="keys", level=Level.FAIL, text=f"{path} is not there", advice=advice)
    if seen.st_uid != os.geteuid() or seen.st_mode & _OTHERS:
        text = f"{path} belongs to somebody else, or others can use it"
        advice = f"chmod 600 {path}, as its owner, and take new keys if anybody may have read it"
        return Finding(check="keys", level=Level.FAIL, text=text, advice=advice)
    return Finding(check="keys", level=Level.OK, text=f"{path} is ours alone")
