"""
Access: who may look, who may change something, and what is kept of it.

Here stands what is true of every request, whatever it asks for. What one may do is a token's or a session's role.
"""

from fadearena.api.access.middleware import AccessMiddleware
from fadearena.api.access.options import AccessOptions

__all__ = ["AccessMiddleware", "AccessOptions"]
