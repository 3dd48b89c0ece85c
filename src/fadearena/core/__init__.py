"""
Verbs: decisions.

1. Pure: no clock, no I/O, no chance. Time is in the event; ids and nonces are derived from it.
2. Each stage knows only `fadearena.model`; they meet in `engine`.
3. `state` has one owner, `engine.step`, and is changed in place by nobody else.
"""
