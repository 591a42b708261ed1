"""What the office's processes cost: CPU and resident memory of a process and all below it, read from /proc."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")
UTIME, STIME, CUTIME, CSTIME, PARENT = 11, 12, 13, 14, 1
MIB = 1024 * 1024


def cpu_seconds(roots: Iterable[int]) -> float:
    """User and system time of the trees below `roots`, with that of children that ended and were waited for."""
    total = 0
    for pid in family(roots):
        fields = _stat(pid)
        total += sum(int(fields[i]) for i in (UTIME, STIME, CUTIME, CSTIME)) if fields else 0
    return total / TICKS


def resident_mb(roots: Iterable[int]) -> float:
    """Proportional set size of the trees below `roots`: pages that several share count once."""
    return sum(_pss_kib(pid) for pid in family(roots)) / 1024


def family(roots: Iterable[int]) -> set[int]:
    """`roots` and every process below them."""
    below: dict[int, list[int]] = {}
    for path in PROC.iterdir():
        if path.name.isdigit() and (fields := _stat(int(path.name))):
            below.setdefault(int(fields[PARENT]), []).append(int(path.name))
    found, waiting = set(), list(roots)
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            waiting.extend(below.get(pid, ()))
    return found


def parent_of(pid: int) -> int:
    """The parent's process id; 0 when the process is gone."""
    fields = _stat(pid)
    return int(fields[PARENT]) if fields else 0


def _stat(pid: int) -> list[str]:
    try:
        # The name may hold spaces and brackets: what follows the last one is numbers.
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _pss_kib(pid: int) -> int:
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
