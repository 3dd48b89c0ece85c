"""Laws of the state's parts: a cut taken bit by bit shows one moment, and cuts laid over each other the newest."""

from hypothesis import given
from hypothesis import strategies as st

from fadearena.core.state import Cut, Parts, State, assemble, encode
from tests.laws.test_state_laws import Story, deeds

CUTS = st.tuples(
    st.sampled_from(["nothing", "begin", "begin full", "slice", "slice", "slice", "drop", "restart"]),
    st.integers(1, 9),
)


class Saver:
    """Takes cuts of a story's state, as a process does that saves it: what counts is what was saved to the end."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.parts = Parts(story.world.state)
        self.saved: dict[str, bytes] = {}
        self.cut: Cut | None = None
        self.slices: dict[str, bytes | None] = {}
        self.then = b""

    @property
    def state(self) -> State:
        """The state as it is now."""
        return self.story.world.state

    def do(self, what: str, most: int) -> None:
        """Go on with saving."""
        match what:
            case "begin" | "begin full" if self.cut is None:
                self.cut = self.parts.begin(full=what == "begin full" or not self.saved)
                self.slices, self.then = {}, encode(self.state)
            case "slice" if self.cut is not None:
                self.slice(self.cut, most)
            case "drop" if self.cut is not None:
                self.parts.dropped(self.cut)
                self.cut = None
            case "restart" if self.saved and self.then == encode(self.state):
                self.story.world.state = assemble(self.saved.items())
                self.parts, self.cut = Parts(self.state, self.saved), None

    def slice(self, cut: Cut, most: int) -> None:
        """Take a slice; at the end save, and look at what is saved."""
        rows = cut.take(most)
        assert len(rows) <= most
        assert not self.slices.keys() & {key for key, text in rows if self.slices.get(key, text) != text}
        self.slices |= dict(rows)
        if rows:
            return
        assert cut.is_done
        self.parts.saved(cut)
        self.cut = None
        old = {} if cut.is_full else self.saved
        self.saved = {key: text for key, text in {**old, **self.slices}.items() if text is not None}
        assert encode(assemble(self.saved.items())) == self.then
        assert assemble(self.saved.items()).seq == cut.seq

    def finish(self) -> None:
        """Save to the end, and once more as it is now."""
        self.to_the_end()
        self.do("begin", 9)
        self.to_the_end()

    def to_the_end(self) -> None:
        """Take all slices of the present cut."""
        while self.cut is not None:
            self.slice(self.cut, 9)


@given(st.lists(st.tuples(deeds, CUTS), min_size=1, max_size=40))
def test_cuts_show_the_moment_at_which_they_began(
    history: list[tuple[tuple[str, str, str, int], tuple[str, int]]],
) -> None:
    """Whatever happens between two slices, what was saved is the state as it was when the newest cut began."""
    story = Story()
    saver = Saver(story)
    for deed, (what, most) in history:
        saver.do(what, most)
        story.do(deed)
    saver.finish()
    assert encode(assemble(saver.saved.items())) == encode(story.world.state)
    assert not saver.parts.begin(full=False).is_broken
