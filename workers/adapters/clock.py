"""The present, from the operating system."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

OFFSET_VARIABLE = "PARAF_CLOCK_OFFSET_FILE"
"""Names a file with seconds to add, for runs in which a clock is moved on purpose; nobody else sets it."""

_OFFSET_FILE = os.environ.get(OFFSET_VARIABLE, "")


class SystemClock:
    """`models.ports.Clock` on the machine's clock."""

    def now(self) -> datetime:
        """UTC, with microseconds."""
        return datetime.fromtimestamp(time.time() + (_offset(Path(_OFFSET_FILE)) if _OFFSET_FILE else 0.0), UTC)


def _offset(file: Path) -> float:
    with suppress(OSError, ValueError):
        return float(file.read_text(encoding="ascii"))
    return 0.0
