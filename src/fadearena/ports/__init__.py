"""
Doors: what the engine room asks of the outside, one Protocol a file.

1. Answers are values: events for the inbox, pages, numbers.
2. Obstacles are exceptions of `model.error`; their type says what the caller may do next.
3. A door names no vendor and no storage; adapters stand behind it.
"""
