"""
A redacted archive of an installation, for a bug report.

1. Everything goes through `Redaction`: secrets of the settings are replaced wherever they stand, what looks like a
   secret is masked, addresses are shortened, and home, user and machine lose their names.
2. What cannot be read stands there with the reason: a bundle is made when something is broken.
3. Sizes, prices and amounts of money stay, since most mistakes show in them. `README.txt` in it says so first.
"""

from fadearena.bootstrap.bundle.making import Bundle, make_bundle

__all__ = ["Bundle", "make_bundle"]
