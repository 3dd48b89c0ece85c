"""Processes that tell stories by the hundred log nothing."""

import logging

import structlog


def quiet() -> None:
    """Log nothing but what is critical in this process from now on."""
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
