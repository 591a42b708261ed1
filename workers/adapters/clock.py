"""The present, from the operating system."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class SystemClock:
    """`models.ports.Clock` on the machine's clock."""

    def now(self) -> datetime:
        """UTC, with microseconds."""
        return datetime.fromtimestamp(time.time(), UTC)
