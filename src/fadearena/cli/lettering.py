"""What the commands of `letters` do."""

from collections.abc import Callable
from pathlib import Path

from fadearena.bootstrap.client import Client
from fadearena.cli.ordering import tell
from fadearena.cli.output import moment, print_json, show, table
from fadearena.cli.session import actor, with_client
from fadearena.model.error import InvalidInput
from fadearena.model.event import DiscardDeadLetter, RetryDeadLetter
from fadearena.model.policy.form import form_of
from fadearena.ports.control import ControlEntry
from fadearena.ports.read_store import LetterView

_ID_SHOWN = 14
_ERROR_SHOWN = 80


def show_letters(data_dir: Path | None, *, as_json: bool) -> None:
    """List the open dead letters."""

    async def work(client: Client) -> tuple[LetterView, ...]:
        return await client.records.letters()

    views = with_client(data_dir, work)
    if as_json:
        print_json({"letters": [_form(view) for view in views]})
        return
    if not views:
        show("no dead letters")
        return
    rows = table("", "id", "since", "kind", "tried", "why")
    for column in rows.columns[1:]:
        column.justify = "left"
    for view in views:
        letter = view.letter
        rows.add_row(
            letter.id[:_ID_SHOWN],
            moment(view.changed),
            letter.kind,
            str(letter.attempts),
            f"{letter.subject}: {letter.error}"[:_ERROR_SHOWN],
        )
    show(rows)


def show_letter(begin: str, data_dir: Path | None, *, as_json: bool) -> None:
    """Show one open dead letter."""

    async def work(client: Client) -> LetterView:
        return await _find(client, begin)

    view = with_client(data_dir, work)
    if as_json:
        print_json(_form(view))
    else:
        fields = {**_form(view), "changed": moment(view.changed)}
        show(*(f"{name}: {text}" for name, text in fields.items() if text != ""))


def settle(
    begin: str,
    action: Callable[[str], RetryDeadLetter | DiscardDeadLetter],
    data_dir: Path | None,
    *,
    as_json: bool,
) -> None:
    """Order something about one open dead letter, and tell what became of it."""

    async def work(client: Client) -> ControlEntry:
        view = await _find(client, begin)
        return await client.order(action(view.letter.id), actor())

    tell(with_client(data_dir, work), as_json=as_json)


async def _find(client: Client, begin: str) -> LetterView:
    found = [view for view in await client.records.letters() if view.letter.id.startswith(begin)]
    exact = [view for view in found if view.letter.id == begin]
    if len(exact or found) != 1:
        many = f"{len(found)} open dead letters begin" if found else "no open dead letter begins"
        raise InvalidInput(f"{many} with {begin!r}: `fadearena letters list` shows them")
    return (exact or found)[0]


def _form(view: LetterView) -> dict[str, object]:
    return {**form_of(view.letter), "changed": view.changed}
