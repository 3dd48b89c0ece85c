"""Endpoints, one module for each part of the contract; each has a `router`."""
