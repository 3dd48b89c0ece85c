"""What is wrong with bots as a group: who uses which id, wallet and account. Asked of all of them, or of some."""

from collections.abc import Callable, Iterable

from fadearena.model.ids import Address, BotId
from fadearena.model.policy.account import AccountPolicy
from fadearena.model.policy.bot import BotPolicy


def problems_of_bots(
    bots: Iterable[BotPolicy],
    accounts: tuple[AccountPolicy, ...],
    is_used: Callable[[Address], bool] = lambda _: False,
) -> list[str]:
    """
    Return what is wrong with bots, each by itself and beside the others, one sentence each, naming the field.

    Args:
        bots: The bots that are asked for.
        accounts: Our accounts.
        is_used: Tells whether a wallet belongs to a bot that is not among them.
    """
    found: list[str] = []
    names = {account.id for account in accounts}
    ours = {a.address for a in accounts} | {a.signer for a in accounts}
    ids: set[BotId] = set()
    wallets: set[Address] = set()
    for n, bot in enumerate(bots):
        found += [f"bots[{n}].{text}" for text in bot.problems()]
        if bot.id in ids:
            found.append(f"bots[{n}].id {bot.id} is used twice")
        if bot.wallet in wallets or is_used(bot.wallet):
            found.append(f"bots[{n}].walletAddress {bot.wallet} belongs to another bot")
        if bot.wallet in ours:
            found.append(f"bots[{n}].walletAddress {bot.wallet} is an account or signer of our own")
        if bot.account not in names:
            found.append(f"bots[{n}].account {bot.account} does not exist")
        ids.add(bot.id)
        wallets.add(bot.wallet)
    return found
