"""Celery's consumer, telling Flower of its tasks twice a second instead of after each turn of its loop.

A message to Flower costs a worker as much as taking a task does, and Flower as much as a task's three events do.
"""

from __future__ import annotations

import time
from typing import Final

from celery.worker import consumer

TOGETHER: Final = 0.5
"""Seconds that an event waits for others; Celery sends 24 of them at once in any case."""


class Consumer(consumer.Consumer):  # type: ignore[misc]  # untyped base
    """Collects task events; what a worker has to say when it leaves, it still says."""

    _tells_at = 0.0

    def on_send_event_buffered(self) -> None:
        """An event lies ready: see that somebody sends it."""
        now = time.monotonic()
        # By the clock, not by a flag: a lost connection empties the hub's timers.
        if self.hub and now >= self._tells_at:
            self._tells_at = now + TOGETHER
            self.hub.call_later(TOGETHER, self._flush_events)

    def shutdown(self) -> None:
        """Tell what is left, then stop."""
        self._flush_events()
        super().shutdown()
