"""Shipped fakes of the storage doors, for backtests and tests: nothing outlives the process."""
