"""Errors say what to do next."""

from fadearena.model.error import JournalCorrupt, VenueRefused


def test_damaged_entry_says_how_to_go_on() -> None:
    """The sentence names the entry and the commands that help."""
    error = JournalCorrupt(7, "does not fit its checksum")
    assert error.seq == 7
    assert str(error).startswith("journal entry 7 does not fit its checksum: restore a backup, or leave it out with")
    assert "`fadearena journal skip 7`" in str(error)


def test_refusal_carries_code_and_text() -> None:
    """A caller decides by the code; people read the text."""
    error = VenueRefused("margin", "Insufficient margin")
    assert (error.code, error.text, str(error)) == ("margin", "Insufficient margin", "margin: Insufficient margin")
