"""Which part of a local office spent how much CPU and holds how much memory, read from /proc."""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path

from ops.benchmarks.machine import cpu_seconds
from ops.memory import family, memory
from ops.office import LocalOffice

PROC = Path("/proc")
_CAGE = "workers.adapters.cage.server"


def cpu_by_part(office: LocalOffice) -> dict[str, float]:
    """CPU seconds so far: of each program without its cage, of the cages by their program's kind, of both servers."""
    spent: dict[str, float] = defaultdict(float)
    seen: set[int] = set()
    for name, root in office.supervisor.pids().items():
        for pid in family(root):
            seen.add(pid)
            spent[_part(name, pid)] += cpu_seconds([pid])
    for pid in set(family(os.getpid())) - seen - {os.getpid()}:
        spent[_server(pid)] += cpu_seconds([pid])
    return dict(spent)


def resident_mb(office: LocalOffice, program: str) -> float:
    """Resident memory of a program's own process, in MiB."""
    return round(memory([office.supervisor.pids()[program]]).resident, 1)


def _part(program: str, pid: int) -> str:
    if _CAGE not in _command(pid):
        return program
    return "page pictures" if program == "archive" else f"cage of {program}"


def _server(pid: int) -> str:
    command = _command(pid)
    return "postgresql" if "postgres" in command else "broker" if "valkey" in command or "redis" in command else "rest"


def _command(pid: int) -> str:
    try:
        return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
