"""One directory per outside thing; none knows another."""
