"""What the worker sees, as commands find it."""

from pathlib import Path

import msgspec

from fadearena.bootstrap.outlook import IdleBot, Outlook
from fadearena.model.units import DAY_MS
from fadearena.ports.sightings import Sight, Sighting
from tests.support.installation import START_MS, Installation
from tests.support.shown import bot_policy, settings

NOW = START_MS + 30 * DAY_MS
SIGHT = Sight(time=START_MS - 3_000, now=NOW)


def outlook_of(directory: Path, *seen: Sighting, sight: Sight | None = SIGHT) -> Outlook:
    """Return what is found where three bots are in the settings, of which one is not followed."""
    installation = Installation(directory)
    off = msgspec.structs.replace(bot_policy("off", 3), enabled=False)
    bots = settings(bot_policy("a", 1), bot_policy("b", 2), off)

    async def main() -> Outlook:
        await installation.show(bots)
        if sight is not None:
            await installation.sightings.show(sight, seen)
        return (await installation.client.status()).outlook

    return installation.play(main())


def wallet(name: str, number: int) -> str:
    """Return the wallet of a bot."""
    return bot_policy(name, number).wallet


def test_before_the_first_worker_nothing_is_seen(tmp_path: Path) -> None:
    """That is no error."""
    assert outlook_of(tmp_path, sight=None) == Outlook()


def test_what_is_seen_bears_its_age(tmp_path: Path) -> None:
    """By the machine's clock; wallets are counted by whether they were ever read."""
    read = [Sighting(wallet=f"0x{ms}", since=0, read=NOW - ms) for ms in (100, 7_000, 1_000)]
    outlook = outlook_of(tmp_path, *read, Sighting(wallet="0x0", since=0))
    assert (outlook.sight, outlook.age_ms) == (SIGHT, 3_000)
    assert (outlook.wallets, outlook.read, outlook.oldest_ms) == (4, 3, 7_000)


def test_bots_without_a_trade_for_a_week_are_idle(tmp_path: Path) -> None:
    """By the exchange's time of that moment; those that are not followed do not count."""
    seen = (
        Sighting(wallet=wallet("a", 1), since=0, last_trade=NOW - 9 * DAY_MS, quiet_since=NOW),
        Sighting(wallet=wallet("b", 2), since=0, quiet_since=NOW - 7 * DAY_MS),
        Sighting(wallet=wallet("off", 3), since=0, last_trade=NOW - 9 * DAY_MS),
    )
    a = IdleBot(bot="a", wallet=wallet("a", 1), quiet_ms=9 * DAY_MS, last_trade=NOW - 9 * DAY_MS)
    b = IdleBot(bot="b", wallet=wallet("b", 2), quiet_ms=7 * DAY_MS)
    outlook = outlook_of(tmp_path, *seen)
    assert (outlook.idle, outlook.unknown) == ((a, b), 0)


def test_one_of_whom_nothing_is_known_is_not_idle(tmp_path: Path) -> None:
    """It is counted as unknown, also where its wallet never came in sight."""
    seen = (Sighting(wallet=wallet("a", 1), since=0), Sighting(wallet="0xelse", since=0))
    outlook = outlook_of(tmp_path, *seen)
    assert (outlook.idle, outlook.unknown) == ((), 2)
