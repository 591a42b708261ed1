"""What the office's processes cost in CPU, read from /proc; memory is `ops.memory`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from ops.memory import family

TICKS = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")
UTIME, STIME, CUTIME, CSTIME = 11, 12, 13, 14
"""Places in /proc/PID/stat after the name, in clock ticks: own time, then that of children that were waited for."""


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time of these processes, with that of their children that have ended."""
    found = [_stat(pid) for pid in pids]
    return sum(int(fields[i]) for fields in found if fields for i in (UTIME, STIME, CUTIME, CSTIME)) / TICKS


def office_pids() -> list[int]:
    """Every process of a local office: they all live below this one, which plays the people."""
    return [pid for pid in family(os.getpid()) if pid != os.getpid()]


def _stat(pid: int) -> list[str]:
    try:
        # The name may hold spaces and brackets: what follows the last one is numbers.
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
