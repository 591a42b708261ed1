"""The W3C trace context of the request or task that runs now; it goes into events and the outbox."""

from __future__ import annotations

from contextvars import ContextVar

TRACEPARENT: ContextVar[str] = ContextVar("traceparent", default="")
