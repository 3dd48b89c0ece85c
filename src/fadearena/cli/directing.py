"""Closes everything past the journal: who is asked, what is shown, how it ends."""

import asyncio
from pathlib import Path

import msgspec
import typer

from fadearena.bootstrap.emergency import Whose, alone, flatten_directly, whose_positions
from fadearena.bootstrap.places import places_of
from fadearena.bootstrap.trail import DirectAccount
from fadearena.cli.errors import fail, say
from fadearena.cli.exit_codes import ExitCode
from fadearena.cli.output import print_json, show
from fadearena.config import load
from fadearena.kit import log
from fadearena.model.error import InvalidInput
from fadearena.model.ids import address

_WORD = "FLATTEN"


class FlattenRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line asks for."""

    accounts: tuple[str, ...]
    signers: tuple[str, ...]
    vaults: tuple[str, ...]
    force: bool
    confirm: str | None
    data_dir: Path | None
    as_json: bool


def flatten(request: FlattenRequest) -> None:
    """Close everything, tell how it goes, and end with 0 only where the exchange shows nothing any more."""
    config = load(data_dir=request.data_dir)
    log.configure("error", config.log_format)
    places = places_of(config)
    whose = asyncio.run(whose_positions(places, _named(request)))
    with alone(places, is_certain=request.force):
        _confirm(whose, request)
        report = asyncio.run(flatten_directly(config, places, whose, say))
    if request.as_json:
        print_json(report)
    if not report.is_flat:
        fail(f"NOT flat: {'; '.join(report.left)}. Run it again, or close by hand at the exchange", ExitCode.FAILED)
    if not request.as_json:
        show(
            f"confirmed flat after {report.orders} closes and {report.cancels} cancels; the next worker starts halted, "
            "and `fadearena release` lets it trade again"
        )


def _named(request: FlattenRequest) -> tuple[DirectAccount, ...]:
    """
    Return the accounts that the command line names.

    Raises:
        InvalidInput: The options do not belong together.
    """
    accounts, vaults = [address(one) for one in request.accounts], {address(one) for one in request.vaults}
    signers = [address(one) for one in request.signers]
    if len(signers) == 1:
        signers *= len(accounts)
    if len(signers) != len(accounts):
        raise InvalidInput("each --account needs its --signer, or one --signer signs for all of them")
    if not vaults <= set(accounts):
        raise InvalidInput("--vault names an address that no --account names")
    return tuple(
        DirectAccount(id=one, address=one, signer=signer, is_vault=one in vaults)
        for one, signer in zip(accounts, signers, strict=True)
    )


def _confirm(whose: Whose, request: FlattenRequest) -> None:
    """End unless a person wants it."""
    shown = ", ".join(one.id if one.id == one.address else f"{one.id} ({one.address})" for one in whose.accounts)
    say(f"every order is cancelled and every position closed, ours or not, in: {shown} (by {whose.source})")
    given = request.confirm
    if given is None:
        given = typer.prompt(f"type {_WORD} to go on", default="", show_default=False, err=True)
    if given.strip() != _WORD:
        fail(f"nothing was done: it takes the word {_WORD}", ExitCode.REFUSED)
