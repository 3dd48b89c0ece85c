"""
Stage 1: wallet activity -> source position, confidence, baseline, followed.

1. The base is the newest state that is proven: by an unbroken `startPosition` chain, or by agreeing snapshots.
   Behind it lies the tail: fills that are not proven yet (from the tape, or beyond a hole in the chain).
   What is believed now is the tail folded onto the base, anew whenever either changes.
2. Proven fills are kept for a while, so that what comes late finds its place between them. The same history gives
   the same result, whatever was doubled, shuffled or late on the way.
3. A fill counts once. One that is older than all that is kept is in it already.
4. Inside one millisecond the chain gives the order, never the list or the tid.
5. A snapshot that contradicts fills needs to be read twice (an empty one after positions: three times), at least
   two seconds after the last fill. Until then the position is in doubt: nothing is increased on it.
"""

from fadearena.core.follow.fills import apply_fills
from fadearena.core.follow.memory import RECENT_MAX, UNDECIDABLE_MS, Applied, Confidence, Doubt, Follow
from fadearena.core.follow.snapshots import apply_snapshot, forget, known_flat, restart
from fadearena.core.follow.start import Start
from fadearena.core.follow.track import Track

__all__ = [
    "RECENT_MAX",
    "UNDECIDABLE_MS",
    "Applied",
    "Confidence",
    "Doubt",
    "Follow",
    "Start",
    "Track",
    "apply_fills",
    "apply_snapshot",
    "forget",
    "known_flat",
    "restart",
]
