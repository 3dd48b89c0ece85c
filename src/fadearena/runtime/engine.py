"""The core, as the engine room uses it: a test may put another `step` in its place."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from fadearena.core.engine import RULES_VERSION, Turned, step
from fadearena.core.engine.replay import adopt, replay
from fadearena.core.state import Parts, State, assemble
from fadearena.model.command import Command
from fadearena.model.event import Event


@dataclass(frozen=True, kw_only=True)
class Engine:
    """What can be done with a state."""

    step: Callable[[State, Event], Turned] = step
    replay: Callable[[State, Event, Sequence[Command]], list[str]] = replay
    adopt: Callable[[State, Event, Sequence[Command]], None] = adopt
    assemble: Callable[[Iterable[tuple[str, bytes]]], State] = assemble
    parts: Callable[[State, Mapping[str, bytes] | None], Parts] = Parts
    rules_version: int = RULES_VERSION
