"""How people are told: by any service that apprise knows, or by the log."""
