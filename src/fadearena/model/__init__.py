"""
Nouns: frozen values and their own arithmetic.

1. A value is checked once, when it is made, and trusted for life.
2. Nothing here knows a clock, a file, a socket or chance.
3. Sizes are signed (long > 0), quantities are not; money is `Decimal` USD; times are integer ms UTC.
"""
