"""The W3C trace context of the request or task that runs now; it goes into events, the outbox and every log line."""

from __future__ import annotations

import re
from contextvars import ContextVar

import structlog

TRACEPARENT: ContextVar[str] = ContextVar("traceparent", default="")
_FORM = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


def follow(trace: str) -> None:
    """What runs from here on belongs to this trace, or to none for ""; what is no trace counts as none."""
    found = _FORM.fullmatch(trace)
    TRACEPARENT.set(trace if found else "")
    if found:
        structlog.contextvars.bind_contextvars(trace_id=found[1])
    else:
        structlog.contextvars.unbind_contextvars("trace_id")
