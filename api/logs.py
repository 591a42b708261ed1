"""The counter's log lines: those of `workers.logs`, and none of the server's own."""

from __future__ import annotations

import logging  # noqa: TID251 - the server's own access log is switched off: it would print query strings

from workers import logs
from workers.settings import Settings


def configure(settings: Settings) -> None:
    """Set up this process' logs; called once, by the process that serves."""
    logs.configure(settings)
    logging.getLogger("uvicorn.access").disabled = True
