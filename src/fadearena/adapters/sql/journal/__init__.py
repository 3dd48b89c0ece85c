"""The journal in a database; `store.py` opens it."""
