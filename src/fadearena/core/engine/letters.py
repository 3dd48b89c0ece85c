"""Dead letters: what no retry can mend, kept until somebody looks."""

from fadearena.core.engine.turn import Turn
from fadearena.core.lifecycle import Order
from fadearena.core.state import LETTERS_MAX, Letter
from fadearena.model.record import DeadLetter


def write(turn: Turn, order: Order, error: str) -> None:
    """Keep an increase that was refused for a reason that no retry mends."""
    terms = order.terms
    add(
        turn,
        order.identity.cloid,
        Letter(kind="increase", subject=order.identity.label, error=error, bot=terms.bot, coin=terms.coin),
    )


def add(turn: Turn, key: str, letter: Letter) -> None:
    """Keep a letter; beyond the limit the oldest that was dealt with goes first, then the oldest."""
    letters = turn.state.letters
    letter.seq = turn.state.seq
    letters[key] = letter
    if len(letters) > LETTERS_MAX:
        victim = min(letters, key=lambda old: (letters[old].state == "open", letters[old].seq, old))
        if letters[victim].state == "open":
            turn.alert("warning", "dead_letter", victim, "too many dead letters: the oldest was dropped from memory")
        del letters[victim]
    show(turn, key, letter)


def show(turn: Turn, key: str, letter: Letter) -> None:
    """Record where a letter stands."""
    turn.records.append(
        DeadLetter(
            id=key,
            state=letter.state,
            kind=letter.kind,
            subject=letter.subject,
            error=letter.error,
            attempts=letter.attempts,
            excerpt=letter.excerpt,
        )
    )
