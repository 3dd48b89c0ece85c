"""Shapes of requests and answers, one module for each part of the contract."""
