"""
The only package that names real adapters: it plugs feeds, venues, clocks and databases together.

Nothing is imported here, so that a command loads only what it needs: take names from the module that has them.
"""
